"""The models that tell main text from the rest of a page: learned numbers in one file of arrays."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from atom_data.errors import ConfigError
from atom_data.text.arrays import Float32s
from atom_data.text.html.page import CLASS_HASHES, Page
from atom_data.text.main_text.features import Scores, block_features
from atom_data.text.main_text.names import COLUMNS, SECOND_COLUMNS
from atom_data.text.main_text.second import stage_two_features
from atom_data.text.main_text.trees import LEAVES, Trees, chances_of
from atom_data.text.main_text.words import WORD_HASHES
from atom_data.text.memory import kernel, read_only

VERSION = 1
"""Of the meaning of columns and hashes: a model for another one says nothing here."""
_TREES = ("columns", "borders", "masks", "leaves", "splits")


@dataclass(frozen=True, slots=True)
class Model:
    """Scores of words, and two sets of trees: the second sees what the first says of a block's surroundings.

    In the file, an .npz: `version` (int), `class_words` (float32, by hash), `text_words` (float32, by hash), and for each
    stage 1 and 2 `columns1` (int32), `borders1` (float32), `masks1` (uint32), each [trees, 31], `leaves1` (float32
    [trees, 32]), `splits1` (int32 [trees]): see `trees.Trees`. Columns of stage 2 from `len(names.COLUMNS)` on are those of
    `names.SECOND_COLUMNS`. `about` (uint8): JSON, what it was trained on.
    """

    scores: Scores
    first: Trees
    second: Trees

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Read a model. ConfigError for a file that is none, or one for other columns."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: read_only(stored[name]) for name in stored.files}
            version = int(arrays["version"])
            scores = Scores(arrays["class_words"], arrays["text_words"])
            stages = [Trees(*(arrays[f"{name}{stage}"] for name in _TREES)) for stage in (1, 2)]
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(
                f"{path}: the file is not a model for main text: {error}. Give one that was trained."
            ) from error
        model = cls(scores, *stages)
        model._check(str(path), version)
        return model

    def save(self, path: str | Path | BinaryIO, about: str = "") -> None:
        """Write the model: the same bytes for the same numbers. `about` is kept as bytes of its own and read by nobody here."""
        arrays = {"version": np.array(VERSION), **self.scores._asdict()}
        for stage, trees in (("1", self.first), ("2", self.second)):
            arrays |= {f"{name}{stage}": array for name, array in zip(_TREES, trees, strict=True)}
        if about:
            arrays["about"] = np.frombuffer(about.encode(), np.uint8)
        np.savez_compressed(path, **arrays)

    def chances(self, page: Page, url: str | None) -> Float32s:
        """Return for each block the probability that it is main text."""
        found = block_features(page, url, self.scores)
        first = chances_by(np.ascontiguousarray(found.T), self.first)
        both = np.concatenate([found.T, stage_two_features(page, first).T])
        chances: Float32s = chances_by(both, self.second)
        return chances

    def _check(self, path: str, version: int) -> None:
        """Refuse what kernels would read beyond its end."""
        wanted = (CLASS_HASHES, 2 * WORD_HASHES)
        sizes = tuple(len(array) for array in self.scores)
        fits = version == VERSION and sizes == wanted
        for trees, count in ((self.first, len(COLUMNS)), (self.second, len(COLUMNS) + len(SECOND_COLUMNS))):
            fits &= trees.leaves.shape == (len(trees.splits), LEAVES) and trees.columns.shape == trees.borders.shape
            fits &= trees.columns.shape == trees.masks.shape == (len(trees.splits), LEAVES - 1)
            fits = fits and bool(np.all((trees.columns >= 0) & (trees.columns < count)))
            fits = fits and bool(np.all((trees.splits >= 0) & (trees.splits < LEAVES)))
        if not fits:
            raise ConfigError(
                f"{path}: the model is of version {version} with scores for {sizes} words; this release reads version "
                f"{VERSION} with {wanted} and trees over its own columns. Train it again."
            )


@kernel
def chances_by(found: Float32s, trees: Trees) -> Float32s:
    """Return the probability of each block; `found` has a row a column."""
    return chances_of(found, trees)
