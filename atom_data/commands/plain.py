"""Command lines that are read without typer, which imports pydantic for the type of an option and takes 0.06 s for that.

Plain is a line that leaves no question: options by their whole names, each value a word of its own and right for its type.
Help, completion, every other way to write an option and every mistake are typer's.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import FunctionType, NoneType
from typing import Any, get_args, get_origin

import typer

from atom_data.commands.app import COMMANDS, COMPLETE

NUMBER = {int: re.compile(r"[0-9]{1,15}"), float: re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")}
SHOWN = frozenset(
    ("default", "param_decls", "help", "metavar", "rich_help_panel", "hidden", "show_default", "min", "max")
)
"""What typer may be told of a parameter here: what only its help shows, names, and bounds."""
UNTOLD = {type(one): vars(one) for one in (typer.Option(), typer.Argument())}


class NotPlain(Exception):
    """Something that typer must read."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option, or an argument, as the signature of a command says it."""

    parameter: str
    kind: type
    is_list: bool
    info: Any
    """What typer is told of it."""

    def value(self, word: str) -> object:
        """Return the value that a word stands for. NotPlain where it may not be one."""
        if not word or word.startswith("-"):
            raise NotPlain(word)
        if self.kind in NUMBER:
            number = self.kind(word) if NUMBER[self.kind].fullmatch(word) else None
            low, high = self.info.min, self.info.max
            if number is None or (low is not None and number < low) or (high is not None and number > high):
                raise NotPlain(word)
            return number
        if issubclass(self.kind, StrEnum) and word not in [*self.kind]:
            raise NotPlain(word)
        return self.kind(word)


def plain_call(words: Sequence[str]) -> Callable[[], object] | None:
    """Return the command with its values, to be called; None for a line that typer must read."""
    if not words or words[0] not in COMMANDS or COMPLETE in os.environ:
        return None
    module, _, name = COMMANDS[words[0]][0].rpartition(".")
    function = vars(import_module(f"atom_data.commands.{module}"))[name]
    if not isinstance(function, FunctionType):
        return None  # commands with commands of their own
    try:
        return partial(function, **plain_values(function, words[1:]))
    except NotPlain:
        return None


def plain_values(function: Callable[..., object], words: Sequence[str]) -> dict[str, Any]:
    """Return what a command is called with, by parameter. NotPlain where typer must say it."""
    options, flags, arguments, required = _parameters(function)
    found: dict[str, Any] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        value: object
        if word in flags:
            parameter, value = flags[word]
        else:
            if word not in options and not arguments:
                raise NotPlain(word)
            option = options.get(word) or arguments.pop(0)
            value = option.value((waiting.pop(0) if waiting else "") if word in options else word)
            parameter = option.parameter
            if option.is_list:
                value = [*found.pop(parameter, ()), value]
        if parameter in found:
            raise NotPlain(word)
        found[parameter] = value
    if not required <= found.keys():
        raise NotPlain(", ".join(required - found.keys()))
    return found


Parameters = tuple[dict[str, Option], dict[str, tuple[str, bool]], list[Option], set[str]]


def _parameters(function: Callable[..., object]) -> Parameters:
    """Return options by name, flags by name with what each sets, arguments in order, and parameters without a default."""
    options: dict[str, Option] = {}
    flags: dict[str, tuple[str, bool]] = {}
    arguments: list[Option] = []
    parameters = signature(function).parameters
    for parameter in parameters.values():
        option = _option(parameter)
        # What stands first in typer.Option is a name where it is an annotation, and typer calls it a default.
        given = [name for name in (option.info.default, *(option.info.param_decls or ())) if isinstance(name, str)]
        names = given or [f"--{parameter.name.replace('_', '-')}"]
        if isinstance(option.info, type(typer.Argument())):
            if option.is_list:
                raise NotPlain(parameter.name)
            arguments.append(option)
        elif option.kind is bool:
            for name in names:
                on, _, off = name.partition("/")
                off = off if given else f"--no-{on[2:]}"
                flags |= {on: (parameter.name, True)} | ({off: (parameter.name, False)} if off else {})
        else:
            options |= dict.fromkeys(names, option)
    required = {name for name, parameter in parameters.items() if parameter.default is Parameter.empty}
    return options, flags, arguments, required


def _option(parameter: Parameter) -> Option:
    """Return what a parameter is. NotPlain where it has a type, or typer is told something, that is not known here."""
    kind, info, *others = get_args(parameter.annotation) or (None, None)
    kinds = [one for one in get_args(kind) if one is not NoneType] if NoneType in get_args(kind) else [kind]
    is_list = get_origin(kinds[0]) is list
    kind = get_args(kinds[0])[0] if is_list else kinds[0]
    blank = UNTOLD.get(type(info), {})
    told = {name for name, value in vars(info).items() if value != blank.get(name)} if blank else {""}
    known = isinstance(kind, type) and (kind in (str, int, float, bool, Path) or issubclass(kind, StrEnum))
    if others or len(kinds) > 1 or not known or told - SHOWN:
        raise NotPlain(parameter.name)
    return Option(parameter.name, kind, is_list, info)
