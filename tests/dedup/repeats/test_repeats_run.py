"""Passes that find repeats, as a user runs them: the same bytes however they are cut or interrupted, every byte accounted for."""

import json
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import atom_data, fingerprint, recipe
from tests.dedup.repeats.repeated import LINES, page, shards
from tests.killing import killed_runs

RECIPE = """
    from atom_data import Bloom, Lines, Parquet, RemoveSpans, Repeats, Stage, Substrings, keep

    def stages():
        pages = Parquet({folder!r})
        lines = Stage(
            name="lines",
            reads=Repeats(of=pages, by=Lines({engine}), partitions={partitions}, memory={memory!r}),
            steps=(RemoveSpans(spans="repeated_lines"), keep("repeated_lines")),
        )
        return (
            Stage(
                name="spans",
                reads=Repeats(of=lines, by=Substrings(length=40), partitions={partitions}, memory={memory!r}),
                steps=(RemoveSpans(spans="repeated_spans"), keep("repeated_spans")),
            ),
        )
"""


def corpus(folder: Path) -> str:
    chance = random.Random(8)
    texts = [page(chance) + "\n" + "\n".join(chance.choice(LINES) for _ in range(5)) for _ in range(160)]
    shards(folder, [*texts, "Menu\n---", "", None], 4)
    return str(folder / "*.parquet")


def write_recipe(folder: Path, source: str, partitions: int = 4, memory: str = "1GB", engine: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    return recipe(folder, RECIPE.format(folder=source, partitions=partitions, memory=memory, engine=engine))


def contents(out: Path) -> dict[str, bytes]:
    """Return what the two stages wrote: rows and ledgers."""
    paths = [path for stage in ("lines", "spans") for path in (out / stage).rglob("*.parquet")]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("repeats")
    source = corpus(folder / "in")
    done = atom_data("run", write_recipe(folder, source), "-o", folder / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    return source, folder / "out"


def test_what_is_removed_is_accounted_for(finished: tuple[str, Path]) -> None:
    """Every document is kept or in the ledger; every byte that is gone is in a span."""
    source, out = finished
    before = {
        row["id"]: row["text"]
        for path in sorted(Path(source).parent.iterdir())
        for row in pq.read_table(path).to_pylist()
    }
    kept = {row["id"]: row for path in (out / "lines").glob("*.parquet") for row in pq.read_table(path).to_pylist()}
    gone = {row["id"]: row for path in (out / "lines" / "drops").glob("*") for row in pq.read_table(path).to_pylist()}
    assert sorted([*kept, *gone]) == sorted(before)
    assert {row["reason"] for row in gone.values()} == {"repeated_lines.nothing_left"}
    menu = [name for name, text in before.items() if text == "Menu\n---"]
    assert not set(menu) & set(gone), "a line of only punctuation never repeats, so it is left"
    assert all(json.loads(row["numbers"])["left_bytes"] == 0 for row in gone.values())
    for name, row in kept.items():
        text = (before[name] or "").encode()
        removed = b"".join(text[span["start"] : span["end"]] for span in row["repeated_lines"])
        assert len(removed) == row["repeated_line_bytes"] == len(text) - len((row["text"] or "").encode())
    assert sum(row["repeated_line_bytes"] for row in kept.values()) > 3000


@pytest.mark.parametrize(
    ("partitions", "memory", "count"), [(1, "1GB", 2), (16, "1GB", 3), (2, "1B", 1)], ids=["one", "sixteen", "laps"]
)
def test_partitions_memory_and_workers_change_no_byte(
    finished: tuple[str, Path], tmp_path: Path, partitions: int, memory: str, count: int
) -> None:
    source, out = finished
    path = write_recipe(tmp_path / "recipe", source, partitions, memory)
    done = atom_data("run", path, "-o", tmp_path / "out", "-w", count)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == contents(out)


def test_bloom_of_many_false_positives_is_the_same_for_any_partitions(
    finished: tuple[str, Path], tmp_path: Path
) -> None:
    source, _ = finished
    made = []
    for partitions in (1, 8):
        engine = "engine=Bloom(lines=10, false_positive_rate=0.5), folded=False"
        path = write_recipe(tmp_path / f"recipe-{partitions}", source, partitions, engine=engine)
        done = atom_data("run", path, "-o", tmp_path / f"out-{partitions}", "-w", 2)
        assert done.returncode == 0, done.stderr
        made.append(contents(tmp_path / f"out-{partitions}"))
    assert made[0] == made[1]


def test_shard_by_shard_and_part_by_part_as_an_array_gives_same_bytes(
    finished: tuple[str, Path], tmp_path: Path
) -> None:
    source, out = finished
    path = write_recipe(tmp_path / "recipe", source)
    names = [plan.parent.relative_to(out).as_posix() for end in ("*", "*/*") for plan in out.glob(f"{end}/plan.json")]
    order = sorted(names, key=lambda name: (out / name / "plan.json").stat().st_mtime_ns)
    assert len(order) == 10
    for stage in order:
        for part in ("1/2", "0/2"):
            done = atom_data("run", path, "-o", tmp_path / "out", "--stage", stage, "--part", part, "-w", 1)
            assert done.returncode == 0, done.stderr
    assert fingerprint(tmp_path / "out") == fingerprint(out)


def test_killed_workers_change_no_byte(finished: tuple[str, Path], tmp_path: Path) -> None:
    source, out = finished
    path = write_recipe(tmp_path / "recipe", source)
    for place in killed_runs(tmp_path, path, kills=6, workers_each=2, rounds=7, pause=0.2, seed=3):
        assert fingerprint(place) == fingerprint(out)


def test_a_finished_pass_is_kept_and_a_changed_parameter_makes_it_again(
    finished: tuple[str, Path], tmp_path: Path
) -> None:
    source, out = finished
    place = tmp_path / "out"
    shutil.copytree(out, place)
    path = write_recipe(tmp_path / "recipe", source)
    done = atom_data("run", path, "-o", place, "--jobs")
    assert done.returncode == 0, done.stderr
    assert "repeated-lines/hashes: all 4 shards are done already" in done.stderr
    (tmp_path / "recipe" / "recipe.py").write_text(path.read_text().replace("length=40", "length=60"))
    done = atom_data("run", path, "-o", place)
    assert done.returncode == 0, done.stderr
    assert "repeated-lines: all 4 shards are done already" in done.stderr
    assert "repeated-spans/ranges: 0 shards are done already, 4 to make (recipe or card changed: 4)" in done.stderr


GUARDED = """
    from atom_data import Lines, Parquet, RemoveSpans, Repeats, Stage, keep

    def stages():
        reads = Repeats(of=Parquet({folder!r}), by=Lines())
        return (Stage(name="left", reads=reads, steps=(RemoveSpans(spans="repeated_lines"), keep("repeated_lines"))),)
"""


def test_a_pass_that_takes_a_source_stops_before_anything_is_removed_and_goes_on_when_accepted(tmp_path: Path) -> None:
    chance, line = random.Random(4), "The same line in every document of this source.\n"
    own = ["".join("".join(chance.choices("abcdefgh", k=40)) + "\n" for _ in range(10)) for _ in range(20)]
    texts = [*[line * 12_000] * 20, *own]
    shards(tmp_path / "in", texts, 4, ["web"] * 20 + ["books"] * 20)
    path, out = recipe(tmp_path, GUARDED.format(folder=str(tmp_path / "in" / "*.parquet"))), tmp_path / "out"
    whole = sum(map(len, texts[:20]))
    for _ in range(2):  # a second run says the same again
        done = atom_data("run", path, "-o", out, "-w", 2)
        assert done.returncode == 1
        assert (
            f"repeated-lines: of source 'web', {whole - 48:,} of {whole:,} bytes are repeats; allowed are 90%. Look at the "
            "spans in repeated-lines/; then run again with --accept, or set allow_loss in the recipe, if this is right."
        ) in " ".join(done.stderr.split())
        assert "books" not in done.stderr and "Traceback" not in done.stderr
        assert not list((out / "left").glob("*.parquet"))
    done = atom_data("run", path, "-o", out, "-w", 2, "--accept")
    assert done.returncode == 0, done.stderr
    assert "repeated-lines: all 4 shards are done already" in done.stderr
    left = pa.concat_tables(pq.read_table(file) for file in sorted((out / "left").glob("*.parquet")))
    assert left.column("text").to_pylist() == [line, *own]
