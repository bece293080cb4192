"""docs/recipes.md names every step of every recipe, and pipelines/README.md every recipe."""

import re
from pathlib import Path

import pytest

from atom_data.dedup import Copies, Repeats
from atom_data.graph import Job, Source
from atom_data.rules import Keep
from atom_data.runner.recipe import load_recipe
from atom_data.stage import Stage
from tests.command import ROOT
from tests.recipes.test_recipes import RECIPES, encoder, settings, stand_ins  # noqa: F401 - fixtures

PAGE = (ROOT / "docs" / "recipes.md").read_text()


def section(recipe: str) -> str:
    found = [part for part in PAGE.split("\n## ")[1:] if f"{recipe}.py" in part.partition("\n")[0]]
    assert len(found) == 1, f"docs/recipes.md has {len(found)} sections on {recipe}.py"
    return found[0]


def named(jobs: tuple[Job, ...]) -> set[str]:
    """Return the steps, cards and comparisons of a recipe."""
    found = set()
    for job in jobs:
        sources: list[Source] = list(job.sources())
        while sources:
            source = sources.pop()
            sources += [] if isinstance(source, Stage) else source.sources()
            if isinstance(source, (Copies, Repeats)):
                found.add(type(source.by).__name__)
        for step in job.steps if isinstance(job, Stage) else ():
            found.add(
                Path(step.card).stem if isinstance(step, Keep) else getattr(step, "__name__", type(step).__name__)
            )
    return found


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_step_is_in_the_table(recipe: str, stand_ins: Path) -> None:  # noqa: F811
    given = {name: str(value) for name, value in settings(stand_ins)[recipe].items()}
    text = section(recipe)
    missing = {
        name
        for name in named(load_recipe(str(ROOT / "pipelines" / f"{recipe}.py"), given).jobs)
        if f"`{name}" not in text
    }
    assert not missing


def test_what_the_tables_name_is_there() -> None:
    cards = {path.stem for path in (ROOT / "filters").glob("*.toml")}
    for part in re.findall(r"cards? ((?:`[a-z]\w+`(?:, | and )?)+)", PAGE):
        assert set(re.findall(r"`(\w+)`", part)) <= cards


def test_the_folder_says_what_is_in_it() -> None:
    text = (ROOT / "pipelines" / "README.md").read_text()
    for recipe in RECIPES:
        assert f"[{recipe}.py]({recipe}.py)" in text
