"""Sixteen blocks take their leaf from a table in one instruction, where the processor has one for that.

A loop that says the same, `total[block] += leaves[...]`, becomes sixteen loads one after another: the compiler cannot know
that the sum and the table are not the same memory. That was two fifths of the time of all trees.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from atom_data.text.arrays import Float32s, UInt32s

LANES = 16
LOWEST, SHIFT = 0x077CB531, 27
"""The place of the lowest bit by a product whose top five bits differ for each of them; see `trees._PLACES`."""
_INT32, _INT64, _FLOAT = ir.IntType(32), ir.IntType(64), ir.FloatType()
_GATHERED, _PERMUTED = "llvm.masked.gather.v16f32.v16p0", "llvm.x86.avx512.vpermi2var.ps.512"
AVX512 = "+avx512f"
"""Where a processor has this, a register of 16 numbers and another are a table of 32."""


def _all(kind: Any, value: object = ir.Undefined) -> Any:  # noqa: ANN401
    return ir.Constant(_vector(kind), value if value is ir.Undefined else [value] * LANES)


def _vector(kind: Any) -> Any:  # noqa: ANN401
    return ir.VectorType(kind, LANES)


@intrinsic
def add_leaves(
    typing: Any, total: Float32s, left: UInt32s, leaves: Float32s, block: np.int64  # noqa: ANN401
) -> tuple[Any, Callable[..., Any]]:  # fmt: skip
    """Add to `total[block + i]`, for i below LANES, the leaf at the place of the lowest bit of `left[block + i]`.

    All three are contiguous; LANES values must be there behind `block`.
    """
    return types.void(total, left, leaves, block), _emit


def _emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
    total, left, leaves = (
        context.make_array(kind)(context, builder, value).data
        for kind, value in zip(signature.args[:3], args[:3], strict=True)
    )
    sums, bits = (
        builder.bitcast(builder.gep(data, [args[3]]), _vector(kind).as_pointer())
        for data, kind in ((total, _FLOAT), (left, _INT32))
    )
    found = builder.load(bits, align=4)
    lowest = builder.and_(found, builder.sub(_all(_INT32, 0), found))
    places = builder.lshr(builder.mul(lowest, _all(_INT32, LOWEST)), _all(_INT32, SHIFT))
    take = _permuted if AVX512 in context.codegen().magic_tuple()[2].split(",") else _gathered
    taken = take(builder, leaves, places)
    builder.store(builder.fadd(builder.load(sums, align=4), taken), sums, align=4)
    return context.get_dummy_value()


def _permuted(builder: Any, leaves: Any, places: Any) -> Any:  # noqa: ANN401
    """Return the leaves at places out of two registers, which hold all of them: a fifth of what a gather from memory takes."""
    first = builder.bitcast(leaves, _vector(_FLOAT).as_pointer())
    halves = [builder.load(builder.gep(first, [_INT32(half)]), align=4) for half in (0, 1)]
    kind = ir.FunctionType(_vector(_FLOAT), [_vector(_FLOAT), _vector(_INT32), _vector(_FLOAT)])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, _PERMUTED), [halves[0], places, halves[1]])


def _gathered(builder: Any, leaves: Any, places: Any) -> Any:  # noqa: ANN401
    table = builder.insert_element(_all(_INT64), builder.ptrtoint(leaves, _INT64), _INT32(0))
    table = builder.shuffle_vector(table, _all(_INT64), _all(_INT32, 0))
    offsets = builder.shl(builder.zext(places, _vector(_INT64)), _all(_INT64, 2))
    pointers = builder.inttoptr(builder.add(table, offsets), _vector(_FLOAT.as_pointer()))
    kind = ir.FunctionType(_vector(_FLOAT), [pointers.type, _INT32, _vector(ir.IntType(1)), _vector(_FLOAT)])
    gather = cgutils.get_or_insert_function(builder.module, kind, _GATHERED)
    return builder.call(gather, [pointers, _INT32(4), _all(ir.IntType(1), 1), _all(_FLOAT, 0.0)])
