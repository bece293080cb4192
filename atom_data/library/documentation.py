"""What stands in the source below the fields of a class, as text that `help()` shows.

A parameter is documented by a string below it:

    bands: int = 20
    '''Bands of a signature; two texts with one equal are compared.'''

Python keeps no such string, so it is read from the source, and only when somebody asks for the documentation: see
`lazy.Documentation`.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from textwrap import wrap
from typing import Any, NamedTuple

from atom_data.lazy import Documentation

WIDTH = 120
"""Characters of a line, as docstrings have them."""


class Parameter(NamedTuple):
    """A parameter as a person reads it."""

    name: str
    type: str
    default: str
    """As it is written; empty where there is none."""
    text: str
    """What is said of it; empty where nothing is."""

    def __str__(self) -> str:
        """Return its declaration: `bands: int = 20`."""
        return f"{self.name}{f': {self.type}' * bool(self.type)}{f' = {self.default}' * bool(self.default)}"


def with_parameters(text: str, kind: type) -> str:
    """Return the docstring of a class with its parameters below, where anything is said of one: what `help()` shows."""
    lines, listed = [inspect.cleandoc(text)], list(parameters(kind))
    if any(parameter.text for parameter in listed):
        lines.append("\nParameters:")
        for parameter in listed:
            lines.append(f"    {parameter}")
            lines += wrap(parameter.text, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return "\n".join(lines)


def own_text(thing: Any) -> str:  # noqa: ANN401
    """Return the docstring alone."""
    held = vars(thing).get("__doc__") if inspect.isclass(thing) else None
    return inspect.cleandoc(held.text) if isinstance(held, Documentation) else inspect.getdoc(thing) or ""


def paragraphs(text: str) -> str:
    """Return text whose paragraphs are a line each; what is set in stays as it is."""
    parts = (" ".join(part.split()) if "\n " not in f"\n{part}" else part for part in text.split("\n\n"))
    return "\n\n".join(parts)


def parameters(thing: Any) -> Iterator[Parameter]:  # noqa: ANN401
    """Yield the parameters of a class or a function."""
    said: dict[str, str] = {}
    for kind in reversed(thing.__mro__) if inspect.isclass(thing) else ():
        said |= _below_fields(kind)
    try:
        signature = inspect.signature(thing)
    except ValueError:  # an exception's, which Python does not know
        return
    for name, item in signature.parameters.items():
        if name in ("batch", "self"):
            continue
        empty = inspect.Parameter.empty
        annotation = "" if item.annotation is empty else _type(item.annotation)
        default = "" if item.default is empty else _value(item.default)
        star = "*" if item.kind is item.VAR_POSITIONAL else "**" if item.kind is item.VAR_KEYWORD else ""
        yield Parameter(f"{star}{name}", annotation, default, said.get(name, ""))


def documented(source: str, name: str = "") -> dict[str, str]:
    """Return the string below each assignment of a class in a source, or of the module where no name is given."""
    tree: Any = ast.parse(source)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    body = classes[name].body if name else tree.body
    found = {}
    for node, after in pairwise(body):
        said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and after.value.value
        if isinstance(said, str) and isinstance(node, (ast.AnnAssign, ast.Assign)):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            found[ast.unparse(target)] = " ".join(said.split())
    return found


def _below_fields(kind: type) -> dict[str, str]:
    module = sys.modules.get(kind.__module__)
    if module is None or not kind.__module__.startswith("atom_data"):
        return {}
    try:
        return documented(inspect.getsource(module), kind.__name__)
    except (OSError, TypeError, KeyError):
        return {}


def _type(annotation: Any) -> str:  # noqa: ANN401
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])", "", text)


def _value(default: object) -> str:
    return default.__name__ if inspect.isfunction(default) or inspect.isclass(default) else repr(default)
