"""The models that tell main text from the rest of a page: two stages of trees, trained and cross-validated by site."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from atom_data.errors import ConfigError, DataError
from atom_data.text.arrays import Bools, Float32s
from atom_data.text.main_text.choice import choose
from atom_data.text.main_text.features import Scores, block_features, no_scores
from atom_data.text.main_text.model import Model
from atom_data.text.main_text.second import stage_two_features
from atom_data.text.main_text.summary import summary
from atom_data.text.main_text.trees import Trees
from atom_data.train.extraction.boosting import Boosting, grow, probabilities
from atom_data.train.extraction.examples import (
    Example,
    agreement_of,
    class_word_content,
    sites_in_folds,
    text_word_content,
)
from atom_data.train.extraction.lessons import Lesson, lessons_of

Say = Callable[[str], None]
CLASS_PAGES, TEXT_PAGES = 2, 3
"""Words of fewer pages mean nothing."""
CLASS_PRIOR, TEXT_PRIOR = 2, 4
"""So many pages that say nothing are counted with each word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How to train."""

    seed: int = 0
    folds: int = 10
    """Of the cross-validation."""
    inner_folds: int = 2
    """For what the second stage is trained on: the first stage on pages that it has not seen."""
    blind: float = 0.4
    """The share of pages that are trained on without their address, the words of their text and classes, what only Latin text
    says, and the elements that say what they hold: see `lessons`."""
    joined: float = 0.5
    """The share of blind articles that have the links of another page beside them."""
    first: Boosting = field(default_factory=lambda: Boosting(rounds=90, learning_rate=0.11, least_in_leaf=200))
    second: Boosting = field(default_factory=lambda: Boosting(rounds=120, learning_rate=0.06, least_in_leaf=400))

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.folds < 2 or self.inner_folds < 2:
            raise ConfigError(f"folds are {self.folds}, inner_folds {self.inner_folds}. Give 2 or more of each.")
        for name in ("blind", "joined"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} is {getattr(self, name)}; it is a share of pages. Give 0 or more, and less than 1."
                )


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
    lessons = lessons_of(examples, options.blind, options.joined, options.seed)
    rows, chances = _unseen(examples, lessons, options, say)
    first = _grown(rows, lessons, options.first, options.seed)
    say("first stage trained")
    both = [
        np.concatenate([row, stage_two_features(lesson.page, chance)], 1)
        for lesson, row, chance in zip(lessons, rows, chances, strict=True)
    ]
    second = _grown(both, lessons, options.second, options.seed)
    say("second stage trained")
    return Model(word_scores(examples), first, second)


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


def _unseen(
    examples: Sequence[Example], lessons: Sequence[Lesson], options: Options, say: Say
) -> tuple[list[Float32s], list[Float32s]]:
    """Return columns and first-stage probabilities of every lesson, by scores and models that have not seen its site."""
    folds = sites_in_folds(examples, options.inner_folds, options.seed + 1)
    rows: list[Float32s] = [np.zeros((0, 0), np.float32)] * len(lessons)
    for fold in range(options.inner_folds):
        scores = word_scores(_chosen(examples, folds != fold))
        for index in np.flatnonzero(folds == fold).tolist():
            rows[index] = lessons[index].rows(scores)
    chances: list[Float32s] = [np.zeros(0, np.float32)] * len(lessons)
    for fold in range(options.inner_folds):
        others = np.flatnonzero(folds != fold).tolist()
        trees = _grown(
            [rows[index] for index in others], [lessons[index] for index in others], options.first, options.seed
        )
        for index in np.flatnonzero(folds == fold).tolist():
            chances[index] = probabilities(rows[index], trees)
        say(f"  first stage, part {fold + 1} of {options.inner_folds}")
    return rows, chances


def _grown(rows: Sequence[Float32s], lessons: Sequence[Lesson], how: Boosting, seed: int) -> Trees:
    """Return the trees of lessons; `rows` are the columns of all their blocks."""
    return grow(
        [row[lesson.kept] for row, lesson in zip(rows, lessons, strict=True)],
        [lesson.content[lesson.kept] for lesson in lessons],
        [lesson.weights[lesson.kept] for lesson in lessons],
        how,
        seed,
    )


def _chosen(examples: Sequence[Example], which: Bools) -> list[Example]:
    return [example for example, one in zip(examples, which, strict=True) if one]


def _check(examples: Sequence[Example], folds: int) -> None:
    sites = len({example.labeled.site for example in examples})
    if sites < folds:
        raise DataError(
            f"train-extractor: {len(examples)} pages of {sites} sites cannot be put into {folds} folds by site. Give more sites."
        )
