"""Compiling kernels that are not on disk yet: once a machine and release, on all cores."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from atom_data.text.signatures import load, not_compiled

PROCESSES = 8
"""Each takes some 300 MB, and with eight the longest kernel decides."""


def load_kernels(names: Sequence[str], compiling: Callable[[int, int], None]) -> None:
    """Load kernels; those that are not on disk are compiled first, with `compiling` told how many of how many."""
    missing = not_compiled(names)
    if missing:
        compiling(0, len(missing))
        for done, _ in enumerate(_compiled(missing), 1):
            compiling(done, len(missing))
    for name in names:
        load(name)


def _compiled(names: Sequence[str]) -> Iterator[None]:
    """Compile kernels in processes of their own, which leave them on disk; yield after each.

    Where nothing can be kept on disk, or a process dies, whoever loads the kernel compiles it.
    """
    processes = max(1, min(PROCESSES, len(names), len(os.sched_getaffinity(0))))
    reading, writing = os.pipe()
    children = [_child(names[number::processes], reading, writing) for number in range(processes)]
    os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as stream:
        while stream.read(1):
            yield
    for child in children:
        os.waitpid(child, 0)


def _child(names: Sequence[str], reading: int, writing: int) -> int:
    child = os.fork()
    if child:
        return child
    with suppress(BaseException):  # whoever loads the kernel meets the error where it can be told
        os.close(reading)
        for name in names:
            load(name)
            os.write(writing, b".")
    os._exit(0)
