"""The whole pass of near copies against a plain walk over Python sets, on small corpora of every hostile kind."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from atom_data import Copies, MinHash, Parquet
from atom_data.dedup import BandHashes
from atom_data.dedup.near.sets import Digests
from atom_data.graph import in_order
from atom_data.runner.worker import do_task
from atom_data.storage.shards import Intake
from atom_data.workspace import Workspace
from tests.dedup.near.test_near_truth import jaccard
from tests.text.reference import folded, unicode_words

Row = dict[str, Any]


def execute(folder: Path, texts: list[str | None], by: MinHash, parts: int, shard_rows: int) -> list[Row]:
    """Run all jobs of a pass in this process; return the rows that a stage would read, by number."""
    (folder / "in").mkdir(parents=True)
    for number, start in enumerate(range(0, max(len(texts), 1), shard_rows)):
        part = texts[start : start + shard_rows]
        ids = [f"d{start + row:03}" for row in range(len(part))]
        table = pa.table({"id": pa.array(ids, pa.string()), "text": pa.array(part, pa.string())})
        pq.write_table(table, folder / "in" / f"{number:03}.parquet")
    copies = Copies(of=Parquet(str(folder / "in" / "*.parquet")), by=by, parts=parts, allow_loss=1.0)
    out = str(folder / "out")
    for job in in_order(copies.jobs()):
        job.accept([do_task(job, task, Workspace(out, "test"), lambda *_: None) for task in job.tasks(Workspace(out))])
    names, intake = copies.schema().names, Intake(reject=lambda *_: None)
    return [
        row
        for shard in copies.shards(Workspace(out))
        for batch in copies.read(shard, Workspace(out), names, intake)
        for row in batch.to_pylist()
    ]


def shingles(text: str | None, ngram: int) -> set[tuple[str, ...]]:
    words = [folded(word) for word in unicode_words(text or "")]
    return {tuple(words[at : at + ngram]) for at in range(max(len(words) - ngram + 1, 1))} if words else set()


def share(one: set[Any], other: set[Any]) -> float:
    return len(one & other) / max(len(one), 1)


def plain(texts: list[str | None], by: MinHash) -> list[tuple[int, int]]:
    """Return for each document what it is a copy of, or -1, and its rank in its cluster.

    In order of survival: one with a set that came before goes where that went; another is compared with the kept ones that
    share a band, of which each band remembers the first few.
    """
    measured = BandHashes(ngram=by.ngram, bands=by.bands, rows=by.rows, seed=by.seed)(
        pa.record_batch({"text": pa.array(texts, pa.string())})
    )
    bands = [[*enumerate(own)] if own else [] for own in measured.column("band_hashes").to_pylist()]
    sets = [shingles(text, by.ngram) for text in texts]
    order = sorted(range(len(texts)), key=lambda number: (-len((texts[number] or "").encode()), number))
    members: dict[tuple[int, int], list[int]] = {}
    copy_of, same = [-1] * len(texts), dict[frozenset[tuple[str, ...]], int]()
    for number in order:
        own = frozenset(sets[number])
        if own and own in same:
            copy_of[number] = same[own] if copy_of[same[own]] < 0 else copy_of[same[own]]
            continue
        same[own] = number
        for kept in sorted({kept for band in bands[number] for kept in members.get(band, [])}, key=order.index):
            near = by.min_jaccard is not None and jaccard(sets[number], sets[kept]) >= by.min_jaccard
            within = by.min_containment is not None and share(sets[number], sets[kept]) >= by.min_containment
            if (near or within) and sets[number] & sets[kept]:
                copy_of[number] = kept
                break
        else:
            for band in bands[number]:
                if len(members.setdefault(band, [])) < by.bucket_cap:
                    members[band].append(number)
    sizes: dict[int, int] = {}
    place = [0] * len(texts)
    for number in order:
        cluster = number if copy_of[number] < 0 else copy_of[number]
        place[number] = sizes.get(cluster, 0)
        sizes[cluster] = place[number] + 1
    return list(zip(copy_of, place, strict=True))


PIECES = ["a", "b", "c", "A", "Ä", "ä", "1", "2", "漢", "字", "слово", "كلمة", "...", "\u00a0", "\n", "\x00", "e\u0301"]


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[str | None], MinHash]:
    """Short texts of few words, and texts with some words changed, cut off, doubled, in capitals or with signs between."""
    base = draw(st.lists(st.lists(st.sampled_from(PIECES), max_size=14), min_size=1, max_size=4))
    texts: list[str | None] = []
    for words in draw(st.lists(st.sampled_from(base), max_size=14)):
        match draw(st.integers(0, 6)):
            case 0:
                texts.append(None)
            case 1:
                texts.append(" ".join(words[: draw(st.integers(0, 14))]))
            case 2:
                texts.append(" ".join([*words, draw(st.sampled_from(PIECES))]))
            case 3:
                texts.append(" \u2013 ".join(words).upper())
            case 4:
                texts.append("  ".join([*words, *words]))
            case 5:
                texts.append(" ".join(words[::-1]))
            case _:
                texts.append(" ".join(words))
    bounds = draw(st.sampled_from([(0.3, None), (0.5, None), (0.75, None), (1.0, None), (None, 0.8), (0.75, 0.9)]))
    return texts, MinHash(
        ngram=draw(st.integers(1, 3)),
        bands=draw(st.integers(1, 4)),
        rows=draw(st.integers(1, 3)),
        seed=draw(st.integers(1, 3)),
        bucket_cap=draw(st.sampled_from([1, 2, 64])),
        min_jaccard=bounds[0],
        min_containment=bounds[1],
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(corpora(), st.sampled_from([1, 2, 8]), st.sampled_from([3, 100]), st.booleans())
def test_any_corpus_is_the_plain_walk(
    tmp_path_factory: pytest.TempPathFactory,
    corpus: tuple[list[str | None], MinHash],
    parts: int,
    shard_rows: int,
    spilled: bool,
) -> None:
    texts, by = corpus
    folder = tmp_path_factory.mktemp("walk")
    with pytest.MonkeyPatch.context() as patch:
        if spilled:  # what is many goes to files
            patch.setattr("atom_data.dedup.corpus.Corpus.memory_bytes", -1)
        rows = execute(folder, texts, by, parts, shard_rows)
    shutil.rmtree(folder)
    ids = {row["id"]: number for number, row in enumerate(rows)}
    found = [(ids[row["near_copy_of"]] if row["near_copy_of"] else -1, row["near_copy_rank"]) for row in rows]
    assert found == plain(texts, by)
    sets = [shingles(text, by.ngram) for text in texts]
    for number, row in enumerate(rows):
        kept = found[number][0]
        assert (kept >= 0) == (row["near_copy_rank"] > 0)
        assert row["near_copy_count"] == 1 + sum(other[0] == (kept if kept >= 0 else number) for other in found)
        if kept >= 0:
            assert found[kept][0] < 0, "a copy of what is not kept"
            assert row["near_copy_jaccard"] == pytest.approx(jaccard(sets[number], sets[kept]))
            assert row["near_copy_containment"] == pytest.approx(share(sets[number], sets[kept]))


def test_documents_of_one_word_of_punctuation_of_mixed_scripts_and_none(tmp_path: Path) -> None:
    """Equal but for capitals and signs: copies. Nothing but signs, or nothing: no copy of anything."""
    mixed = " ".join(
        f"{word}{number}" for number in range(8) for word in ("Wort", "слово", "単語", "λέξη", "كلمة", "말")
    )
    texts = [
        "word", "WORD!", " word\n", "words", "?!", "?!", "...", "", None, None, "\x00\x01", "漢字", "漢 字", "字漢", "1", "1.", "2",
        mixed, f"{mixed} 1", f"{mixed} 2", mixed.upper(), mixed[: len(mixed) // 2],
    ]  # fmt: skip
    rows = execute(tmp_path, texts, MinHash(), 2, 5)
    groups: dict[str, set[int]] = {}
    for number, row in enumerate(rows):
        if row["near_copy_count"] > 1:
            groups.setdefault(row["near_copy_cluster"], set()).add(number)
    assert sorted(map(sorted, groups.values())) == [[0, 1, 2], [11, 12], [14, 15], [17, 18, 19, 20]]


def test_a_chain_loses_only_what_is_near_a_kept_document(tmp_path: Path) -> None:
    """a, b and b, c share 12 of 16 shingles, a and c 10 of 18: b goes for a, and c stays, whatever the bands say."""
    words = [f"w{number:02}" for number in range(30)]
    one, other, third = (" ".join(words[start : start + 18]) for start in (0, 2, 4))
    by = MinHash(bands=128, rows=1, min_jaccard=0.75)
    rows = execute(tmp_path, [one, other, third], by, 1, 10)
    assert jaccard(shingles(one, 5), shingles(other, 5)) == pytest.approx(12 / 16)
    assert jaccard(shingles(one, 5), shingles(third, 5)) == pytest.approx(10 / 18)
    assert [row["near_copy_of"] for row in rows] == [None, "d000", None]


@pytest.mark.parametrize("count", [300])
def test_equal_sets_are_held_once_however_many_share_a_bucket(tmp_path: Path, count: int) -> None:
    """Three pages with one set each, `count` times each, none near another: three are kept, in one bucket or not."""
    pages = [f"page {kind} " + " ".join(f"{kind}{word}" for word in range(20)) for kind in "abc"]
    rows = execute(tmp_path, pages * count, MinHash(), 1, 250)
    assert [row["near_copy_of"] for row in rows] == [None, None, None, *(["d000", "d001", "d002"] * (count - 1))]
    assert {row["near_copy_jaccard"] for row in rows} == {None, 1.0}
    assert {row["near_copy_count"] for row in rows} == {count}


def test_empty_sets_are_like_no_other() -> None:
    known = Digests()
    for sets in ([[1, 2], [], [2, 3]], [[], [1, 2], [1, 2, 3], [2, 3]]):
        values = np.array([value for one in sets for value in one], np.uint64)
        known.add(values, np.cumsum([0, *map(len, sets)], dtype=np.int64))
    same = known.same()
    assert same.sets.tolist() == [0, 1, 2, 3, 0, 4, 2]
    assert same.is_first.tolist() == [True, True, True, True, False, True, False]
