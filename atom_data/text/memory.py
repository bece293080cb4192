"""How kernels are compiled and kept, and array items for their inner loops."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt
from numba import config, njit
from numba.core.caching import IndexDataCacheFile

# Copied into the kernel that calls them. Without `_nrt=False` every call counts references to every array it is
# handed, and without `forceinline` it pushes seven words an array: together they made a word four times as slow.
inlined = njit(nogil=True, forceinline=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)

# Called and not copied: for what is long and seldom needed.
called = njit(nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)

# The same for functions that make an array, or call one that does, which are not called in a loop.
allocating = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def kernel(function: Callable[..., Any]) -> Any:  # noqa: ANN401
    """Compile a function when it is first called, without holding the interpreter's lock, and keep the result on disk.

    What is kept belongs to this processor and to these sources. Numba alone looks only at the file of the function, and
    would go on with old copies of what is inlined from others; and where machines of different kinds share a disk, two
    that compile at once can leave code of the one under the name of the other.
    """
    try:
        compiled = njit(nogil=True, cache=True)(function)
        cache = compiled._cache
        stamp = _identity(Path(function.__code__.co_filename))
        cache._cache_file = IndexDataCacheFile(cache.cache_path, f"{cache._impl.filename_base}.{stamp}", stamp)
    except (RuntimeError, AttributeError, OSError):
        # Nowhere to write, no source file to read, or a Numba with other internals: compile anew in every process.
        return njit(nogil=True)(function)
    return compiled


@functools.cache
def _identity(file: Path) -> str:
    """Return a name for the sources of this folder and all below it, the kernel's own file elsewhere, and the processor."""
    room = Path(__file__).parent
    digest = hashlib.sha256(_room_hash(room))
    if not file.is_relative_to(room):
        digest.update(file.read_bytes())
    processor = (config.CPU_NAME or llvm.get_host_cpu_name(), config.CPU_FEATURES or llvm.get_host_cpu_features())
    digest.update(f"{processor[0]} {processor[1]}".encode())
    return digest.hexdigest()[:16]


@functools.cache
def _room_hash(room: Path) -> bytes:
    digest = hashlib.sha256()
    for path in sorted(room.rglob("*.py")):
        digest.update(path.relative_to(room).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.digest()


@inlined
def item(array: npt.NDArray[Any], position: int) -> Any:  # noqa: ANN401
    """Return `array[position]` for a position that is never negative: without the check for one."""
    return array[np.uint64(position)]


@inlined
def put(array: npt.NDArray[Any], position: int, value: Any) -> None:  # noqa: ANN401
    """Set `array[position]` for a position that is never negative."""
    array[np.uint64(position)] = value


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view that cannot be written to: Arrow's buffers cannot either, so each kernel is compiled only once."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
