"""What a recipe lets its user set: the parameters of its `stages()`, with types from their annotations.

    def stages(*, crawl: str, lists: Path | None = None, share: float = 0.1, engine: Literal["fast", "full"] = "fast"):

Read are str, int, float, bool, Path and Literal, and each of them with `| None`. A value is a text, as `--set crawl=...` says it:
`true` or `false` for a bool, and nothing (`--set lists=`) for None. A relative Path is taken from the working folder, once.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from atom_data.errors import ConfigError, meant

Value = str | int | float | bool | Path | None
NO_DEFAULT = inspect.Parameter.empty
BOOLS = {"true": True, "false": False}
READ = "str, int, float, bool, Path, Literal[...], or one of these with | None"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a recipe leaves open."""

    name: str
    kind: type | None
    """One of str, int, float, bool, Path; None where `choices` say which values there are."""
    choices: tuple[Value, ...]
    optional: bool
    """Whether it may be None."""
    default: Any
    """NO_DEFAULT where it must be given."""

    def __str__(self) -> str:
        """Write it as the recipe does: `lists: Path | None = None`."""
        kind = self.kind.__name__ if self.kind else " | ".join(map(repr, self.choices))
        default = "" if self.default is NO_DEFAULT else f" = {_shown(self.default)}"
        return f"{self.name}: {kind}{' | None' if self.optional else ''}{default}"

    def read(self, text: str) -> Value:
        """Make its value of a text. ValueError where the text is none."""
        if not text and self.optional:
            return None
        if self.kind is None:
            return next(value for value in self.choices if as_text(value) == text)
        if self.kind is bool:
            return BOOLS[text]
        if self.kind is Path:
            if not text or "://" in text:
                raise ValueError(text)
            return Path(text).absolute()
        made: Value = self.kind(text)
        return made


def parameters_of(stages: Callable[..., object], where: str) -> tuple[Parameter, ...]:
    """Return what can be set of a recipe. ConfigError for a parameter that must be given and whose type cannot be read."""
    try:
        hints = get_type_hints(stages)
    except (NameError, TypeError) as error:
        raise ConfigError(
            f"{where}: the annotations of stages() cannot be read: {error}. Correct the recipe."
        ) from error
    found = []
    for name, item in inspect.signature(stages).parameters.items():
        made = _parameter(name, hints.get(name, type(item.default)), item.default)
        if item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD, item.POSITIONAL_ONLY):
            raise ConfigError(f"{where}: stages() takes '{item}'. Name each parameter: def stages(*, crawl: str).")
        if made is not None:
            found.append(made)
        elif item.default is NO_DEFAULT:
            raise ConfigError(f"{where}: stages() has '{item}', which --set cannot read. Annotate it: {READ}.")
    return tuple(found)


def settle(parameters: Sequence[Parameter], given: Mapping[str, str], where: str) -> dict[str, Value]:
    """Return the value of every parameter, those that were given and the defaults. ConfigError in a sentence."""
    by_name = {parameter.name: parameter for parameter in parameters}
    there = f"parameters there: {', '.join(map(str, parameters)) or 'none'}"
    for name in given:
        if name not in by_name:
            raise ConfigError(
                f"{where}: no parameter '{name}'; {there}.{meant(name, by_name)} A parameter is an argument of stages()."
            )
    missing = [name for name, item in by_name.items() if item.default is NO_DEFAULT and name not in given]
    if missing:
        ways = " ".join(f"--set {name}=..." for name in missing)
        raise ConfigError(f"{where}: {', '.join(missing)} must be given; {there}. Add {ways}")
    return {name: _value(item, given[name], where) if name in given else item.default for name, item in by_name.items()}


def readable(parameters: Sequence[Parameter], given: Mapping[str, str]) -> dict[str, str]:
    """Return what of `given` these parameters still read."""
    return {item.name: given[item.name] for item in parameters if item.name in given and _reads(item, given[item.name])}


def as_text(value: object) -> str:
    """Return a value as `--set` takes it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def as_values(values: Mapping[str, Value]) -> dict[str, str | int | float | bool | None]:
    """Return values as JSON has them."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def _value(parameter: Parameter, text: str, where: str) -> Value:
    if not _reads(parameter, text):
        kind = "a path of this machine; for a store annotate it str" if parameter.kind is Path else str(parameter)
        raise ConfigError(
            f"{where}: --set {parameter.name}={text}: '{text}' is not {kind}. Give --set {_example(parameter)}."
        )
    return parameter.read(text)


def _reads(parameter: Parameter, text: str) -> bool:
    try:
        parameter.read(text)
    except (ValueError, KeyError, StopIteration):
        return False
    return True


def _example(parameter: Parameter) -> str:
    choices = [*map(as_text, parameter.choices), *(BOOLS if parameter.kind is bool else ())]
    example = {int: "10", float: "0.1", Path: "some/folder", str: "text"}.get(parameter.kind or str, "")
    return " or ".join(f"{parameter.name}={choice}" for choice in choices or [example])


def _parameter(name: str, annotation: object, default: object) -> Parameter | None:
    """Return a parameter, or None where its annotation is of another type."""
    optional, plain = False, annotation
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        optional, plain = len(kinds) < len(get_args(annotation)), kinds[0] if len(kinds) == 1 else None
    if get_origin(plain) is Literal:
        choices = [value for value in get_args(plain) if value is not None]
        return Parameter(name, None, tuple(choices), optional or len(choices) < len(get_args(plain)), default)
    kind = next((kind for kind in (str, int, float, bool, Path) if kind is plain), None)
    return None if kind is None else Parameter(name, kind, (), optional, default)


def _shown(value: object) -> str:
    return as_text(value) if isinstance(value, (Path, bool, str)) and value != "" else repr(value)
