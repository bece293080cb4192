"""What came out of a pass over drawn documents, held against what was drawn."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import scale_draw

from atom_data.storage.receipts import read_json


@numba.njit(cache=True)
def _best(firsts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return, for each document, the smallest number in its cluster."""
    smallest = np.full(firsts.size, -1, np.int64)
    for number in range(firsts.size):
        if smallest[firsts[number]] < 0:
            smallest[firsts[number]] = number
    for number in range(firsts.size):
        firsts[number] = smallest[firsts[number]]
    return firsts


def checked(out: Path, documents: int) -> dict[str, Any]:
    """Compare the cluster of every document with the one it was drawn from. RuntimeError when one differs."""
    kinds = scale_draw.layout(documents)
    firsts, sizes = np.empty(documents, np.int64), np.empty(documents, np.int32)
    for start in range(0, documents, 1 << 20):
        found = scale_draw.clusters(np.arange(start, min(start + (1 << 20), documents)), documents, kinds)
        firsts[start : start + len(found)], sizes[start : start + len(found)] = found[:, 0], found[:, 2]
    expected, wrong, seen = _best(firsts), 0, np.zeros(documents, bool)
    for path in sorted((out / "near").glob("*.parquet")):
        columns = ["id", "near_copy_cluster", "near_copy_count", "near_copy_rank"]
        for batch in pq.ParquetFile(path).iter_batches(columns=columns):
            number = batch.column("id").cast("int64").to_numpy()
            seen[number] = True
            wrong += int((batch.column("near_copy_cluster").cast("int64").to_numpy() != expected[number]).sum())
            wrong += int((batch.column("near_copy_count").to_numpy() != sizes[number]).sum())
            wrong += int(((batch.column("near_copy_rank").to_numpy() == 0) != (expected[number] == number)).sum())
    wrong += int((seen != (sizes > 1)).sum())
    if wrong:
        raise RuntimeError(f"{wrong} differences from the clusters that were drawn")
    removed = int((expected != np.arange(documents)).sum())
    clusters = int(((sizes > 1) & (expected == np.arange(documents))).sum())
    return {"clusters": clusters, "removed": removed, "largest": int(sizes.max()), "wrong": wrong}


def of_template(out: Path, documents: int, text: str) -> dict[str, Any]:
    """Hold what is left of pages of one template, and a sample of what went, against their Jaccard index, over Python sets.

    RuntimeError when a page went for one that went too, or that is not near it, or when more than one in 10,000 stays.
    """
    columns = ["id", "near_copy_of", "near_copy_jaccard"]
    table = pa.concat_tables([pq.read_table(path, columns=columns) for path in (out / "near").glob("*.parquet")])
    gone = table.drop_null()
    numbers, of = (gone.column(name).cast("int64").to_numpy() for name in ("id", "near_copy_of"))
    kept = np.setdiff1d(np.arange(documents), numbers)
    sample = slice(None, None, max(len(numbers) // 10_000, 1))
    given = zip(numbers[sample].tolist(), of[sample].tolist(), gone.column(2).to_numpy()[sample].tolist(), strict=True)
    wrong = [line for line in given if abs(_jaccard(text, *line[:2]) - line[2]) > 1e-6 or line[2] < scale_draw.NEAR]
    if wrong or not np.isin(of, kept).all() or len(kept) > max(documents // 10_000, 77):
        raise RuntimeError(f"{len(kept)} of {documents} are left; wrong of the sample: {wrong[:10]}")
    near = sum(_jaccard(text, *pair) >= scale_draw.NEAR for pair in itertools.combinations(kept[:200].tolist(), 2))
    notes = {note: _noted(out, "near/confirmed", note) for note in ("candidates", "sets", "compared")}
    return {"removed": len(numbers), "wrong": 0, "near_pairs_left": near, **notes}


def _jaccard(text: str, one: int, other: int) -> float:
    left, right = (re.findall(r"\w+", scale_draw.page(text, number).lower()) for number in (one, other))
    sets = [set(zip(*(words[start:] for start in range(5)), strict=False)) for words in (left, right)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def all_but_one(out: Path, documents: int, job: str, column: str) -> dict[str, Any]:
    """Return how many equal texts went. RuntimeError when one has no copies or is of another cluster than the others."""
    tables = [pq.read_table(path, columns=[column]) for path in (out / job).glob("*.parquet")]
    gone, clusters = _noted(out, job, "copies"), pa.concat_tables(tables).column(0)
    if (len(clusters), gone, len(clusters.unique())) != (documents, documents - 1, 1):
        raise RuntimeError(f"{documents} equal texts: {len(clusters)} have copies, {gone} went")
    return {"removed": gone}


def _noted(out: Path, job: str, note: str) -> int:
    receipts = (read_json(str(path)) or {} for path in (out / job / "receipts").glob("*.json"))
    return sum(receipt["notes"].get(note, 0) for receipt in receipts)


def confirmed(out: Path, documents: int) -> dict[str, Any]:
    """Hold every copy of the drawn texts against what was drawn. RuntimeError when one is of another cluster."""
    kinds, wrong, copies, least = scale_draw.layout(documents), 0, 0, 1.0
    for path in sorted((out / "near").glob("*.parquet")):
        table = pq.read_table(path, columns=["id", "near_copy_of", "near_copy_jaccard"]).drop_null()
        ends = [table.column(name).cast("int64").to_numpy() for name in ("id", "near_copy_of")]
        one, other = (scale_draw.clusters(end, documents, kinds)[:, 0] for end in ends)
        wrong += int((one != other).sum())
        copies += len(one)
        least = min([least, *table.column("near_copy_jaccard").to_numpy().tolist()])
    expected = sum((size - 1) * (places // size) for size, _, places in kinds.tolist())
    if wrong or least < 0.75 or copies < 0.98 * expected:
        raise RuntimeError(
            f"{copies} of {expected} went, {wrong} for one of another cluster; least Jaccard index {least}"
        )
    notes = {note: _noted(out, "near/confirmed", note) for note in ("candidates", "sets", "compared")}
    return {"drawn_copies": expected, "removed": copies, "wrong": wrong, "least_jaccard": round(least, 4), **notes}


CHECKS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "signatures": checked,
    "texts": confirmed,
    "template": lambda out, documents: of_template(out, documents, scale_draw.TEMPLATE),
    "pages": lambda out, documents: of_template(out, documents, scale_draw.PAGE),
    "same": lambda out, documents: all_but_one(out, documents, "exact", "copy_cluster"),
    "equal": lambda out, documents: all_but_one(out, documents, "near", "near_copy_cluster"),
}
