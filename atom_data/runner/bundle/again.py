"""The recipe of a run once more, from its bundle: the same steps over inputs and files that may lie elsewhere by now."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

from atom_data.errors import DataError
from atom_data.graph import Node
from atom_data.readers.source import FileSource
from atom_data.runner.bundle.held import file_fields
from atom_data.runner.recipe import load_recipe
from atom_data.storage.paths import is_remote

MOVES = "moves.json"
"""Beside again.py: {"recipe": its copy, "base": where it lay, "inputs": [[before, now], ...], "files": [[before, now], ...],
"settings": {parameter: as `--set` had it}}."""
PAGE = '''"""The recipe of {out} once more, from what its run kept. Written by atom-data reproduce."""

from pathlib import Path

from atom_data.runner.bundle.again import again


def stages():
    """Return the stages of the recipe, with inputs and files where they lie now."""
    return again(Path(__file__).parent)
'''


@dataclass(frozen=True, slots=True)
class Moves:
    """Where inputs and files of a recipe lie now, by where they lay; the longest that fits counts."""

    here: str
    """The folder of the recipe's copy."""
    base: str
    """Where the recipe lay."""
    inputs: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    def input(self, path: str) -> str:
        """Return a path of a source as it is now; what the copy of the recipe would look for beside itself lies at `base`."""
        if is_remote(path):
            return path
        return _moved(_moved(path, ((self.here, self.base),)), self.inputs)

    def file(self, path: Path) -> Path:
        """Return a file or folder that a step holds as it is now: the copy of the bundle where there is one."""
        return (
            path
            if path.is_relative_to(self.here) and path.exists()
            else Path(_moved(self.input(str(path)), self.files))
        )


def _moved(path: str, moves: tuple[tuple[str, str], ...]) -> str:
    for before, now in sorted(moves, key=lambda pair: len(pair[0]), reverse=True):
        if path == before or path.startswith(before.rstrip("/") + "/"):
            return now + path[len(before) :] if path == before else now.rstrip("/") + path[len(before.rstrip("/")) :]
    return path


def again(folder: Path) -> tuple[Node, ...]:
    """Return the stages of the recipe whose bundle lies in a folder. DataError where that is none any more."""
    try:
        page = json.loads((folder / MOVES).read_text("utf-8"))
        recipe, settings = folder / page["recipe"], dict(page["settings"])
        moves = Moves(
            str(recipe.parent),
            page["base"],
            *(tuple((one, two) for one, two in page[name]) for name in ("inputs", "files")),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder / MOVES}: does not say where inputs are ({error}). Run atom-data reproduce again."
        ) from error
    modules = str(folder / "modules")
    if modules not in sys.path:
        sys.path.insert(0, modules)
    nodes: tuple[Node, ...] = Rebuilder(moves).rebuilt(load_recipe(str(recipe), settings).nodes)
    return nodes


class Rebuilder:
    """Puts other paths into the parts of a recipe; what two of them share they share afterwards, too."""

    def __init__(self, moves: Moves) -> None:
        """Take where things lie now."""
        self._moves = moves
        self._known: dict[int, tuple[Any, Any]] = {}

    def rebuilt(self, value: Any) -> Any:  # noqa: ANN401 - whatever a recipe is made of
        """Return a value with other paths: itself, where none of its parts has one."""
        if id(value) not in self._known:
            self._known[id(value)] = value, self._made(value)  # the value stays, so that nothing else gets its id
        return self._known[id(value)][1]

    def _made(self, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, Path):
            place = self._moves.file(value)
            return place if place != value else value
        if isinstance(value, tuple) and type(value) is tuple:
            made = tuple(map(self.rebuilt, value))
            return made if any(new is not old for new, old in zip(made, value, strict=True)) else value
        if isinstance(value, list):
            others = list(map(self.rebuilt, value))
            return others if any(new is not old for new, old in zip(others, value, strict=True)) else value
        if isinstance(value, Mapping) and type(value) is dict:
            mapped = {key: self.rebuilt(item) for key, item in value.items()}
            return mapped if any(mapped[key] is not item for key, item in value.items()) else value
        if type(value) is partial:
            arguments, keywords = self.rebuilt(value.args), self.rebuilt(value.keywords)
            same = arguments is value.args and keywords is value.keywords
            return value if same else partial(value.func, *arguments, **keywords)
        if is_dataclass(value) and not isinstance(value, type):
            return self._dataclass(value)
        return value

    def _dataclass(self, value: Any) -> Any:  # noqa: ANN401
        before = {item.name: getattr(value, item.name) for item in fields(value)}
        after = {name: self.rebuilt(item) for name, item in before.items()}
        kind: type = type(value)
        for name in file_fields(kind):
            if isinstance(before[name], str):
                now = str(self._moves.file(Path(before[name])))
                after[name] = now if now != before[name] else before[name]
        if isinstance(value, FileSource):
            paths = tuple(self._moves.input(path) for path in value.paths)
            after["paths"] = paths if paths != value.paths else value.paths
        if all(after[name] is item for name, item in before.items()):
            return value
        made = object.__new__(type(value))  # what it computed from other paths is not taken along
        for name, item in after.items():
            object.__setattr__(made, name, item)
        return made


def write_again(folder: Path, out: str, moves: Moves, recipe: str, settings: Mapping[str, str]) -> Path:
    """Write the recipe that makes a run again into a copy of its bundle, and return its path."""
    page: dict[str, object] = {"recipe": recipe, "base": moves.base, "inputs": moves.inputs, "files": moves.files}
    page["settings"] = dict(settings)
    (folder / MOVES).write_text(json.dumps(page, indent=1) + os.linesep, "utf-8")
    path = folder / "again.py"
    path.write_text(PAGE.format(out=out), "utf-8")
    return path
