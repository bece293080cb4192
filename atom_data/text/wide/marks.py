"""Thirty-two bytes compared at once: a number with a bit for each byte that is one of those sought, the first one lowest.

A processor has two or three instructions for it. Of a loop over bytes the compiler makes vectors, too, but not the number that
says where a byte was found. For names of four letters a loop is faster: where they end is guessed before they are read.
All read WIDTH bytes from `position`, which the caller has seen to be there.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typing import signature
from numba.extending import intrinsic

from atom_data.text.arrays import Bytes

WIDTH = 32
SPACE = 32
_BYTE, _MARKS = ir.IntType(8), ir.IntType(64)
_BYTES = ir.VectorType(_BYTE, WIDTH)
_PLACES = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)


@intrinsic
def equal_marks(
    typing: Any, data: Bytes, position: int, byte: int  # noqa: ANN401
) -> tuple[Any, Callable[..., Any]]:  # fmt: skip
    """Return the marks of the bytes that equal `byte`."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        found = builder.load(_place(context, builder, signature, args), align=1)
        return _marks(builder, builder.icmp_unsigned("==", found, _all(builder, args[2])))

    return signature(types.uint64, data, types.int64, types.uint8), emit


@intrinsic
def end_marks(
    typing: Any, data: Bytes, position: int, one: int, two: int, three: int  # noqa: ANN401
) -> tuple[Any, Callable[..., Any]]:  # fmt: skip
    """Return the marks of spaces and all below them, and of the bytes that equal one of three."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        found = builder.load(_place(context, builder, signature, args), align=1)
        ends = builder.icmp_unsigned("<=", found, _every(SPACE))
        for byte in args[2:]:
            ends = builder.or_(ends, builder.icmp_unsigned("==", found, _all(builder, byte)))
        return _marks(builder, ends)

    return signature(types.uint64, data, types.int64, types.uint8, types.uint8, types.uint8), emit


@intrinsic
def lowest_mark(typing: Any, marks: np.uint64) -> tuple[Any, Callable[..., Any]]:  # noqa: ANN401
    """Return the place of the first mark; there must be one."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return signature(types.int64, types.uint64), emit


@intrinsic
def copy_bytes(
    typing: Any, data: Bytes, position: int, text: Bytes, end: int  # noqa: ANN401
) -> tuple[Any, Callable[..., Any]]:  # fmt: skip
    """Write WIDTH bytes to `text` from `end` on, where there must be room."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        found = builder.load(_place(context, builder, signature, args), align=1)
        builder.store(found, _place(context, builder, signature, args, 2), align=1)
        return context.get_dummy_value()

    return signature(types.void, data, types.int64, text, types.int64), emit


def _place(context: Any, builder: Any, signature: Any, args: Any, at: int = 0) -> Any:  # noqa: ANN401
    """Return a pointer to WIDTH bytes: the argument `at` is the array, the one behind it the position."""
    array = context.make_array(signature.args[at])(context, builder, args[at]).data
    return builder.bitcast(builder.gep(array, [args[at + 1]]), _BYTES.as_pointer())


def _marks(builder: Any, found: Any) -> Any:  # noqa: ANN401
    return builder.zext(builder.bitcast(found, ir.IntType(WIDTH)), _MARKS)


def _every(byte: int) -> Any:  # noqa: ANN401
    return ir.Constant(_BYTES, [byte] * WIDTH)


def _all(builder: Any, byte: Any) -> Any:  # noqa: ANN401
    """Return a byte in all places."""
    nothing = ir.Constant(_BYTES, ir.Undefined)
    first = builder.insert_element(nothing, byte, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, _PLACES)
