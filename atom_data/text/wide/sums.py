"""Weighted sums of rows of numbers, each in eight sums that do not wait for each other: always eight, so that every processor
rounds alike.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from atom_data.text.arrays import Float32s, Float64s

LANES = 8
ROWS = 4
"""Rows that are summed in one go: a sum of one row waits for its last addition."""
_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_FLOATS = ir.VectorType(ir.FloatType(), LANES)


@intrinsic
def sum_products(
    typing: Any, values: Float32s, weights: Float64s, row: int, end: int, sums: Float64s  # noqa: ANN401
) -> tuple[Any, Callable[..., Any]]:  # fmt: skip
    """Set `sums[i, lane]`, for i below ROWS, to the sum of `values[row + i, at] * weights[at]` over each eighth `at` from `lane`.

    `end`, a multiple of LANES, is where `at` ends. All are contiguous; the rows, and `end` numbers of each, must be there.
    """
    return types.void(values, weights, types.int64, types.int64, sums), _emit


def _emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
    made = [context.make_array(signature.args[at])(context, builder, args[at]) for at in (0, 1, 4)]
    values, weights, sums = (array.data for array in made)
    width = builder.extract_value(made[0].shape, 1)
    first = builder.mul(args[2], width)
    starts = [builder.add(first, builder.mul(width, ir.Constant(width.type, at))) for at in range(ROWS)]
    kept = [cgutils.alloca_once_value(builder, ir.Constant(_DOUBLES, [0.0] * LANES)) for _ in range(ROWS)]
    zero, step = (ir.Constant(width.type, number) for number in (0, LANES))
    with cgutils.for_range_slice(builder, zero, args[3], step) as (at, _):
        factors = builder.load(builder.bitcast(builder.gep(weights, [at]), _DOUBLES.as_pointer()), align=8)
        for start, total in zip(starts, kept, strict=True):
            place = builder.gep(values, [builder.add(start, at)])
            numbers = builder.load(builder.bitcast(place, _FLOATS.as_pointer()), align=4)
            products = builder.fmul(builder.fpext(numbers, _DOUBLES), factors)
            builder.store(builder.fadd(builder.load(total), products), total)
    for index, total in enumerate(kept):
        place = builder.gep(sums, [ir.Constant(width.type, index * LANES)])
        builder.store(builder.load(total), builder.bitcast(place, _DOUBLES.as_pointer()), align=8)
    return context.get_dummy_value()
