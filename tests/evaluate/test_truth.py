"""The truth a result is held against: samples, labels in every form, and groups of labeled pairs."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.dedup.near.curve import Curve
from atom_data.errors import ConfigError, DataError
from atom_data.evaluate.evaluate import Bin, Link, evaluate
from atom_data.evaluate.truth import (
    Labels,
    read_labels,
    read_sample,
    shingles_of,
    true_jaccard,
    truth_of_all_pairs,
    truth_of_labels,
)
from atom_data.readers import Parquet
from atom_data.workspace import Workspace

IDS = ["a", "b", "c", "d", "e"]
WORDS = [f"w{number}" for number in range(100)]
TEXTS = [" ".join(WORDS), " ".join(WORDS[:90]), " ".join(WORDS[:60]), "another text altogether", None]
SHINGLES = shingles_of(pa.chunked_array([TEXTS[:2], TEXTS[2:]], pa.string()), 1)


def test_shingles_of_many_chunks_are_those_of_each_text() -> None:
    assert true_jaccard(SHINGLES, 0, 1) == 0.9
    assert true_jaccard(SHINGLES, 1, 2) == 60 / 90
    assert true_jaccard(SHINGLES, 0, 3) == true_jaccard(SHINGLES, 4, 4) == 0


def test_truth_of_all_pairs_and_what_came_of_it() -> None:
    """b was removed for a, rightly; d for c, wrongly; the pair of b and c is caught, that of a and c is not."""
    truth = truth_of_all_pairs(SHINGLES, 0.5, 0.6)
    assert (truth.pairs.left.tolist(), truth.pairs.right.tolist()) == ([0, 0, 1], [1, 2, 2])
    found = evaluate(truth, SHINGLES, [-1, 0, -1, 2, -1], truth.pairs.jaccard > 0.8, Curve(1, 1))
    assert (found.documents, found.removed, found.duplicates, found.unjudged) == (5, 2, 3, 0)
    assert found.missed == (Link(0, 2, 0.6),)
    assert found.wrong == (Link(3, 2, 0.0),)
    assert (found.recall, found.precision) == (pytest.approx(2 / 3), 0.5)
    assert found.bins == (
        Bin(0.6, 0.65, pairs=1, proposed=0, caught=0, expected=0.6),
        Bin(0.65, 0.7, pairs=1, proposed=0, caught=1, expected=pytest.approx(2 / 3)),
        Bin(0.9, 0.95, pairs=1, proposed=1, caught=1, expected=0.9),
    )


def test_without_duplicates_and_removals_there_is_no_recall_and_no_precision() -> None:
    truth = truth_of_all_pairs(SHINGLES, 0.95, 0.95)
    found = evaluate(truth, SHINGLES, [-1] * 5, truth.pairs.jaccard > 0, Curve(14, 8))
    assert (found.recall, found.precision, found.bins) == (None, None, ())


@pytest.mark.parametrize(("complete", "wrong", "unjudged"), [(True, 2, 0), (False, 1, 1)])
def test_truth_of_labels_groups_pairs(complete: bool, wrong: int, unjudged: int) -> None:
    """a, b and c are one group by two pairs; c and d are labeled as distinct; of e nothing is said."""
    labels = Labels(frozenset({("a", "b"), ("c", "b")}), frozenset({("d", "c")}), complete)
    truth = truth_of_labels(SHINGLES, IDS, labels)
    assert truth.pairs.jaccard.tolist() == [0.9, 60 / 90]
    found = evaluate(truth, SHINGLES, [-1, -1, 0, 2, 0], truth.pairs.jaccard > 0, Curve(14, 8))
    assert [(link.one, link.other) for link in found.missed] == [(0, 1)]
    assert (len(found.wrong), found.unjudged, found.recall) == (wrong, unjudged, 0.5)
    assert found.precision == pytest.approx(1 / 3 if complete else 1 / 2)


@pytest.mark.parametrize(
    ("ids", "text"),
    [(["a", "b", "x", "d", "e"], "no document has the id 'c'; there are 5 documents"), (["a"] * 5, "two documents have one id")],
)  # fmt: skip
def test_truth_of_labels_needs_every_document_once(ids: list[str], text: str) -> None:
    with pytest.raises(DataError, match=text):
        truth_of_labels(SHINGLES, ids, Labels(frozenset({("a", "c")}), frozenset(), True))


def lines(path: Path, rows: list[object]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


WRITERS: dict[str, Callable[[Path], object]] = {
    "objects.jsonl": lambda path: lines(
        path, [{"one": "a", "two": "b", "is": True}, {"one": "a", "two": "c", "is": 0}]
    ),
    "lists.jsonl": lambda path: lines(path, [["a", "b", "Yes"], ["a", "c", "distinct"]]),
    "pairs.csv": lambda path: path.write_text('one,two,label\n"a",b,1\na,c,0\n'),
    "pairs.tsv": lambda path: path.write_text("one\ttwo\tlabel\na\tb\tTRUE\na\tc\tno\n"),
    "pairs.parquet": lambda path: pq.write_table(pa.table({"x": ["a", "a"], "y": ["b", "c"], "z": [1.0, 0.0]}), path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_labels_are_read_from_every_form(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    labels = read_labels(str(tmp_path / name))
    assert labels == Labels(frozenset({("a", "b")}), frozenset({("a", "c")}), complete=False)
    assert read_labels(str(tmp_path / name), complete=True).complete


def test_labels_of_pairs_alone_are_duplicates_and_all_there_are(tmp_path: Path) -> None:
    lines(tmp_path / "pairs.jsonl", [[1, 2], [3, 3]])
    assert read_labels(str(tmp_path / "pairs.jsonl")) == Labels(frozenset({("1", "2")}), frozenset(), complete=True)


@pytest.mark.parametrize(
    ("name", "content", "error", "text"),
    [
        ("none.jsonl", None, ConfigError, "no such file of labeled pairs"),
        ("pairs.txt", "a b\n", ConfigError, "not from '.txt'"),
        ("pairs.jsonl", '["a"]\n', DataError, r"row 1: \['a'\] is not a pair of ids"),
        ("pairs.jsonl", '["a", "b"]\n{\n', DataError, "line 2: no JSON"),
        ("pairs.jsonl", "7\n", DataError, "line 1: 7 is not a pair of ids"),
        ("pairs.csv", "a,b,c\nx,y,maybe\n", DataError, "row 1: the label 'maybe'"),
        ("pairs.csv", "a,b,c\nx,y,0\n", DataError, "no pair is labeled as duplicates"),
    ],
)
def test_labels_that_are_none_are_refused(
    tmp_path: Path, name: str, content: str | None, error: type[Exception], text: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(error, match=text):
        read_labels(str(tmp_path / name))


def test_sample_is_the_same_for_any_order_and_grows_with_its_size(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(200)]
    for order, rows in (("up", names), ("down", names[::-1])):
        pq.write_table(
            pa.table({"id": rows, "text": [f"text of {name}" for name in rows]}), tmp_path / f"{order}.parquet"
        )
    up, down = (Parquet(str(tmp_path / f"{order}.parquet")) for order in ("up", "down"))
    (some, seen), (other, _) = read_sample(up, Workspace(""), 50), read_sample(down, Workspace(""), 50)
    assert (len(some), seen) == (50, 200)
    assert sorted(some.to_pylist(), key=str) == sorted(other.to_pylist(), key=str)
    assert {*some.column("id").to_pylist()} < {*read_sample(up, Workspace(""), 80)[0].column("id").to_pylist()}
    everything, _ = read_sample(up, Workspace(""), 1000)
    assert everything.column("id").to_pylist() == names
    assert everything.column("text")[7].as_py() == "text of n7"
