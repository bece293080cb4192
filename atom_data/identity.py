"""What decides a result, as plain JSON: parameters, cards and files; the code beside it is `reach.code_identity`."""

import hashlib
import inspect
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from types import CellType, FunctionType, ModuleType
from typing import Any, get_type_hints

import numpy as np
import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.origins import file_hash, origin
from atom_data.public_names import FORMER
from atom_data.rules import Keep, load_card


def label(step: object) -> str:
    """Return a step as a recipe writes it."""
    if isinstance(step, partial):
        return f"partial({label(step.func)})"
    if inspect.isfunction(step) or inspect.ismethod(step) or isinstance(step, type):
        return step.__name__
    if not is_dataclass(step) and callable(step):
        return f"an object of {type(step).__name__}"  # its repr may name an address in memory
    return str(step)


def describe(value: object) -> object:
    """Return what decides a step's result as plain JSON values: names, parameters, and bytes of files behind them.

    Files given as Path count by content, folders by that of all files in them; so does text in a field that a dataclass
    declares as a Path. A function counts by its source (see `origins`), its defaults and the values that it closes over;
    a partial by function, arguments and keywords; a bound method by its object. ConfigError for what cannot be described:
    an object of a plain class may hold anything.
    """
    if value is None or isinstance(value, (str, int, float, bool)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Keep):
        return {"card": value.card, "sha256": load_card(value.card, value.folder).sha256}
    if isinstance(value, Path):
        return {"file": value.name, "sha256": file_hash(value)}
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((describe(item) for item in value), key=canonical)
    if isinstance(value, Mapping):
        return {str(key): describe(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {"step": origin(type(value)), **describe_fields(value)}
    return _described_code(value) if callable(value) else _described_value(value)


def describe_fields(value: object, without: Collection[str] = ()) -> dict[str, object]:
    """Describe the fields of a dataclass but those named in `without`. ConfigError for an object of a plain class."""
    if not is_dataclass(value) or isinstance(value, type):
        raise ConfigError(
            f"{type(value).__name__} has no identity: it is not a dataclass, so a change of it would not be noticed. Make it a "
            "frozen dataclass, or give it a method identity()."
        )
    files, names = _file_fields(type(value)), [item.name for item in fields(value) if item.name not in without]
    return {name: _field(getattr(value, name), name in files) for name in names}


def _field(value: object, is_file: bool) -> object:
    """Describe a field of a dataclass; text in one that is declared as a Path names a file, and counts by its content."""
    if is_file and isinstance(value, str):
        return describe(Path(value))
    if is_file and isinstance(value, (list, tuple)):
        return [_field(item, is_file) for item in value]
    return describe(value)


@cache
def _file_fields(kind: type) -> frozenset[str]:
    """Return the fields that hold files and no other text."""
    try:
        hints = get_type_hints(kind)
    except (NameError, TypeError):  # a name that is imported for type checkers alone
        hints = {item.name: item.type for item in fields(kind)}
    words = {name: set(re.findall(r"\w+", str(hint))) for name, hint in hints.items()}
    return frozenset(name for name, found in words.items() if "Path" in found and "str" not in found)


def _described_code(value: Any) -> object:  # noqa: ANN401 - whatever can be called
    if isinstance(value, partial):
        called = {"partial": describe(value.func), "arguments": describe(value.args)}
        return {**called, "keywords": describe(value.keywords)}
    if inspect.ismethod(value):
        return {"method": value.__name__, "of": describe(value.__self__)}
    if isinstance(value, type) or inspect.isbuiltin(value):
        return {"step": origin(value)}
    function = value if inspect.isfunction(value) else inspect.unwrap(value)
    if not inspect.isfunction(function):
        raise ConfigError(
            f"{label(value)} has no identity: an object of a plain class may hold anything, and a change of it would not be "
            f"noticed. Make {type(value).__name__} a frozen dataclass."
        )
    return _described_function(function)


def _described_function(function: FunctionType) -> object:
    found: dict[str, object] = {"step": origin(function)}
    held = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    values = {name: _contents(cell) for name, cell in held}
    values = {name: describe(item) for name, item in values.items() if item is not function}
    if values:
        found["closure"] = values
    if isinstance(found["step"], str):  # the sources of this package say the rest
        return found
    defaults = {name: item.default for name, item in inspect.signature(function).parameters.items()}
    defaults = {name: item for name, item in defaults.items() if item is not inspect.Parameter.empty}
    if defaults:
        found["defaults"] = describe(defaults)
    if function.__name__ == "<lambda>":
        found["line"] = function.__code__.co_firstlineno
    return found


def _contents(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # a name that is not bound yet
        return None


def _described_value(value: object) -> object:
    if isinstance(value, bytes):
        return {"bytes": hashlib.sha256(value).hexdigest()}
    if isinstance(value, re.Pattern):
        return {
            "pattern": value.pattern if isinstance(value.pattern, str) else value.pattern.hex(),
            "flags": value.flags,
        }
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype != object:
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return {"array": str(value.dtype), "shape": list(value.shape), "sha256": content}
    if isinstance(
        value, (date, time, timedelta, Decimal, Fraction, range, pa.DataType, pa.Field, pa.Schema, pa.Scalar)
    ):
        return {type(value).__name__: str(value)}
    if isinstance(value, (pa.Array, pa.ChunkedArray)):
        return {"array": str(value.type), "values": hashlib.sha256(canonical(value.to_pylist()).encode()).hexdigest()}
    if isinstance(value, ModuleType):
        return {"module": value.__name__}
    raise ConfigError(
        f"a step holds {value!r}, which has no identity. Use numbers, text, paths, tuples or frozen dataclasses."
    )


def canonical(value: object) -> str:
    """Return JSON in one form: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def former_identities(value: object) -> list[object]:
    """Return an identity as releases before would have written it, for each generation of names that differs from today's.

    Only whole strings that stand under the key `step` are names; a column or a path of the same spelling is none.
    """
    found: list[object] = []
    for names in FORMER:
        before = _renamed(value, names)
        if before != value and before not in found:
            found.append(before)
    return found


def _renamed(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: names.get(item, item) if key == "step" and isinstance(item, str) else _renamed(item, names)
        for key, item in value.items()
    }
