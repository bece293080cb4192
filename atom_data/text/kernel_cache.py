"""Compiled kernels in the user's cache, so that every environment of a machine has the same ones.

    kernels/KEY/text.lines._count_lines-1f0c....bin

KEY stands for all that decides the machine code of any kernel: the sources, the processor, the versions of Python, Numba,
llvmlite and NumPy. Numba's own cache is next to the sources, looks only at the file of the function, and keeps an index
that two processes at once can leave pointing to each other's code; here a file is one kernel for one signature.
"""

import contextlib
import functools
import hashlib
import io
import multiprocessing
import os
import pickle
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
from numba import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.environment import Environment
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from atom_data.assets import cache_folder, keep, read_kept

OTHER_NUMBA = (AttributeError, TypeError, ValueError)
"""What a release of Numba with other internals would raise: then kernels are compiled in every process, and work."""
ANNOUNCED: ContextVar[bool] = ContextVar("announced", default=False)
"""Whether somebody else says that kernels are compiled, and how far that is."""


@contextlib.contextmanager
def announced() -> Iterator[None]:
    """Compile and print nothing: the caller says it."""
    token = ANNOUNCED.set(True)
    try:
        yield
    finally:
        ANNOUNCED.reset(token)


def _say_that_it_compiles() -> None:
    """Say so before the first kernel that is compiled by being called; a worker's supervisor has said it."""
    if not ANNOUNCED.get() and multiprocessing.parent_process() is None:
        _said()


@functools.cache
def _said() -> None:
    place = cache_folder()
    sys.stderr.write(f"compiling kernels for this machine, once; kept in {place}\n  (`atom-data warm` compiles all)\n")
    sys.stderr.flush()


def kernels_folder() -> Path:
    """Return the folder of compiled kernels for these sources, this processor and these versions."""
    return cache_folder() / "kernels" / _key()


@functools.cache
def _key() -> str:
    processor = (config.CPU_NAME or llvm.get_host_cpu_name(), config.CPU_FEATURES or llvm.get_host_cpu_features())
    versions = (sys.implementation.cache_tag, platform.machine(), sys.platform)
    libraries = (numba.__version__, llvmlite.__version__, np.__version__)
    digest = hashlib.sha256(_room_hash(Path(__file__).parent))
    digest.update(repr((*map(str, processor), *versions, *libraries)).encode())
    return digest.hexdigest()[:16]


@functools.cache
def _room_hash(room: Path) -> bytes:
    """Return a hash of the sources of this folder and all below it: kernels inline functions of each other's files."""
    digest = hashlib.sha256()
    for file in sorted(
        f"{folder}/{name}" for folder, _, names in os.walk(room) for name in names if name.endswith(".py")
    ):
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - a Path for each takes three times as long
            digest.update(file[len(str(room)) :].encode() + b"\0" + stream.read() + b"\0")
    return digest.digest()


@functools.cache
def _file_hash(file: Path) -> bytes:
    """Return a hash of a kernel's own file where that is not among the sources that the key stands for."""
    return b"" if file.is_relative_to(Path(__file__).parent) else hashlib.sha256(file.read_bytes()).digest()


class KernelCache(FunctionCache):  # type: ignore[misc] # Numba has no types
    """The compiled forms of one kernel on disk, as Numba's dispatcher asks for them.

    A folder that cannot be written to is not an error: what it holds is used, and what is compiled anew is not kept.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Read nothing yet. OSError where the function's file cannot be read."""
        self._py_func = function
        self._impl = _Form(function)
        self._stamp = _file_hash(Path(function.__code__.co_filename))
        self._enabled = True

    @property
    def cache_path(self) -> str:
        """Its folder."""
        return str(kernels_folder())

    def has(self, signature: tuple[Any, ...], codegen: Any) -> bool:  # noqa: ANN401 - Numba's
        """Tell whether there is a compiled form, without reading it."""
        return self._path(self._index_key(signature, codegen)).is_file()

    def flush(self) -> None:
        """Keep all: a file that is out of date has another name."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:  # noqa: ANN401
        """Return the compiled form that is on disk, else None.

        What it calls of Numba's own is made known first. All else that Numba makes ready, a fifth of a second of imports and
        tables for typing, only compiling needs.
        """
        rtsys.initialize(target_context)
        found = self._load_overload(sig, target_context)
        if found is None:
            target_context.refresh()
        return found

    def _load_overload(self, sig: Any, target_context: Any) -> Any:  # noqa: ANN401
        if not self._enabled:
            return None
        key = self._index_key(sig, target_context.codegen())
        body = read_kept(self._path(key))
        with suppress(pickle.UnpicklingError, EOFError, *OTHER_NUMBA):
            if body is not None:
                return self._impl.rebuild(target_context, _Reader(io.BytesIO(body)).load())
        _say_that_it_compiles()
        return None

    def _save_overload(self, sig: Any, data: Any) -> None:  # noqa: ANN401
        if not self._enabled or not self._impl.check_cachable(data):
            return
        with suppress(OSError, *OTHER_NUMBA):
            keep(self._path(self._index_key(sig, data.codegen)), dumps(self._impl.reduce(data)))

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:  # noqa: ANN401
        """Return what the name of a file stands for: the processor is in that of the folder, and to ask LLVM for it is slow."""
        closed = [cell.cell_contents for cell in self._py_func.__closure__ or ()]
        digest = hashlib.sha256(self._py_func.__code__.co_code + (dumps(closed) if closed else b""))
        return sig, digest.hexdigest()

    def _path(self, key: tuple[Any, ...]) -> Path:
        where = f"{self._py_func.__module__.partition('.')[2]}.{self._py_func.__qualname__}"
        name = hashlib.sha256(repr(key).encode() + self._stamp).hexdigest()[:16]
        return kernels_folder() / f"{where}-{name}.bin"


class _Form(CompileResultCacheImpl):  # type: ignore[misc]
    """How Numba writes a compiled function and reads it again; its path is KernelCache's business."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._py_func = function
        self._lineno = function.__code__.co_firstlineno

    def reduce(self, data: Any) -> Any:  # noqa: ANN401
        """Return what is written: what Numba writes, but in place of the code before it was made for the processor its names.

        That code is half of the time of reading. It is for kernels that are copied into others, which ours are not; one that
        is called by another is found without it. Nor are environments written that the code does not name: they are those of
        the functions that were copied into it, and to set each was a third of what was left.
        """
        (name, kind, (made, _)), *rest, environments = super().reduce(data)
        code = str(data.library._final_module)
        rest.append(tuple(one for one in environments if code.count(one.env_name) != 1))  # once where it is declared
        module = data.library._get_module_for_linking()
        things = [*module.functions, *module.global_variables]
        return (name, kind, (made, _no_code())), rest, [thing.name for thing in things if not thing.is_declaration]

    def rebuild(self, target_context: Any, payload: Any) -> Any:  # noqa: ANN401
        """Read it again, after Numba was told which names there are."""
        library, rest, names = payload
        target_context.codegen()._engine._defined_symbols.update(names)
        return super().rebuild(target_context, (library, *rest))


class _Reader(pickle.Unpickler):
    """Reads what was written of a kernel, and imports none of Numba's modules for the functions that it was made of.

    Of each of these Numba keeps an environment, with the names that its module has: for code that goes back to Python, which
    ours never does. The modules are what only compiling needs, and take longer to import than all kernels of a run to read.
    """

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        """Return what is named, but for an environment what makes it here."""
        return _environment if (module, name) == _ENVIRONMENT else super().find_class(module, name)


_ENVIRONMENT = ("numba.core.environment", "_rebuild_env")


def _environment(module: str, constants: list[Any], name: str) -> Any:  # noqa: ANN401
    """Return the environment of that name: the one there is, else one with the names of its module where that is imported."""
    found = Environment._memo.get(name)
    if found is None:
        found = Environment(vars(sys.modules[module]) if module in sys.modules else {"__name__": module})
        found.consts[:] = constants
        found.env_name = name
        Environment._memo[name] = found
    return found


@functools.cache
def _no_code() -> bytes:
    code: bytes = llvm.parse_assembly("").as_bitcode()
    return code
