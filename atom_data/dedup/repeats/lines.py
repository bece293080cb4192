"""Lines and paragraphs that repeat, over all documents and within one.

CCNet (Wenzek et al. 2019, section 3.1) removes paragraphs that come again anywhere in a snapshot, by a 64-bit hash of the
folded text, and calls each line a paragraph; Dolma (Soldaini et al. 2024) does so with a Bloom filter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from atom_data.dedup.repeats.engines import FOREVER, Bloom, Exact, Partition, Verdict
from atom_data.dedup.repeats.rounds import Found, Pieces, Round
from atom_data.errors import ConfigError
from atom_data.text.buffers import Buffers
from atom_data.text.repeats.line_hashes import hashed_lines
from atom_data.text.repeats.spans import Spans, merged


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Compares line by line. Adds `repeated_lines`, `repeated_line_count`, `_bytes` and `_share` (see `Repeats`).

    A line is its bytes to and with its line feed; where the last line of a text has none and repeats, the line feed before
    it goes with it. Blank lines, and lines of which nothing is left to compare, never repeat.
    """

    folded: bool = True
    """Compare in lower case, digits as 0, without punctuation and accents (`text.folding`); else byte by byte."""
    min_characters: int = 1
    """Lines with fewer characters (as compared) are left alone."""
    at_most: int = 1
    """Lines with up to this many occurrences are kept; of more frequent ones the first occurrence is kept."""
    keep_first: bool = True
    """Whether the first one stays: without it, a line that comes more than `at_most` times is boilerplate everywhere."""
    within: bool = True
    """Whether a line that comes again in its own document repeats; else only other documents count, each once."""
    engine: Exact | Bloom = field(default_factory=Exact)
    seed: int = 0
    """Key of the 128-bit hash (SipHash-2-4): among 10^12 distinct lines, a pair with the same hash has odds of 1.5e-15."""

    name: ClassVar[str] = "repeated-lines"
    column: ClassVar[str] = "repeated_line"
    paragraphs: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Validate parameters."""
        label = type(self).__name__
        for name in ("min_characters", "at_most"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{label}: {name} is {getattr(self, name)}. Give a whole number from 1.")
        if not 0 <= self.seed < 1 << 64:
            raise ConfigError(f"{label}: seed is {self.seed}. Give a number from 0 to 2^64 - 1.")
        if isinstance(self.engine, Bloom) and (self.at_most > 1 or not self.keep_first):
            raise ConfigError(
                f"{label}: a Bloom filter knows that a line came before, not how often. "
                "Leave at_most and keep_first as they are, or take engine=Exact()."
            )

    def rounds(self) -> tuple[Round, ...]:
        """One round."""
        return (Round(name="hashes", cut=self._cut, judge=self._judge),)

    def _cut(self, buffers: Buffers, _: Found) -> Pieces:
        found = hashed_lines(
            buffers,
            paragraphs=self.paragraphs,
            folded=self.folded,
            min_characters=self.min_characters,
            seed=self.seed,
        )
        once = np.ones(len(found.rows), np.int64)
        return Pieces(found.rows, found.starts, found.sizes, once, found.highs, found.lows, np.empty(0, np.uint64))

    def _judge(self, partition: Partition) -> Iterator[Verdict]:
        distance = 1 if self.within else FOREVER
        return self.engine.judge(partition, distance=distance, at_most=self.at_most, keep_first=self.keep_first)

    def spans(self, buffers: Buffers, found: Found) -> tuple[Spans, npt.NDArray[np.int64]]:
        """Return the bytes of the repeated lines, and how many there are in each text."""
        spans = merged(found.rows, found.starts, found.starts + found.steps)
        sizes = np.diff(buffers.offsets)[spans.rows]
        last = (spans.ends == sizes) & (spans.starts > 0)
        last[last] = buffers.data[buffers.offsets[spans.rows[last] + 1] - 1] != 0x0A
        counts = np.bincount(found.rows, minlength=len(buffers.offsets) - 1)
        return merged(spans.rows, spans.starts - last, spans.ends), counts


@dataclass(frozen=True, kw_only=True)
class Paragraphs(Lines):
    """Compares paragraph by paragraph. Adds `repeated_paragraphs`, `repeated_paragraph_count`, `_bytes` and `_share`.

    A paragraph is a run of lines that are not blank, with the blank lines after it. All else is as for `Lines`.
    """

    name: ClassVar[str] = "repeated-paragraphs"
    column: ClassVar[str] = "repeated_paragraph"
    paragraphs: ClassVar[bool] = True
