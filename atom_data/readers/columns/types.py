"""The type that holds what columns of several files hold, without a loss."""

from collections.abc import Sequence

import pyarrow as pa

from atom_data.storage.pages.plain import plain_field

UNITS = ("s", "ms", "us", "ns")
DIGITS = {16: 11, 32: 24, 64: 53}
"""Bits of the significand of a float (IEEE 754, table 3.5): integers up to there are held exactly."""


def common_type(kinds: Sequence[pa.DataType]) -> pa.DataType | None:
    """Return the type that all values fit in, or None where there is none; the order of `kinds` does not matter.

    Null fits everything. Integers and floats widen; with 64-bit integers among floats it is double, and the cast
    must refuse the integers that double does not hold. Views, large and dictionary types become the plain or the large
    one; times take the finer unit, and of two time zones UTC; decimals the digits of both. Lists, maps and structs are
    as their parts are; a struct must have the same fields everywhere.
    """
    plain = {plain_field(pa.field("", kind)).type for kind in kinds} - {pa.null()}
    if len(plain) < 2:
        return next(iter(plain), pa.null())
    some = sorted(plain, key=str)
    for attempt in (_numbers, _texts, _times, _decimals, _lists, _maps, _structs):
        found = attempt(some)
        if found is not None:
            return found
    return None


def _numbers(kinds: list[pa.DataType]) -> pa.DataType | None:
    floats = [kind.bit_width for kind in kinds if pa.types.is_floating(kind)]
    signed = [kind.bit_width for kind in kinds if pa.types.is_signed_integer(kind)]
    unsigned = [kind.bit_width for kind in kinds if pa.types.is_unsigned_integer(kind)]
    if len(floats) + len(signed) + len(unsigned) < len(kinds):
        return None
    if floats:
        whole = max([*signed, *unsigned], default=0)
        width = max(*floats, next((bits for bits, digits in DIGITS.items() if digits >= whole), 64))
        return {16: pa.float16(), 32: pa.float32(), 64: pa.float64()}[width]
    if not signed:
        return {16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}[max(unsigned)]
    width = max(*signed, *(2 * bits for bits in unsigned))
    return {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}.get(width)


def _texts(kinds: list[pa.DataType]) -> pa.DataType | None:
    if set(kinds) <= {pa.string(), pa.large_string()}:
        return pa.large_string()
    if all(kind in (pa.binary(), pa.large_binary()) or pa.types.is_fixed_size_binary(kind) for kind in kinds):
        return pa.large_binary() if pa.large_binary() in kinds else pa.binary()
    return None


def _times(kinds: list[pa.DataType]) -> pa.DataType | None:
    if all(map(pa.types.is_date, kinds)):
        return pa.date64()
    if all(map(pa.types.is_time, kinds)):
        unit = _finest(kinds)
        return pa.time32(unit) if unit in UNITS[:2] else pa.time64(unit)
    if all(map(pa.types.is_duration, kinds)):
        return pa.duration(_finest(kinds))
    if all(map(pa.types.is_timestamp, kinds)) and len({kind.tz is None for kind in kinds}) == 1:
        zones = {kind.tz for kind in kinds}
        return pa.timestamp(_finest(kinds), zones.pop() if len(zones) == 1 else "UTC")
    return None


def _finest(kinds: list[pa.DataType]) -> str:
    return max((str(kind.unit) for kind in kinds), key=UNITS.index)


def _decimals(kinds: list[pa.DataType]) -> pa.DataType | None:
    if not all(map(pa.types.is_decimal, kinds)):
        return None
    scale = max(kind.scale for kind in kinds)
    digits = scale + max(kind.precision - kind.scale for kind in kinds)
    if digits > 76:
        return None
    return pa.decimal128(digits, scale) if digits <= 38 else pa.decimal256(digits, scale)


def _lists(kinds: list[pa.DataType]) -> pa.DataType | None:
    fixed = [kind for kind in kinds if pa.types.is_fixed_size_list(kind)]
    large = [kind for kind in kinds if pa.types.is_large_list(kind)]
    if len(fixed) + len(large) + sum(map(pa.types.is_list, kinds)) < len(kinds):
        return None
    items = common_type([kind.value_type for kind in kinds])
    if items is None:
        return None
    if len(fixed) == len(kinds) and len({kind.list_size for kind in fixed}) == 1:
        return pa.list_(items, fixed[0].list_size)
    return pa.large_list(items) if large else pa.list_(items)


def _maps(kinds: list[pa.DataType]) -> pa.DataType | None:
    if not all(map(pa.types.is_map, kinds)):
        return None
    keys, items = common_type([kind.key_type for kind in kinds]), common_type([kind.item_type for kind in kinds])
    return None if keys is None or items is None else pa.map_(keys, items)


def _structs(kinds: list[pa.DataType]) -> pa.DataType | None:
    if not all(map(pa.types.is_struct, kinds)):
        return None
    names = [field.name for field in kinds[0]]
    if any({field.name for field in kind} != set(names) for kind in kinds):
        return None
    types = [common_type([kind.field(name).type for kind in kinds]) for name in names]
    if any(kind is None for kind in types):
        return None
    return pa.struct([pa.field(name, kind) for name, kind in zip(names, types, strict=True)])
