"""What an output folder knows of the parameters of its recipe, so that they are typed once."""

from collections.abc import Mapping
from pathlib import Path

from atom_data.errors import DataError
from atom_data.runner.recipe import Recipe, load_recipe
from atom_data.workspace import Workspace


def recipe_for(path: str, workspace: Workspace, given: Mapping[str, str] | None = None) -> Recipe:
    """Load a recipe with the parameters that are given, and for the rest those of the last run of it in the folder."""
    return load_recipe(path, given, _remembered(path, workspace))


def remembered_said(recipe: Recipe, workspace: Workspace) -> str:
    """Say what was taken from the folder's last run; an empty string where nothing was."""
    known = ", ".join(f"{name}={recipe.given[name]}" for name in recipe.remembered)
    return f"{workspace.root}: {known}, as in the last run; --set gives another value" if known else ""


def _remembered(path: str, workspace: Workspace) -> Mapping[str, str]:
    """Return the settings of the folder's record where it is of this recipe; what is damaged or of another says nothing."""
    try:
        record = workspace.record()
    except DataError:
        return {}
    return record.settings if record and record.recipe == str(Path(path).absolute()) else {}
