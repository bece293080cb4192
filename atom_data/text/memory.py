"""How kernels are compiled and kept, and array items for their inner loops."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from atom_data.text.kernel_cache import KernelCache


class Part:
    """A function that kernels call. Numba makes something of it when the first kernel that needs it is compiled.

    There are five for each kernel, and a process that reads compiled kernels needs none: to make them all took 20 ms.
    """

    def __init__(self, make: Callable[[Callable[..., Any]], Any], function: Callable[..., Any]) -> None:
        """Take a function, and how Numba is told of it."""
        self._make, self.function = make, function

    @cached_property
    def compiled(self) -> Any:  # noqa: ANN401 - Numba's
        """What Numba makes of it."""
        return self._make(self.function)

    @property
    def _numba_type_(self) -> Any:  # noqa: ANN401
        """The type by which Numba knows it as the value of a name in a kernel."""
        return self.compiled._numba_type_

    def __call__(self, *values: Any) -> Any:  # noqa: ANN401
        """Call it from Python."""
        return self.compiled(*values)


# Copied into the kernel that calls them. Without `_nrt=False` every call counts references to every array it is
# handed, and without `forceinline` it pushes seven words per array: together they made a word four times as slow.
inlined: Any = partial(
    Part, njit(nogil=True, forceinline=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
)

# Called and not copied: for what is long and seldom needed.
called: Any = partial(Part, njit(nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True))

# The same for functions that make an array, or call one that does, which are not called in a loop.
allocating: Any = partial(Part, njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True))


def kernel(function: Callable[..., Any]) -> Any:  # noqa: ANN401
    """Compile a function when it is first called, without holding the interpreter's lock, and keep the result on disk.

    What is kept belongs to this processor and to these sources: see `kernel_cache`. For which types of arguments it is
    compiled before anyone calls it stands in `kernels.json`: see `signatures`.
    """
    compiled = njit(nogil=True)(function)
    with suppress(RuntimeError, AttributeError, OSError):
        # No source file to read, or a Numba with other internals: compile anew in every process.
        compiled._cache = KernelCache(function)
    return compiled


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
    view = np.asarray(array)
    if not view.flags.writeable:
        return view
    view = view.view()
    view.flags.writeable = False
    return view
