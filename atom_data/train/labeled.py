"""Labeled documents as fastText reads them: one per line, shuffled by id, a part held out, no text twice."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from xxhash import xxh3_64_intdigest

from atom_data.errors import DataError
from atom_data.graph import Source
from atom_data.signals import SampleUnit
from atom_data.storage.shards import Intake
from atom_data.workspace import Workspace

_PREFIX = b"__label__"
# What fastText takes for a label or for the end of a line, and what it takes for white space.
_LABEL_LIKE = re.compile(rb"(?:(?<=[ \t\r\v\f\0])|^)__label__[^ \t\r\v\f\0]*")
_END_LIKE = re.compile(rb"(?:(?<=[ \t\r\v\f\0])|^)</s>(?=[ \t\r\v\f\0]|$)")


@dataclass(slots=True)
class Labeled:
    """Where the lines of labeled documents stand in a file, and what is known of each: 33 bytes per document."""

    labels: tuple[str, ...]
    starts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    sizes: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    hashes: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Of the text, by which equal ones are found."""
    units: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """In [0, 1), by id: the order of the lines, and which are held out."""
    numbers: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    """Of the label."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Documents that are not used, by reason."""


def write_lines(sets: Sequence[tuple[str, Sequence[Source]]], path: Path, seed: int, max_bytes: int | None) -> Labeled:
    """Write the texts of every label to a file, one per line without its label, and return where they are.

    Left out: texts that are null or blank, lines of the input that could not be read, and of equal texts all but the
    first; a text that has two labels counts apart, as `contradictory`. The DataError says that a label is without texts.
    """
    found = Labeled(tuple(label for label, _ in sets))
    rows: list[tuple[npt.NDArray[np.float64], list[int], list[int], int]] = []
    out = {"blank": 0, "unreadable": 0, "repeated": 0, "contradictory": 0}
    with path.open("wb") as lines:
        for number, (_, sources) in enumerate(sets):
            for batch in _batches(sources, out):
                units = SampleUnit(seed=seed)(batch)["sample_unit"].to_numpy(zero_copy_only=False)
                texts = [line_of(text, max_bytes) for text in batch["text"].cast(pa.large_binary()).to_pylist()]
                used = [index for index, text in enumerate(texts) if text.strip()]
                out["blank"] += len(texts) - len(used)
                lines.writelines(texts[index] + b"\n" for index in used)
                sizes = [len(texts[index]) for index in used]
                rows.append((units[used], sizes, [xxh3_64_intdigest(texts[index]) for index in used], number))
    if rows:
        found.units = np.concatenate([units for units, _, _, _ in rows])
        found.sizes = np.concatenate([np.array(sizes, np.int64) for _, sizes, _, _ in rows])
        found.hashes = np.concatenate([np.array(hashes, np.uint64) for _, _, hashes, _ in rows])
        found.numbers = np.concatenate([np.full(len(sizes), number, np.int8) for _, sizes, _, number in rows])
        found.starts = np.concatenate([[0], np.cumsum(found.sizes + 1)[:-1]]).astype(np.int64)
    _leave_out_repeated(found, out)
    found.left_out = out
    counts = np.bincount(found.numbers, minlength=len(sets))
    for (label, _), count in zip(sets, counts.tolist(), strict=True):
        if count < 2:
            raise DataError(f"label '{label}': {count} different texts; left out: {out}. Give more documents of it.")
    return found


def line_of(text: bytes | None, max_bytes: int | None) -> bytes:
    """Return a text as the line that fastText predicts it from; what it would take for a label is left out.

    It stops at a word `</s>`, as the library does.
    """
    line = (text or b"")[:max_bytes].replace(b"\n", b" ")
    if _PREFIX in line:
        line = _LABEL_LIKE.sub(b"", line)
    end = _END_LIKE.search(line) if b"</s>" in line else None
    return line if end is None else line[: end.start()]


def lines_of(path: Path, labeled: Labeled, rows: npt.NDArray[np.int64]) -> Iterator[bytes]:
    """Yield the lines of some documents, in the order of `rows`."""
    with path.open("rb") as lines:
        for row in rows.tolist():
            lines.seek(labeled.starts[row])
            yield lines.read(labeled.sizes[row])


def _batches(sources: Sequence[Source], out: dict[str, int]) -> Iterator[pa.RecordBatch]:
    def reject(reason: str, position: int, detail: str, raw: bytes) -> None:
        out["unreadable"] += 1

    nowhere = Workspace("")  # files are read where they are
    for source in sources:
        for shard in source.shards(nowhere):
            yield from source.read(shard, nowhere, ("id", "text"), Intake(reject=reject))


def _leave_out_repeated(found: Labeled, out: dict[str, int]) -> None:
    _, first, inverse = np.unique(found.hashes, return_index=True, return_inverse=True)
    kept = np.zeros(found.hashes.size, bool)
    kept[first] = True
    contradictory = ~kept & (found.numbers != found.numbers[first[inverse]]) if kept.size else kept
    out["contradictory"] = int(contradictory.sum())
    out["repeated"] = int((~kept).sum()) - out["contradictory"]
    for name in ("starts", "sizes", "hashes", "units", "numbers"):
        setattr(found, name, getattr(found, name)[kept])
