"""The models that tell main text from the rest of a page: two stages of trees, trained and cross-validated by site."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from atom_data.errors import ConfigError, DataError
from atom_data.text.arrays import Bools, Float32s, Float64s
from atom_data.text.html.page import Page
from atom_data.text.main_text.choice import choose
from atom_data.text.main_text.features import Scores, block_features, no_scores
from atom_data.text.main_text.model import Model
from atom_data.text.main_text.second import stage_two_features
from atom_data.text.main_text.summary import summary
from atom_data.train.extraction.boosting import Boosting, grow, probabilities
from atom_data.train.extraction.examples import (
    Example,
    agreement_of,
    class_word_content,
    sites_in_folds,
    text_word_content,
)

Say = Callable[[str], None]
LISTS, LISTS_SHARE = ("collection", "listing", "product", "service"), 0.25
CLASS_PAGES, TEXT_PAGES = 2, 3
"""Words of fewer pages mean nothing."""
CLASS_PRIOR, TEXT_PRIOR = 2, 4
"""So many pages that say nothing are counted with each word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How to train."""

    seed: int = 0
    folds: int = 3
    """Of the cross-validation."""
    inner_folds: int = 3
    """For what the second stage is trained on: the first stage on pages that it has not seen."""
    blind: float = 0.5
    """The share of pages that are trained on without their address, the words of their text and classes, what only Latin text
    says, and the elements that say what they hold: so that the model does not lean on what a page of another language, site
    or decade does not have. Of pages that are lists of links or goods (LISTS), a quarter of it: what is content there is
    furniture elsewhere, and nothing else tells which page is which."""
    first: Boosting = field(default_factory=lambda: Boosting(rounds=160, learning_rate=0.06))
    second: Boosting = field(default_factory=lambda: Boosting(rounds=100, learning_rate=0.06))

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.folds < 2 or self.inner_folds < 2:
            raise ConfigError(f"folds are {self.folds}, inner_folds {self.inner_folds}. Give 2 or more of each.")
        if not 0 <= self.blind < 1:
            raise ConfigError(f"blind is {self.blind}; it is a share of the pages. Give 0 or more, and less than 1.")


@dataclass(frozen=True, slots=True)
class Scored:
    """What a model that has not seen a page's site makes of it."""

    example: Example
    chances: Float32s
    f1: float
    precision: float
    recall: float
    expected: float
    """The F1 that the choice of blocks expects."""
    summary: Float32s
    """The page in numbers: `main_text.summary`."""


def train(examples: Sequence[Example], options: Options, say: Say) -> Model:
    """Return the model of all pages. DataError for fewer sites than folds."""
    _check(examples, options.inner_folds)
    rows, chances = _unseen(examples, options, say)
    scores = word_scores(examples)
    first = grow(rows, _targets(examples), _weights(examples), options.first, options.seed)
    say("first stage trained")
    both = [
        np.concatenate([row, stage_two_features(training_page(example, options), chance)], 1)
        for example, row, chance in zip(examples, rows, chances, strict=True)
    ]
    second = grow(both, _targets(examples), _weights(examples), options.second, options.seed)
    say("second stage trained")
    return Model(scores, first, second)


def cross_validated(examples: Sequence[Example], options: Options, say: Say) -> Iterator[Scored]:
    """Yield every page as seen by a model that was trained on other sites, fold by fold."""
    _check(examples, options.folds)
    folds = sites_in_folds(examples, options.folds, options.seed)
    for fold in range(options.folds):
        seen = [example for example, number in zip(examples, folds, strict=True) if number != fold]
        model = train(seen, options, say)
        found = [scored(example, model) for example, number in zip(examples, folds, strict=True) if number == fold]
        say(f"fold {fold + 1} of {options.folds}: {len(found)} pages, F1 {np.mean([one.f1 for one in found]):.4f}")
        yield from found


def scored(example: Example, model: Model) -> Scored:
    """Return what a model makes of a page."""
    chances = model.chances(example.page, example.labeled.url)
    kept, expected = choose(example.page, chances)
    found = block_features(example.page, example.labeled.url, model.scores)
    row = summary(example.page, found, chances, kept, expected)
    return Scored(example, chances, *agreement_of(example, kept), expected, row)


def word_scores(examples: Sequence[Example]) -> Scores:
    """Return how much more content than the mean of their pages stands where words of classes, and of texts, are: hundredths."""
    found = no_scores()
    for scores, content, least, prior in (
        (found.class_words, class_word_content, CLASS_PAGES, CLASS_PRIOR),
        (found.text_words, text_word_content, TEXT_PAGES, TEXT_PRIOR),
    ):
        sums, counts = np.zeros(len(scores)), np.zeros(len(scores))
        for example in examples:
            hashes, values = content(example)
            sums[hashes] += values
            counts[hashes] += 1
        scores[:] = np.where(counts >= least, np.round(sums / (counts + prior), 2), 0)
    return found


def is_blind(example: Example, options: Options) -> bool:
    """Tell whether a page is trained on without what other pages may not have: the same for its name and seed."""
    key = blake2b(f"{options.seed}/{example.labeled.name}".encode(), digest_size=4).digest()
    share = options.blind * (LISTS_SHARE if example.labeled.kind in LISTS else 1)
    return int.from_bytes(key, "big") < share * 2**32


def training_rows(example: Example, scores: Scores, options: Options) -> Float32s:
    """Return the columns of a page's blocks as the model is trained on them."""
    if is_blind(example, options):
        return np.ascontiguousarray(block_features(example.plain, None, no_scores(), any_script=True))
    return np.ascontiguousarray(block_features(example.page, example.labeled.url, scores))


def training_page(example: Example, options: Options) -> Page:
    """Return the page that `training_rows` are of."""
    return example.plain if is_blind(example, options) else example.page


def _unseen(examples: Sequence[Example], options: Options, say: Say) -> tuple[list[Float32s], list[Float32s]]:
    """Return columns and first-stage probabilities of every page, by scores and models that have not seen its site."""
    folds = sites_in_folds(examples, options.inner_folds, options.seed + 1)
    rows: list[Float32s] = [np.zeros((0, 0), np.float32)] * len(examples)
    for fold in range(options.inner_folds):
        scores = word_scores(_chosen(examples, folds != fold))
        for index in np.flatnonzero(folds == fold).tolist():
            rows[index] = training_rows(examples[index], scores, options)
    chances: list[Float32s] = [np.zeros(0, np.float32)] * len(examples)
    for fold in range(options.inner_folds):
        others = np.flatnonzero(folds != fold).tolist()
        part = [examples[index] for index in others]
        trees = grow([rows[index] for index in others], _targets(part), _weights(part), options.first, options.seed)
        for index in np.flatnonzero(folds == fold).tolist():
            chances[index] = probabilities(rows[index], trees)
        say(f"  first stage, part {fold + 1} of {options.inner_folds}")
    return rows, chances


def _chosen(examples: Sequence[Example], which: Bools) -> list[Example]:
    return [example for example, one in zip(examples, which, strict=True) if one]


def _targets(examples: Sequence[Example]) -> list[Float64s]:
    return [example.content for example in examples]


def _weights(examples: Sequence[Example]) -> list[Float32s]:
    return [example.weights for example in examples]


def _check(examples: Sequence[Example], folds: int) -> None:
    sites = len({example.labeled.site for example in examples})
    if sites < folds:
        raise DataError(
            f"train-extractor: {len(examples)} pages of {sites} sites cannot be put into {folds} folds by site. Give more sites."
        )
