"""Copies against brute force: who is removed, for whom, and that nobody is removed without a confirmed reason."""

import json
import random
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.command import ROOT, atom_data, recipe

RECIPE = """
    from atom_data import Copies, Jsonl, MinHash, SameText, Stage, keep

    def stages():
        read = Stage(name="read", reads=Jsonl({folder!r}, source="test"))
        distinct = Stage(name="distinct", reads=Copies(of=read, by=SameText(){prefer}), steps=(keep("first_copy"),))
        return (Stage(name="unique", reads=Copies(of=distinct, by=MinHash(min_jaccard=0.75)), steps=(keep("first_near_copy"),)),)
"""
SHINGLE = 5


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))} if words else set()


def jaccard(left: set[tuple[str, ...]], right: set[tuple[str, ...]]) -> float:
    return len(left & right) / len(left | right) if left | right else 0.0


def corpus() -> dict[str, str]:
    """Return texts by id: originals of random words, edited copies at many distances, and exact copies."""
    chance = random.Random(4)
    words = [f"w{i}" for i in range(3000)]
    texts: dict[str, str] = {}
    for number in range(120):
        original = [chance.choice(words) for _ in range(chance.randint(60, 300))]
        texts[f"o{number:03}"] = " ".join(original)
        for copy in range(chance.randint(0, 3)):
            edited = list(original)
            for _ in range(chance.randint(0, len(edited) // 25)):
                edited[chance.randrange(len(edited))] = chance.choice(words)
            texts[f"c{number:03}-{copy}"] = " ".join(edited)
    texts |= {"e1": "", "e2": "", "s1": "two words", "s2": "two words", "s3": "Two words"}
    return texts


def run(folder: Path, texts: dict[str, str], shards: int, prefer: str = "") -> Path:
    source = folder / f"in-{shards}"
    source.mkdir()
    names = sorted(texts)
    for shard in range(shards):
        lines = [json.dumps({"id": name, "text": texts[name]}) + "\n" for name in names[shard::shards]]
        (source / f"part-{shard:02}.jsonl").write_text("".join(lines))
    path = recipe(folder, RECIPE.format(folder=str(source), prefer=prefer), f"recipe_{shards}.py")
    out = folder / f"out-{shards}"
    done = atom_data("run", path, "-o", out, "-w", 2)
    assert done.returncode == 0, done.stderr
    return out


def rows(out: Path, stage: str) -> dict[str, dict[str, object]]:
    return {row["id"]: row for path in (out / stage).glob("*.parquet") for row in pq.read_table(path).to_pylist()}


def ledger(out: Path, stage: str) -> dict[str, dict[str, object]]:
    lines = [line for path in (out / stage / "drops").glob("*.parquet") for line in pq.read_table(path).to_pylist()]
    return {line["id"]: json.loads(line["numbers"]) for line in lines}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path]:
    texts = corpus()
    return texts, run(tmp_path_factory.mktemp("dedup"), texts, 5)


def test_exact_copies_leave_one_of_each_text(finished: tuple[dict[str, str], Path]) -> None:
    texts, out = finished
    kept, gone = rows(out, "distinct"), ledger(out, "distinct")
    assert sorted([*kept, *gone]) == sorted(texts)
    assert len({texts[name] for name in texts}) == len(kept)
    assert len(gone) > 10
    for name, numbers in gone.items():
        assert texts[name] == texts[str(numbers["copy_of"])]
        assert numbers["copy_of"] in kept
        assert str(numbers["copy_of"]) < name
        assert numbers["copy_count"] == sum(text == texts[name] for text in texts.values())


def test_near_copies_are_removed_only_for_a_kept_document_above_the_threshold(
    finished: tuple[dict[str, str], Path],
) -> None:
    texts, out = finished
    kept, gone = rows(out, "unique"), ledger(out, "unique")
    assert len(gone) > 60
    for name, numbers in gone.items():
        other = str(numbers["near_copy_of"])
        true = jaccard(shingles(texts[name]), shingles(texts[other]))
        assert other in kept
        assert true >= 0.75
        assert numbers["near_copy_jaccard"] == pytest.approx(true, abs=1e-6)
        assert len(texts[other].encode()) >= len(texts[name].encode())


def test_near_copies_miss_few(finished: tuple[dict[str, str], Path]) -> None:
    """Of all kept pairs, brute force finds almost none above 0.85: 14 bands of 8 rows catch 98.8 % there and more above."""
    texts, out = finished
    sets = {name: shingles(texts[name]) for name in rows(out, "unique")}
    missed = [pair for pair in combinations(sorted(sets), 2) if jaccard(sets[pair[0]], sets[pair[1]]) >= 0.85]
    assert len(missed) <= 2


def test_texts_without_words_are_never_near_copies(finished: tuple[dict[str, str], Path]) -> None:
    _, out = finished
    assert "e1" in rows(out, "unique")


def test_number_of_shards_does_not_change_who_is_kept(finished: tuple[dict[str, str], Path], tmp_path: Path) -> None:
    texts, out = finished
    other = run(tmp_path, texts, 2)
    assert sorted(rows(other, "unique")) == sorted(rows(out, "unique"))
    assert ledger(other, "unique") == ledger(out, "unique")


def test_wiping_out_a_source_stops_the_pass(tmp_path: Path) -> None:
    texts = {f"d{i:04}": "the same text every time" for i in range(1200)}
    source = tmp_path / "in"
    source.mkdir()
    (source / "all.jsonl").write_text("".join(json.dumps({"id": k, "text": v}) + "\n" for k, v in texts.items()))
    path = recipe(tmp_path, RECIPE.format(folder=str(source), prefer=""))
    done = atom_data("run", path, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "exact: source 'test' would lose 1,199 of 1,200 (such as d0001 -> d0000), allowed are 90%" in done.stderr
    assert not (tmp_path / "out" / "distinct").exists()


def test_prefer_keeps_the_document_of_the_better_source(tmp_path: Path) -> None:
    text = f"""
    from atom_data import Copies, Parquet, SameText, Stage, keep

    def stages():
        return (Stage(name="distinct", reads=Copies(of=Parquet({str(tmp_path / "both.parquet")!r}),
            by=SameText(), prefer=("wiki",)), steps=(keep("first_copy"),)),)
    """
    import pyarrow as pa

    table = pa.table({"id": ["a", "b"], "text": ["one text", "one text"], "source": ["web", "wiki"]})
    pq.write_table(table, tmp_path / "both.parquet")
    path = recipe(tmp_path, text)
    done = atom_data("run", path, "-o", tmp_path / "out", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert list(rows(tmp_path / "out", "distinct")) == ["b"]
