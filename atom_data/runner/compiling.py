"""Compiling kernels that are not cached yet: once per machine and release, on all cores."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from atom_data.assets import cache_folder, remove_old, touch
from atom_data.text.kernel_cache import announced, kernels_folder
from atom_data.text.signatures import load, not_compiled

if TYPE_CHECKING:
    from atom_data.terminal.display import Display

PROCESSES = 8
"""Each takes some 300 MB, and with eight the longest kernel decides."""
SECONDS = 0.6
"""What a kernel takes of a core, on average."""


def said_of_compiling(kernels: int) -> str:
    """Return the message shown while this many kernels are compiled."""
    what = f"compiling {kernels} kernel{'s' * (kernels != 1)}"
    if can_keep():
        seconds = max(1, round(SECONDS * kernels / _processes(kernels)))
        return f"{what} for this machine, once (about {seconds} s); kept in {cache_folder()}"
    return (
        f"{what} (about {round(SECONDS * kernels)} s), in every run again: {cache_folder()} cannot be "
        "written to. Name a folder that can by ATOM_DATA_CACHE."
    )


def _processes(kernels: int) -> int:
    return max(1, min(PROCESSES, kernels, len(os.sched_getaffinity(0))))


def load_kernels(names: Sequence[str], compiling: Callable[[int, int], None]) -> None:
    """Load kernels; those that are not on disk are compiled first, reporting progress to `compiling`."""
    missing = not_compiled(names)
    with announced():
        if missing:
            compiling(0, len(missing))
            work = _compiled(missing) if can_keep() else map(load, missing)
            for done, _ in enumerate(work, 1):
                compiling(done, len(missing))
        touch(kernels_folder())
        for name in names:
            load(name)


def compile_kernels(names: Sequence[str], display: "Display") -> int:
    """Compile the kernels that are not on disk, and show why and how far that is; return how many these were."""
    missing = not_compiled(names)
    if missing:
        why = said_of_compiling(len(missing))
        load_kernels(missing, lambda compiled, kernels: display.compiling(compiled, kernels, why))
    return len(missing)


def can_keep() -> bool:
    """Tell whether compiled kernels can be kept on disk: their folder can be written to, or made."""
    try:
        kernels_folder().mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=kernels_folder()).close()
    except OSError:
        return False
    remove_old(kernels_folder().parent)
    return True


def _compiled(names: Sequence[str]) -> Iterator[None]:
    """Compile kernels in processes of their own, which leave them on disk; yield after each.

    When a process dies, the process that loads the kernel compiles it.
    """
    processes = _processes(len(names))
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
    with suppress(BaseException):  # the process that loads the kernel will report the error
        os.close(reading)
        for name in names:
            load(name)
            os.write(writing, b".")
    os._exit(0)
