"""What of the code a job reaches: editing anything else leaves what the job has made as it is.

Reached are the sources that define the job, what it reads itself, its steps and whatever else its fields hold, and all
that these import (see `import_graph`). Not reached is what calls a job and is called by none: the commands, the runner,
clusters, forecasts, reports. They decide when and where work is done, never what; a receipt's own fields are not output.

What an earlier stage is made of is not reached either: its shards are inputs, by their content.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from types import ModuleType
from typing import Any

from atom_data.graph import Job, Source, is_stage
from atom_data.import_graph import PACKAGE, ImportGraph, import_graph
from atom_data.imports import Imported
from atom_data.origins import package_imports

PLAIN = (str, int, float, bytes, type(None))
HOLDERS = (tuple, list, set, frozenset)


def code_identity(job: Job, graph: ImportGraph | None = None) -> dict[str, str]:
    """Return what decides a job's output besides its identity and its inputs; the graph is that of the installed package.

    A hash for each room of the package that the job reaches (`atom_data.text`; `atom_data` for the files beside the rooms;
    `filters.lists`), the version of each library that is imported there, and Python's without its last number.
    """
    return (graph or import_graph()).code(job_imports(job))


def job_imports(job: Job) -> frozenset[Imported]:
    """Return the imports of the package behind a job: where its parts are defined, and what parts of others' import."""
    found: set[Imported] = set()
    for module, name in {*_places(job)}:
        found |= {Imported(module)} if module.partition(".")[0] == PACKAGE else package_imports(module, name)
    return frozenset(found)


def _places(job: Job) -> Iterator[tuple[str, str]]:
    """Yield module and name of each class and function that a job is made of; of a module that one holds, no name."""
    seen: dict[int, object] = {}
    waiting: list[object] = [job, *job.sources()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, PLAIN) or id(value) in seen:
            continue
        seen[id(value)] = value
        if isinstance(value, HOLDERS):
            waiting += value
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, ModuleType):
            yield value.__name__, ""
        else:
            thing: Any = value if isinstance(value, type) or inspect.isroutine(value) else type(value)
            if isinstance(thing.__module__, str):  # a method of a built-in type has none
                yield thing.__module__, thing.__qualname__.partition(".")[0]
            kind: Any = type(value)
            # What a stage that is read was made of is in its shards, which count by their content.
            if value is job or not (_reads(kind) and isinstance(value, Source) and is_stage(value)):
                waiting += _held(value)


@cache
def _reads(kind: Any) -> bool:  # noqa: ANN401 - a type
    """Tell whether objects of a class may be sources; to ask that of an object takes Python ten times as long."""
    return {"jobs", "read", "shards"} <= set(dir(kind))


def contents(thing: object) -> Iterator[object]:
    """Yield what a container holds, and what a partial or a bound method calls."""
    if isinstance(thing, (tuple, list, set, frozenset)):
        yield from thing
    elif isinstance(thing, Mapping):
        yield from thing.values()
    elif isinstance(thing, partial):
        yield from (thing.func, thing.args, thing.keywords)
    elif inspect.ismethod(thing):
        yield from (thing.__func__, thing.__self__)


def _held(value: Any) -> Iterator[object]:  # noqa: ANN401 - whatever a step or a pass holds
    """Yield what an object is made of."""
    kind: Any = type(value)
    if isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    elif inspect.ismethod(value):
        yield from (value.__self__, value.__func__)
    elif inspect.isfunction(value):
        yield from inspect.getclosurevars(value).nonlocals.values()
        yield from (value.__defaults__, value.__kwdefaults__)
        if inspect.unwrap(value) is not value:
            yield inspect.unwrap(value)
    elif isinstance(value, type):
        return
    elif is_dataclass(value):
        yield from (getattr(value, item.name) for item in fields(value))
    elif _reads(kind) and isinstance(value, Source):
        yield from value.sources()
