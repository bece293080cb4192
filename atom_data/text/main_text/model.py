"""The models that tell main text from the rest of a page: learned numbers in one file of arrays."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from atom_data.errors import ConfigError
from atom_data.text.arrays import Bools, Float32s
from atom_data.text.html.page import CLASS_HASHES, Page
from atom_data.text.main_text.choice import choose
from atom_data.text.main_text.features import Scores, write_features
from atom_data.text.main_text.kin import evened
from atom_data.text.main_text.names import COLUMNS, SECOND_COLUMNS
from atom_data.text.main_text.second import write_second
from atom_data.text.main_text.summary import SUMMARY_COLUMNS, summary
from atom_data.text.main_text.trees import LEAVES, Bounds, Trees, chances_of, find_bounds, sum_of_row
from atom_data.text.main_text.words import WORD_HASHES
from atom_data.text.memory import kernel, read_only

VERSION = 1
"""Of the meaning of columns and hashes: a model for another one says nothing here."""
KINDS, OTHER = ("article", "collection", "documentation", "forum", "listing", "product", "service"), "other"
"""Kinds of pages, as WCXB has them (arXiv 2605.21097, section 3)."""
_TREES = ("columns", "borders", "masks", "leaves", "splits")


@dataclass(frozen=True, slots=True)
class Model:
    """Scores of words, and two sets of trees: the second sees what the first says of a block's surroundings. What the second says
    of blocks that stand alike is brought together: see `kin`.

    In the file, an .npz: `version` (int), `class_words` (float32, by hash), `text_words` (float32, by hash), and for each
    stage 1 and 2 `columns1` (int32), `borders1` (float32), `masks1` (uint32), each [trees, 31], `leaves1` (float32
    [trees, 32]), `splits1` (int32 [trees]): see `trees.Trees`. Columns of stage 2 from `len(names.COLUMNS)` on are those of
    `names.SECOND_COLUMNS`. `about` (uint8): JSON, what it was trained on. Models of whole pages, where it has them, are over
    `summary.SUMMARY_COLUMNS`: `columns_kinds` and so on, with a first axis as long as KINDS.
    """  # fmt: skip

    scores: Scores
    first: Trees
    second: Trees
    kinds: tuple[Trees, ...] = ()
    every_kind: Trees = field(init=False, repr=False, compare=False)
    """The trees of all kinds, one kind after the other: what one call takes."""

    def __post_init__(self) -> None:
        """Put the trees of kinds together."""
        every = Trees(*map(np.concatenate, zip(*self.kinds, strict=True))) if self.kinds else self.first
        width = int(every.splits.max(initial=1))  # a row of trees with eight leaves is as long as one of those with 32
        columns, borders, masks, leaves = (part[:, : width + (part is every.leaves)] for part in every[:-1])
        parts = (columns, borders, masks, leaves, every.splits)
        object.__setattr__(self, "every_kind", Trees(*(read_only(np.ascontiguousarray(part)) for part in parts)))

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Read a model. ConfigError for a file that is none, or one for other columns."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: read_only(stored[name]) for name in stored.files}
            version = int(arrays["version"])
            scores = Scores(arrays["class_words"], arrays["text_words"])
            stages = [Trees(*(arrays[f"{name}{stage}"] for name in _TREES)) for stage in (1, 2)]
            kinds = _kinds(arrays)
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(
                f"{path}: the file is not a model for main text: {error}. Give one that was trained."
            ) from error
        model = cls(scores, stages[0], stages[1], kinds)
        model._check(str(path), version)
        return model

    def save(self, path: str | Path | BinaryIO, about: str = "") -> None:
        """Write the model: the same bytes for the same numbers. `about` is kept as bytes of its own and read by nobody here."""
        arrays = {"version": np.array(VERSION), **self.scores._asdict()}
        for stage, trees in (("1", self.first), ("2", self.second)):
            arrays |= {f"{name}{stage}": array for name, array in zip(_TREES, trees, strict=True)}
        if self.kinds:
            arrays |= {
                f"{name}_kinds": np.stack(parts)
                for name, parts in zip(_TREES, zip(*self.kinds, strict=True), strict=True)
            }
        if about:
            arrays["about"] = np.frombuffer(about.encode(), np.uint8)
        np.savez_compressed(path, **arrays)

    def chances(self, page: Page, url: str | None) -> Float32s:
        """Return for each block the probability that it is main text."""
        chances: Float32s = self._rated(page, url)[1]
        return chances

    def judged(self, page: Page, url: str | None, *, least: float = 0.0, enough: float = 2.0) -> "Judged":
        """Return which blocks to keep, as `choice.choose` takes them, and what can be said of the whole page."""
        found, chances = self._rated(page, url)
        kept, expected = choose(page, chances, least=least, enough=enough)
        if not self.kinds or not len(chances):
            return Judged(kept, chances, expected, None, None)
        row = summary(page, found[: len(COLUMNS)].T, chances, kept, expected)
        kind, chance = _likeliest(_chances_of_row(row, self.every_kind, len(self.kinds)).tolist())
        return Judged(kept, chances, expected, kind, chance)

    def _rated(self, page: Page, url: str | None) -> tuple[Float32s, Float32s]:
        """Return all columns of a page, those of both stages, a row a column; and the probability of each block.

        Rows are as long as a multiple of WIDTH: what stands behind the blocks means nothing.
        """
        count = len(COLUMNS)
        blocks = len(page.blocks)
        found = _empty_rows(count + len(SECOND_COLUMNS), blocks)
        if not blocks:
            return found, np.zeros(0, np.float32)
        write_features(page, url, self.scores, found[:count])
        bounds = Bounds(np.empty(len(found), np.float32), np.empty(len(found), np.float32))
        first = _chances_of_page(found, blocks, 0, count, self.first, bounds)[:blocks]
        kin = write_second(page, first, found[count:])
        chances = _chances_of_page(found, blocks, count, len(found), self.second, bounds)[:blocks]
        return found, evened(page.blocks, kin, chances)

    def _check(self, path: str, version: int) -> None:
        """Refuse what kernels would read beyond its end."""
        wanted = (CLASS_HASHES, 2 * WORD_HASHES)
        sizes = tuple(len(array) for array in self.scores)
        fits = version == VERSION and sizes == wanted
        fits = fits and len(self.kinds) in (0, len(KINDS))
        for trees, count in (
            (self.first, len(COLUMNS)),
            (self.second, len(COLUMNS) + len(SECOND_COLUMNS)),
            *((trees, len(SUMMARY_COLUMNS)) for trees in self.kinds),
        ):
            fits &= trees.leaves.shape == (len(trees.splits), LEAVES) and trees.columns.shape == trees.borders.shape
            fits &= trees.columns.shape == trees.masks.shape == (len(trees.splits), LEAVES - 1)
            fits = fits and bool(np.all((trees.columns >= 0) & (trees.columns < count)))
            fits = fits and bool(np.all((trees.splits >= 0) & (trees.splits < LEAVES)))
        if not fits:
            raise ConfigError(
                f"{path}: the model is of version {version} with scores for {sizes} words; this release reads version "
                f"{VERSION} with {wanted} and trees over its own columns. Train it again."
            )


class Judged(NamedTuple):
    """What a model makes of a page."""

    kept: Bools
    chances: Float32s
    confidence: float
    """The F1 over words that the choice of blocks expects: on sites held out, off by 0.02 in the mean of deciles, and a model of
    whole pages that was trained for it was not better."""
    kind: str | None
    """One of KINDS, or OTHER; None without a model of kinds, and for a page without text."""
    kind_chance: float | None


def _kinds(arrays: dict[str, np.ndarray]) -> tuple[Trees, ...]:
    """Return the trees for kinds that a file has."""
    if "columns_kinds" not in arrays:
        return ()
    return tuple(Trees(*parts) for parts in zip(*(arrays[f"{name}_kinds"] for name in _TREES), strict=True))


def _likeliest(chances: list[float]) -> tuple[str | None, float | None]:
    """Return the likeliest kind and its probability: each kind has a model of its own, and what they leave is OTHER's."""
    if not chances:
        return None, None
    total = max(1.0, sum(chances))
    shares = [*(chance / total for chance in chances), 1 - sum(chances) / total]
    best = max(range(len(shares)), key=lambda place: shares[place])
    return (*KINDS, OTHER)[best], shares[best]


WIDTH = 64
"""Blocks that one turn of the vector code for trees takes: the rest of a page would be taken one by one, at a fifth more time."""
LINE = 16
"""Numbers in a line of the processor's memory: what begins inside one is read as two, at an eighth more time."""


def _empty_rows(rows: int, blocks: int) -> Float32s:
    """Return rows that are as long as a multiple of WIDTH, and begin where a line of memory begins."""
    width = -(-blocks // WIDTH) * WIDTH
    space = np.empty(rows * width + LINE, np.float32)
    start = -(space.ctypes.data // space.itemsize) % LINE
    return space[start : start + rows * width].reshape(rows, width)


@kernel
def _chances_of_page(found: Float32s, blocks: int, start: int, end: int, trees: Trees, bounds: Bounds) -> Float32s:
    """Return the probability of each block of one page; of columns from `start` to `end` the bounds are found first."""
    find_bounds(found, blocks, bounds, start, end)
    return chances_of(found, trees, bounds)


@kernel
def _chances_of_row(row: Float32s, trees: Trees, kinds: int) -> Float32s:
    """Return a probability for each of so many sets of trees that stand one after the other, as many trees in each."""
    chances = np.zeros(kinds, np.float32)
    each = len(trees.splits) // kinds
    for tree in range(each * kinds):
        chances[tree // each] += sum_of_row(row, trees, tree)
    for kind in range(kinds):
        chances[kind] = np.float32(1) / (np.float32(1) + np.exp(-chances[kind]))
    return chances


def chances_by(found: Float32s, trees: Trees) -> Float32s:
    """Return the probability of each block; `found` has a row a column, and at least one block."""
    bounds = Bounds(np.empty(len(found), np.float32), np.empty(len(found), np.float32))
    chances: Float32s = _chances_of_page(found, found.shape[1], 0, len(found), trees, bounds)
    return chances
