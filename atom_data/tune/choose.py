"""Which stage answers a question, and whether what it has stored is enough."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.rules import Keep
from atom_data.runner.recipe import Recipe
from atom_data.stage import Stage
from atom_data.tune.again import without_cards
from atom_data.tune.bounds import CardRule, rules_of


@dataclass(frozen=True, slots=True)
class Choice:
    """A stage, the cards that are asked about, and where its rows come from."""

    stage: Stage
    cards: list[str]
    again: bool
    """Whether a sample is measured again: the stage has cards of its own, so what these dropped is not stored."""


def choose(recipe: Recipe, name: str | None, given: Sequence[str]) -> Choice:
    """Return the stage of that name; without a name the one that can judge most rules, one that stores its rows before others.

    `given` are cards; without them, a stage is asked about those that the recipe applies in it and after it. ConfigError for
    a pass, and for a recipe without a stage that could answer.
    """
    if name is not None:
        job = recipe.job(name)
        if not isinstance(job, Stage):
            raise ConfigError(
                f"'{job.name}' is not a stage but a pass: it stores no signals. Give --stage one of: {_names(recipe)}."
            )
        return Choice(job, list(given) or cards_of(recipe, name), _has_cards(job))
    choices = []
    for stage in _stages(recipe):
        cards, again = list(given) or cards_of(recipe, stage.name), _has_cards(stage)
        schema = without_cards(stage).schema() if again else stage.schema()
        choices.append((_judged(rules_of(cards), schema), not again, Choice(stage, cards, again)))
    if not choices:
        raise ConfigError(f"{recipe.path}: it has no stage, so no signals. Give a recipe with one.")
    return max(choices, key=lambda choice: choice[:2])[2]


def cards_of(recipe: Recipe, stage: str) -> list[str]:
    """Return the cards that the recipe applies in a stage or in those after it, in their order."""
    names = [job.name for job in recipe.jobs]
    later = [job for job in recipe.jobs[names.index(stage) :] if isinstance(job, Stage)]
    return list(dict.fromkeys(step.card for job in later for step in job.steps if isinstance(step, Keep)))


def _stages(recipe: Recipe) -> list[Stage]:
    return [job for job in recipe.jobs if isinstance(job, Stage)]


def _names(recipe: Recipe) -> str:
    return ", ".join(stage.name for stage in _stages(recipe))


def _has_cards(stage: Stage) -> bool:
    return any(isinstance(step, Keep) for step in stage.steps)


def _judged(rules: Sequence[CardRule], schema: pa.Schema) -> int:
    """Return how many rules find their columns."""
    columns = ({item.rule.column, *(name for name, _ in item.rule.where)} for item in rules)
    return sum(names <= {*schema.names} for names in columns)
