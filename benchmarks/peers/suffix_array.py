"""Repeated substrings by a suffix array, bare: what any tool that sorts all suffixes has to do, and all in memory.

Run by repeats.py in an environment of its own. libdivsufsort sorts the suffixes of all texts in a row, Kasai's algorithm
gives what neighbors share, and windows of `length` bytes that are equal are then next to each other. Nothing is cut or
written but the number of repeated bytes of each document.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydivsufsort import divsufsort, kasai


def main() -> None:
    """Sort, mark, count."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--length", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    table = pa.concat_tables(
        pq.read_table(path, columns=["id", "text"]) for path in sorted(given.data.glob("*.parquet"))
    )
    texts = table.column("text").cast(pa.large_string()).combine_chunks()
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[: len(texts) + 1]
    whole = np.frombuffer(texts.buffers()[2], np.uint8)[: offsets[-1]].copy()
    counts = repeated(whole, offsets, given.length)
    pq.write_table(pa.table({"id": table.column("id"), "bytes": counts}), given.out / "counts.parquet")


def repeated(whole: np.ndarray, offsets: np.ndarray, length: int) -> np.ndarray:
    """Return how many bytes of each document are in a window that came earlier and ended before it begins."""
    order = divsufsort(whole)
    shared = kasai(whole, order)
    document = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    inside = order.astype(np.int64) + length <= offsets[document[order] + 1]
    # Suffixes whose windows are equal are next to each other; shared[i] is what i and i + 1 have in common.
    border = np.concatenate([[True], shared[: len(order) - 1] < length])
    group = np.cumsum(border) - 1
    order, group = order[inside].astype(np.int64), group[inside]
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    first = np.repeat(np.minimum.reduceat(order, starts), np.diff(np.append(starts, len(order))))
    again = (document[first] != document[order]) | (order - first >= length)
    windows = np.zeros(len(whole) + length + 1, np.int32)
    np.add.at(windows, order[again], 1)
    np.add.at(windows, order[again] + length, -1)
    marked = whole_characters(np.cumsum(windows)[: len(whole)] > 0, whole, offsets)
    return np.add.reduceat(np.append(marked, 0), np.minimum(offsets[:-1], len(whole))) * (np.diff(offsets) > 0)


def whole_characters(marked: np.ndarray, whole: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the marks without the parts of UTF-8 characters at the edges of what is marked."""
    marked = marked.astype(np.int64)
    edge = np.zeros(len(whole) + 1, bool)
    edge[offsets] = True
    tail = np.append(whole & 0xC0 == 0x80, False)
    starts = np.flatnonzero((np.diff(np.append(0, marked)) == 1) | (edge[:-1] & (marked == 1)))
    for start in starts[tail[starts]]:
        while marked[start : start + 1] and tail[start]:
            marked[start] = 0
            start += 1
    ends = np.flatnonzero((np.diff(np.append(marked, 0)) == -1) | (edge[1:] & (marked == 1))) + 1
    for end in ends[tail[ends]]:
        while end > 0 and marked[end - 1] and tail[end]:
            marked[end - 1] = 0
            end -= 1
    return marked


if __name__ == "__main__":
    main()
