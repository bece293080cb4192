"""Substrings that repeat, of a number of bytes or words, wherever they begin: exact, without a suffix array.

Lee et al. 2021, Deduplicating training data makes language models better, section 4.1 (ExactSubstr: what two documents
share of 50 tokens or more is removed once). They sort all suffixes, which takes memory or disk of many times the corpus;
here equal windows are found by their anchors (`text.repeats.anchors`), so that disk and time follow what may repeat.

Two rounds. The first compares whole ranges of windows that share an anchor: nearly all that repeats is decided there, and
what shares no anchor with anything is out. In the second, ranges that share their anchor but not all of their windows,
the edges of what repeats, are compared window by window.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import with_columns
from atom_data.dedup.repeats.engines import Exact, Partition, Verdict
from atom_data.dedup.repeats.rounds import Found, Pieces, Round
from atom_data.errors import ConfigError
from atom_data.text.buffers import Buffers
from atom_data.text.repeats.anchors import window_ranges
from atom_data.text.repeats.spans import Spans, merged, whole_characters
from atom_data.text.repeats.windows import hashed_windows
from atom_data.text.words import whitespace_words

UNITS = {"bytes": 16, "words": 4}
"""What a length may be counted in, and the minimum of each."""
MOST = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Substrings:
    """Compares all windows of `length` units. Adds `repeated_spans`, `repeated_span_count`, `_bytes` and `_share`.

    A byte is in a repeated span when it is in a window whose content came earlier, in document order, and ended before
    the window begins; so the first occurrence stays, and of a text that goes on repeating itself, one window. Every
    repeat of at least `length` units is found. Equal means equal by two polynomials modulo 2^61 - 1, with bases drawn from
    `seed`: for 500 bytes, a pair that differs is taken for equal with odds below 2^-102. Spans are cut at the
    edges of UTF-8 characters, or with `unit="words"` at the edges of words (runs without white space, with the white space
    after them, which is not compared; a word is its 64-bit hash).
    """

    length: int = 500
    """500 bytes as for Dolma 3; Lee et al. took 50 tokens."""
    unit: str = "bytes"
    seed: int = 0

    name: ClassVar[str] = "repeated-spans"
    column: ClassVar[str] = "repeated_span"

    def __post_init__(self) -> None:
        """Validate parameters."""
        if self.unit not in UNITS:
            raise ConfigError(f"Substrings: unit is '{self.unit}'. Give one of: {', '.join(UNITS)}.")
        if not UNITS[self.unit] <= self.length <= MOST:
            raise ConfigError(f"Substrings: length is {self.length} {self.unit}. Give {UNITS[self.unit]} to {MOST:,}.")
        if not 0 <= self.seed < 1 << 63:
            raise ConfigError(f"Substrings: seed is {self.seed}. Give a number from 0 to 2^63 - 1.")

    def rounds(self) -> tuple[Round, ...]:
        """Ranges of windows, then windows."""
        return (
            Round(name="ranges", cut=self._ranges, judge=self._judge, grouped=True),
            Round(name="windows", cut=self._windows, judge=self._judge_windows),
        )

    def _judge(self, partition: Partition) -> Iterator[Verdict]:
        return Exact().judge(partition, distance=self.length)

    def _judge_windows(self, partition: Partition) -> Iterator[Verdict]:
        """Yield windows as ranges: one that comes again every `step` symbols, fewer than its length, leaves no gap."""
        for verdict in self._judge(partition):
            found = verdict.found
            reach = pc.add(pc.multiply(found.column("step"), pc.subtract(found.column("times"), 1)), 1)
            once = pa.array(np.ones(found.num_rows, np.int32))
            yield verdict._replace(found=with_columns(found, step=once, times=reach.cast(pa.int32())))

    def _ranges(self, buffers: Buffers, _: Found) -> Pieces:
        return Pieces(*window_ranges(*self._symbols(buffers), self.length, self.seed))

    def _windows(self, buffers: Buffers, found: Found) -> Pieces:
        windows = hashed_windows(*self._symbols(buffers), *found, self.length, self.seed)
        return Pieces(*windows, groups=np.empty(0, np.uint64))

    def _symbols(
        self, buffers: Buffers
    ) -> tuple[npt.NDArray[np.uint8] | npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        if self.unit == "bytes":
            return buffers.data, buffers.offsets
        words = whitespace_words(buffers)
        return words.hashes, words.offsets

    def spans(self, buffers: Buffers, found: Found) -> tuple[Spans, npt.NDArray[np.int64]]:
        """Return the bytes that repeat, and in how many spans they are in each text."""
        spans = merged(found.rows, found.starts, found.starts + found.steps * found.times - 1 + self.length)
        spans = whole_characters(spans, buffers) if self.unit == "bytes" else _word_bytes(spans, buffers)
        return spans, np.bincount(spans.rows, minlength=len(buffers.offsets) - 1)


def _word_bytes(spans: Spans, buffers: Buffers) -> Spans:
    """Return spans of words as bytes: from the first word to the word after the last, or to the end of the text."""
    words = whitespace_words(buffers)
    first, after = words.offsets[spans.rows], words.offsets[spans.rows + 1]
    begins, ends = buffers.offsets[spans.rows], buffers.offsets[spans.rows + 1].copy()
    starts = words.starts[first + spans.starts] - begins
    inside = first + spans.ends < after
    ends[inside] = words.starts[(first + spans.ends)[inside]]
    return Spans(spans.rows, starts, ends - begins)
