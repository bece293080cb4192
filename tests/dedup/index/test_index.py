"""An index that lives: whatever is added, removed or merged, it says what one pass over the same sources says."""

import json
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.dedup.index import Index
from tests.command import atom_data, recipe
from tests.dedup.test_copies import corpus, ledger, rows

SCRATCH = """
    from atom_data import Copies, MinHash, Parquet, Stage, keep

    def stages():
        copies = Copies(of=Parquet({files!r}), by=MinHash(), prefer=("first", "second", "third"))
        return (Stage(name="kept", reads=copies, steps=(keep("first_near_copy"),), writes=("id", "source")),)
"""
NAMES = ("first", "second", "third")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write three sources of two shards each: copies of one text are in all of them."""
    folder = tmp_path_factory.mktemp("sources")
    for position, (name, text) in enumerate(sorted(corpus().items(), key=lambda item: item[0][::-1])):
        source = NAMES[position % 3]
        place = folder / source / f"{position % 2}.jsonl"
        place.parent.mkdir(exist_ok=True)
        with place.open("a") as file:
            file.write(json.dumps({"id": name, "text": text}) + "\n")
    return folder


def index(command: str, folder: Path, *arguments: object) -> None:
    done = atom_data("dedup-index", command, folder, *arguments, "-w", 2)
    assert done.returncode == 0, done.stderr


def add(folder: Path, sources: Path, *names: str) -> Path:
    for name in names:
        index("add", folder, sources / name, "--name", name)
    return folder


def decided(out: Path) -> tuple[list[str], dict[str, object]]:
    """Return who is kept, and for every copy the document kept instead with the figures."""
    return sorted(rows(out, "kept")), dict(ledger(out, "kept"))


def scratch(folder: Path, sources: Path, names: tuple[str, ...], without: set[str] = frozenset()) -> object:  # type: ignore[assignment]
    """Make one pass over the sources in this order."""
    documents = [
        {**json.loads(line), "source": name}
        for name in names
        for path in sorted((sources / name).iterdir())
        for line in path.read_text().splitlines()
    ]
    kept = [document for document in documents if document["id"] not in without]
    pq.write_table(pa.Table.from_pylist(kept), folder / "all.parquet")
    done = atom_data(
        "run", recipe(folder, SCRATCH.format(files=str(folder / "all.parquet"))), "-o", folder / "scratch", "-w", 1
    )
    assert done.returncode == 0, done.stderr
    return decided(folder / "scratch")


@pytest.fixture(scope="module")
def three(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return add(tmp_path_factory.mktemp("three") / "index", sources, *NAMES)


def test_sources_added_one_by_one_are_one_pass_over_all(three: Path, sources: Path, tmp_path: Path) -> None:
    kept, gone = decided(three / "out")
    assert (kept, gone) == scratch(tmp_path, sources, NAMES)
    assert len(gone) > 60


def test_a_source_more_changes_nothing_of_those_before(three: Path, sources: Path, tmp_path: Path) -> None:
    folder = add(tmp_path / "index", sources, "first", "second")
    sketched = {path: path.stat().st_mtime_ns for path in (folder / "out" / "sketches").glob("*.parquet")}
    before = decided(folder / "out")
    shutil.copytree(sources / "third", tmp_path / "third")
    index("add", folder, tmp_path / "third", "--name", "third")
    after = decided(folder / "out")
    assert {path: path.stat().st_mtime_ns for path in sketched} == sketched
    assert set(before[0]) <= set(after[0])
    for name, line in before[1].items():
        assert after[1][name]["near_copy_of"] == line["near_copy_of"]  # type: ignore[index]
    assert after == decided(three / "out")


def test_removed_documents_are_as_if_they_had_never_been_there(three: Path, sources: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(three, folder)
    kept, gone = decided(folder / "out")
    takedown = sorted({str(line["near_copy_of"]) for line in gone.values()})[:25] + sorted(gone)[:5]  # type: ignore[index]
    (tmp_path / "ids").write_text("\n".join(takedown))
    index("remove", folder, "--ids", tmp_path / "ids")
    after = decided(folder / "out")
    assert after == scratch(tmp_path, sources, NAMES, set(takedown))
    assert len(set(after[0]) - set(kept)) > 10, "copies of what was removed must stay now"
    for path in (folder / "out").rglob("*.parquet"):
        table = pq.read_table(path)
        if "id" in table.column_names:
            assert not set(takedown) & set(table.column("id").to_pylist()), path
    assert atom_data("verify", folder / "out").returncode == 0


def test_an_index_by_characters_sketches_characters(tmp_path: Path) -> None:
    """Two letters of a text of one word differ; by words, the two have nothing in common."""
    chance = random.Random(3)
    text = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=300))
    for name, other in (("first", text), ("second", f"{text[:100]}1{text[101:200]}2{text[201:]}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.jsonl").write_text(json.dumps({"id": name, "text": other}) + "\n")
    index("add", tmp_path / "index", tmp_path / "first", "--name", "first", "--unit", "characters")
    index("add", tmp_path / "index", tmp_path / "second", "--name", "second", "--unit", "characters", "--ngram", 5)
    kept, gone = decided(tmp_path / "index" / "out")
    assert (kept, list(gone)) == (["first"], ["second"])
    assert "'unit': 'characters'" in str(Index.load(tmp_path / "index").compare)


def test_a_stopped_removal_is_finished_by_the_next_command(three: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(three, folder)
    name = decided(folder / "out")[0][0]
    page = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**page, "removed": [name], "purging": True}))
    done = atom_data("run", folder / "index.py", "-o", folder / "out")
    assert done.returncode == 1
    assert "documents were being removed. Run atom-data dedup-index remove again first." in done.stderr
    (tmp_path / "ids").write_text(name)
    index("remove", folder, "--ids", tmp_path / "ids")
    assert name not in decided(folder / "out")[0]


def test_merged_indices_are_one_pass_over_both_and_need_no_files(three: Path, sources: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(sources, moved)
    one, other = add(tmp_path / "one", sources, "first"), add(tmp_path / "other", moved, "second", "third")
    shutil.rmtree(moved)
    index("merge", one, other)
    assert decided(one / "out") == decided(three / "out")
    assert [source.name for source in Index.load(one).sources] == list(NAMES)


def test_stats_add_up(three: Path) -> None:
    done = atom_data("dedup-index", "stats", three)
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines() if line.split()[0] in NAMES]
    kept, gone = decided(three / "out")
    assert sum(int(line[3]) for line in lines) == len(kept)
    assert sum(int(line[4]) for line in lines) == len(gone)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("add", "{three}", "{sources}/first", "--name", "first"),
            "'first' is in the index already; sources there: first, second, third.",
        ),
        (("add", "{three}", "{sources}/first", "--name", "a--b"), "--name: 'a--b' is not a name of a source."),
        (
            ("add", "{three}", "{sources}/first", "--name", "fourth", "--unit", "characters"),
            "--unit: characters, and {three} has words. An index compares as it did when it was made",
        ),
        (
            ("add", "{three}/new", "{sources}/first", "--name", "first", "--unit", "letters"),
            "MinHash: unit is 'letters'; units: words, characters. Name one of these.",
        ),
        (("remove", "{three}", "--ids", "{three}/nothing"), "Give a text file with one id a line."),
        (("merge", "{three}", "{three}"), "both indices have a source 'first'. Each source must be in one."),
        (("stats", "{sources}"), "there is no index in it (no index.json). Make one by atom-data dedup-index add."),
    ],
)
def test_mistakes_are_refused(three: Path, sources: Path, arguments: tuple[str, ...], message: str) -> None:
    done = atom_data("dedup-index", *(part.format(three=three, sources=sources) for part in arguments))
    assert done.returncode in (1, 2)
    assert message.format(three=three) in done.stderr
    assert "Traceback" not in done.stderr
