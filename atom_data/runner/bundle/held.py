"""The files behind a recipe: its own, the user's modules that it imports, and every path that its jobs hold."""

import inspect
import re
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from atom_data.assets import filters_folder
from atom_data.graph import Node
from atom_data.imports import read_source
from atom_data.reach import contents
from atom_data.readers.source import FileSource
from atom_data.rules import Keep

PLAIN = (str, int, float, bytes, type(None))


def held_files(nodes: Sequence[Node]) -> list[Path]:
    """Return the files that parts of a recipe hold by a Path, as they are written there, and the cards; each once, in order."""
    found: dict[Path, None] = {}
    for value in parts(nodes):
        if isinstance(value, Path) and value.is_file():
            found.setdefault(value)
        elif isinstance(value, Keep):
            found.setdefault(card_file(value))
    return list(found)


def card_file(step: Keep) -> Path:
    """Return the file of a card: one of the package's, or the user's own as `rules.load_card` looks for it."""
    if not step.card.endswith(".toml"):
        return filters_folder() / f"{step.card}.toml"
    here = Path(step.card)
    return here if here.is_file() else Path(step.folder) / step.card


def parts(value: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever a recipe is made of
    """Yield a value and all that it is made of, each object once; of a source of files not the files."""
    seen: set[int] = set()
    kept: list[Any] = []  # so that no two objects share an id meanwhile
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, PLAIN) or id(value) in seen:
            continue
        seen.add(id(value))
        kept.append(value)
        yield value
        waiting += reversed(list(_inside(value)))


def _inside(value: Any) -> Iterator[Any]:  # noqa: ANN401
    yield from contents(value)
    if inspect.isfunction(value):
        yield from inspect.getclosurevars(value).nonlocals.values()
        yield from (value.__defaults__, value.__kwdefaults__)
    elif is_dataclass(value) and not isinstance(value, type):
        names = file_fields(type(value))
        held = ((item.name, getattr(value, item.name)) for item in fields(value))
        yield from (Path(item) if name in names and isinstance(item, str) else item for name, item in held)


@cache
def file_fields(kind: type) -> frozenset[str]:
    """Return the fields of a dataclass that are declared as a Path: text in them names a file, too."""
    return frozenset(item.name for item in fields(kind) if re.search(r"\bPath\b", str(item.type)))


def file_sources(nodes: Sequence[Node]) -> list[FileSource]:
    """Return the sources of files that a recipe reads, in order."""
    return [value for value in parts(nodes) if isinstance(value, FileSource)]


def own_modules(recipe: Path) -> dict[str, Path]:
    """Return the user's own modules that a recipe imports, and those that these import, by name."""
    found: dict[str, Path] = {}
    waiting = [(f"atom_data_recipe_{recipe.stem}", recipe)]
    while waiting:
        name, path = waiting.pop()
        for imported in read_source(path.read_bytes(), name, path.name == "__init__.py").imports:
            for wanted in _names(imported.module, imported.name):
                file = _own_file(wanted)
                if file is not None and wanted not in found:
                    found[wanted] = file
                    waiting.append((wanted, file))
    return dict(sorted(found.items()))


def _names(module: str, name: str) -> Iterator[str]:
    words = module.split(".")
    yield from (".".join(words[:end]) for end in range(1, len(words) + 1))
    if name and name != "*":
        yield f"{module}.{name}"


def _own_file(module: str) -> Path | None:
    """Return the file of a module that is neither of Python, nor installed, nor ours; None where it is, or is not loaded."""
    there = sys.modules.get(module)
    if there is None or module.partition(".")[0] in (*sys.stdlib_module_names, "atom_data"):
        return None
    file = vars(there).get("__file__")
    if not file or not str(file).endswith(".py"):
        return None
    place = Path(file).resolve()
    installed = any(part in ("site-packages", "dist-packages") for part in place.parts)
    return None if installed or any(place.is_relative_to(folder) for folder in _python_folders()) else place


@cache
def _python_folders() -> tuple[Path, ...]:
    return tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))
