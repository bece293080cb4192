"""What ought to be found: every pair of a sample with its true Jaccard index, or hand-labeled pairs."""

import csv
import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import column
from atom_data.errors import ConfigError, DataError
from atom_data.graph import Source
from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.storage.shards import Intake
from atom_data.text.buffers import string_buffers
from atom_data.text.hashes import hash_64
from atom_data.text.similarity.character_shingles import Unit, shingles_by
from atom_data.text.similarity.pairs import Pairs, similar_pairs
from atom_data.text.similarity.shingles import Shingles, jaccard
from atom_data.workspace import Workspace

YES, NO = ("1", "1.0", "true", "yes", "duplicate"), ("0", "0.0", "false", "no", "distinct")
"""What a label may be, in any case."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Pairs of documents by number, and what a removal is worth."""

    pairs: Pairs
    """The pairs that are counted by their Jaccard index."""
    duplicate: npt.NDArray[np.bool_]
    """Which of them ought to be caught."""
    is_right: Callable[[int, int, float], bool | None]
    """Whether a document may be removed for another one, at their Jaccard index; None where the truth does not say."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Pairs of ids that were labeled as duplicates, and as none."""

    duplicates: frozenset[tuple[str, str]]
    distinct: frozenset[tuple[str, str]]
    complete: bool
    """Whether pairs that are not listed are not duplicates."""


def read_sample(source: Source, workspace: Workspace, most: int) -> tuple[pa.Table, int]:
    """Return up to `most` documents (`id`, `text`), and how many there are: those with the smallest BLAKE2b of their id.

    Memory: the texts of the sample.
    """
    kept: list[tuple[int, int, str, str | None]] = []
    seen = 0
    for shard in source.shards(workspace):
        for batch in source.read(shard, workspace, {"id", "text"}, Intake(reject=lambda *_: None)):
            for identity, text in zip(column(batch, "id").to_pylist(), column(batch, "text"), strict=True):
                place = (-hash_64(identity.encode()), -seen)
                seen += 1
                if len(kept) < most:
                    heapq.heappush(kept, (*place, identity, text.as_py()))
                elif place > kept[0][:2]:
                    heapq.heapreplace(kept, (*place, identity, text.as_py()))
    kept.sort(key=lambda item: -item[1])
    columns = {"id": [item[2] for item in kept], "text": [item[3] for item in kept]}
    return pa.table(columns, pa.schema([("id", pa.string()), ("text", pa.string())])), seen


def shingles_of(texts: pa.ChunkedArray, ngram: int, unit: Unit = "words") -> Shingles:
    """Return the shingle sets of all texts. Memory: eight bytes per shingle, twice."""
    parts = [shingles_by(unit, string_buffers(chunk), ngram) for chunk in texts.chunks]
    sizes = [np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)]
    hashes = np.concatenate([np.zeros(0, np.uint64), *(part.hashes for part in parts)])
    return Shingles(hashes, np.cumsum(np.concatenate(sizes), dtype=np.int64))


def true_jaccard(shingles: Shingles, one: int, other: int) -> float:
    """Return the Jaccard index of two documents by number."""
    edges = shingles.offsets
    return jaccard(shingles.hashes[edges[one] : edges[one + 1]], shingles.hashes[edges[other] : edges[other + 1]])


def truth_of_all_pairs(shingles: Shingles, least: float, min_jaccard: float) -> Truth:
    """Return every pair of at least `least`; those of at least `min_jaccard` ought to be caught."""
    pairs = similar_pairs(shingles, least)
    return Truth(pairs, pairs.jaccard >= min_jaccard, lambda _one, _other, found: found >= min_jaccard)


def truth_of_labels(shingles: Shingles, ids: Sequence[str], labels: Labels) -> Truth:
    """Return the pairs labeled as duplicates: all ought to be caught. Pairs with a document in common are one group.

    DataError for an id that no document has, or that two have.
    """
    numbers = {identity: number for number, identity in enumerate(ids)}
    if len(numbers) < len(ids):
        raise DataError("labeled pairs: two documents have one id, so a label does not say which. Give each its own.")
    listed = sorted(_numbered(pair, numbers) for pair in labels.duplicates)
    distinct = {_numbered(pair, numbers) for pair in labels.distinct}
    groups = _groups(len(ids), listed)

    def is_right(one: int, other: int, _: float) -> bool | None:
        if (min(one, other), max(one, other)) in distinct:
            return False
        if groups[one] == groups[other]:
            return True
        return False if labels.complete else None

    left, right = (np.array([pair[side] for pair in listed], np.int32) for side in (0, 1))
    jaccards = np.array([true_jaccard(shingles, *pair) for pair in listed], np.float64)
    return Truth(Pairs(left, right, jaccards), np.ones(len(listed), bool), is_right)


def _numbered(pair: tuple[str, str], numbers: dict[str, int]) -> tuple[int, int]:
    for identity in pair:
        if identity not in numbers:
            raise DataError(
                f"labeled pairs: no document has the id '{identity[:80]}'; there are {len(numbers):,} documents. "
                "Give all documents that the pairs name, and a --sample that takes them all."
            )
    one, other = sorted(numbers[identity] for identity in pair)
    return one, other


def _groups(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Return the smallest document that each one is connected with."""
    parent = list(range(count))

    def root(document: int) -> int:
        while parent[document] != document:
            parent[document] = parent[parent[document]]
            document = parent[document]
        return document

    for pair in pairs:
        first, second = sorted(map(root, pair))
        parent[second] = first
    return [root(document) for document in range(count)]


def read_labels(path: str, complete: bool | None = None) -> Labels:
    """Read pairs of ids from .jsonl, .csv, .tsv or .parquet: the first two columns, and a third with a label if there is one.

    A label is true or false, 1 or 0, yes or no, duplicate or distinct. A list without labels names duplicates, and what it does
    not name is taken for distinct; in one with labels that is left open. `complete` says it otherwise.
    """
    duplicates: set[tuple[str, str]] = set()
    distinct: set[tuple[str, str]] = set()
    has_labels = False
    for number, row in enumerate(_rows(path), 1):
        if len(row) < 2 or None in row[:2]:
            raise DataError(
                f"{path}, row {number}: {row!r} is not a pair of ids. Give two ids, and a label if you have one."
            )
        pair = (str(row[0]), str(row[1]))
        label = str(row[2]).strip().lower() if len(row) > 2 else "1"
        has_labels = has_labels or len(row) > 2
        if label not in YES + NO:
            raise DataError(f"{path}, row {number}: the label '{label[:40]}'; it takes {', '.join(YES + NO)}.")
        if pair[0] != pair[1]:
            (duplicates if label in YES else distinct).add(pair)
    if not duplicates:
        raise DataError(f"{path}: no pair is labeled as duplicates. Give at least one.")
    return Labels(frozenset(duplicates), frozenset(distinct), not has_labels if complete is None else complete)


def _rows(path: str) -> Iterator[list[Any]]:
    file, suffix = Path(path), Path(path).suffix.lower()
    if not file.is_file():
        raise ConfigError(f"{path}: no such file of labeled pairs. Give a .jsonl, .csv, .tsv or .parquet file.")
    if suffix in (".parquet", ".pq"):
        for batch in read_parquet(path, open_parquet(path).schema_arrow.names):
            yield from (list(row.values()) for row in batch.to_pylist())
    elif suffix in (".jsonl", ".ndjson"):
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _json_row(path, number, line)
    elif suffix in (".csv", ".tsv"):
        with file.open(encoding="utf-8", newline="") as lines:
            table = csv.reader(lines, delimiter="\t" if suffix == ".tsv" else ",")
            next(table, None)
            yield from (list(row) for row in table if row)
    else:
        raise ConfigError(f"{path}: labeled pairs are read from .jsonl, .csv, .tsv and .parquet, not from '{suffix}'.")


def _json_row(path: str, number: int, line: str) -> list[Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: no JSON ({error}). Give an object or a list on each line.") from error
    if isinstance(row, dict):
        return list(row.values())
    if isinstance(row, list):
        return row
    raise DataError(f"{path}, line {number}: {line.strip()[:60]} is not a pair of ids. Give an object or a list.")
