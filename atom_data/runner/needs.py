"""What the workers of a run will need, found from its jobs without running them: modules to import and kernels to load.

From each job the walk goes to its sources and steps, to the methods of their classes, and on through every function of this
package, or of the recipe, that one of these names. It may find a kernel too many (one that only another option calls), which
costs some milliseconds; one that it does not find is loaded by the worker that calls it.
"""

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields, is_dataclass
from functools import cached_property, lru_cache
from inspect import signature, unwrap
from re import Pattern
from sys import modules
from types import (
    CodeType,
    FunctionType,
    GenericAlias,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
    NoneType,
    UnionType,
)
from typing import Any

from atom_data.graph import Job
from atom_data.reach import contents

PACKAGE = "atom_data"
"""The modules of recipes begin with it, too: see `recipe.load_recipe`."""
RECIPES = "atom_data_recipe_"
TABLES = ("atom_data.text.", "atom_data.signals.")
"""Where a function without parameters that keeps its result (`functools.cache`) reads a table; elsewhere it may open things."""
Kept = type(lru_cache(lambda: None))
LEAVES = frozenset(
    (
        str,
        bytes,
        int,
        float,
        bool,
        NoneType,
        Pattern,
        Field,
        GenericAlias,
        UnionType,
        GetSetDescriptorType,
        MemberDescriptorType,
    )
)
"""Nothing is called through these, and they are half of what classes and functions name."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What to load before workers are forked."""

    modules: tuple[str, ...]
    """Modules of this package, by name."""
    kernels: tuple[str, ...]
    """Kernels, as `module:function`."""
    tables: tuple[str, ...]
    """Functions without parameters that keep what they return, as `module:function`."""


def needs(jobs: tuple[Job, ...]) -> Needs:
    """Return what tasks of these jobs can call."""
    walk = _Walk()
    walk.through(list(jobs))
    return Needs(*(tuple(sorted(names)) for names in (walk.modules, walk.kernels, walk.tables)))


def _compiled() -> type:
    """Return the class of what Numba makes. Where nothing has imported Numba, which takes 0.2 s, it made nothing."""
    numba = modules.get("numba.core.dispatcher")
    found: type = NoneType if numba is None else vars(numba)["Dispatcher"]
    return found


def _kernel_name(thing: object) -> str | None:
    from atom_data.text.signatures import kernel_name  # noqa: PLC0415 - Numba, which has made the thing

    return kernel_name(thing)


class _Walk:
    """What was seen so far."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.kernels: set[str] = set()
        self.tables: set[str] = set()
        self._seen: set[int] = set()
        self._held: list[object] = []
        self._compiled = _compiled()

    def through(self, waiting: list[object]) -> None:
        """Visit these things and all that they lead to."""
        while waiting:
            thing = waiting.pop()
            if type(thing) in LEAVES or id(thing) in self._seen:
                continue
            self._seen.add(id(thing))
            self._held.append(thing)  # or another one may get its id
            waiting.extend(self._behind(thing))

    def _behind(self, thing: Any) -> Iterator[object]:  # noqa: ANN401 - anything that a recipe can hold
        if type(thing) in (tuple, dict):
            yield from contents(thing)
            return
        function = unwrap(thing) if callable(thing) else thing
        if isinstance(thing, self._compiled):
            if (name := _kernel_name(thing)) is not None:
                self.kernels.add(name)
        elif isinstance(thing, type):
            yield from self._methods(thing)
        elif isinstance(function, FunctionType):
            if isinstance(thing, Kept):
                self._note_table(function)
            yield from self._named(function)
        elif self._is_ours(type(thing)):
            yield type(thing)
            if is_dataclass(thing):
                yield from (getattr(thing, field.name, None) for field in fields(thing))
        else:
            yield from contents(thing)

    def _note_table(self, function: FunctionType) -> None:
        if function.__module__.startswith(TABLES) and not signature(function).parameters:
            self.tables.add(f"{function.__module__}:{function.__qualname__}")

    def _is_ours(self, thing: type | FunctionType) -> bool:
        """Tell whether a class or function is of this package or a recipe; note the module of the package."""
        module = thing.__module__ or ""
        if not module.startswith(PACKAGE):
            return False
        if not module.startswith(RECIPES):
            self.modules.add(module)
        return True

    def _methods(self, kind: type) -> Iterator[object]:
        for each in kind.__mro__:
            if self._is_ours(each):
                for value in vars(each).values():
                    yield _function_of(value)

    def _named(self, function: FunctionType) -> Iterator[object]:
        """Yield what a function may call: the globals that its code names, names of modules, what it closes over."""
        if not self._is_ours(function):
            return
        names, globals_ = _names(function.__code__), function.__globals__
        found = [globals_[name] for name in names if name in globals_]
        yield from found
        spaces = [value for value in found if isinstance(value, ModuleType)]
        spaces += [modules[name] for name in names if name.startswith(PACKAGE) and name in modules]
        for space in spaces:
            if space.__name__.startswith(PACKAGE):
                yield from (vars(space)[name] for name in names if name in vars(space))
        for cell in function.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # not bound yet
                continue


def _function_of(value: object) -> object:
    if isinstance(value, property):
        return (value.fget,)
    if isinstance(value, cached_property):
        return value.func
    if isinstance(value, (classmethod, staticmethod)):
        return value.__func__
    return value


def _names(code: CodeType) -> set[str]:
    """Return the names in a function and the functions inside it."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names(constant)
    return found
