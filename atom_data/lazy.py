"""Lazy package exports (PEP 562): names are imported on first use, to keep start-up fast."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from atom_data.errors import ConfigError


class MovedName(ConfigError, ImportError):
    """A name that a package no longer has; it says what replaces it."""


class Documentation:
    """The `__doc__` of an exported class: its docstring, and below it what is said of its parameters, made when it is asked for.

    Under a name that is made at run time, for no job needs it.
    """

    def __init__(self, text: str) -> None:
        """Take the docstring."""
        self.text = text

    def __get__(self, instance: object, kind: type) -> str:
        """Return both."""
        text: str = import_module(f"{__package__}.library.documentation").with_parameters(self.text, kind)
        return text


def lazy_names(
    package: str, homes: Mapping[str, str], moved: Mapping[str, str] | None = None
) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__all__`, `__getattr__` and `__dir__` of a package (PEP 562): `homes` has the names of each module below it.

    `moved` has names of earlier releases and what is written today: asking for one is a MovedName that says so.
    """
    places = {name: f"{package}.{module}" for module, names in homes.items() for name in names.split()}
    gone = moved or {}

    def find(name: str) -> Any:  # noqa: ANN401 - of any class or function
        if name in gone:
            raise MovedName(f"{name} is now {gone[name]}. Change the import and what is made of it.")
        if name not in places:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        thing = getattr(import_module(places[name]), name)
        text = vars(thing).get("__doc__") if isinstance(thing, type) else None
        if isinstance(text, str):
            thing.__doc__ = Documentation(text)
        return thing

    names = sorted(places)
    return names, find, lambda: names
