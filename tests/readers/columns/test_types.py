"""The common type: whatever comes first, and no value lost."""

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data.readers.columns.types import common_type

NUMBERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
ANY = [
    *NUMBERS,
    pa.null(), pa.bool_(), pa.float16(), pa.float32(), pa.float64(), pa.string(), pa.large_string(), pa.string_view(),
    pa.binary(), pa.binary(16), pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us", "UTC"),
    pa.timestamp("ms", "Asia/Tokyo"), pa.date32(), pa.date64(), pa.time32("s"), pa.time64("ns"), pa.duration("ms"),
    pa.decimal128(5, 2), pa.decimal128(38, 0), pa.dictionary(pa.int8(), pa.string()), pa.list_(pa.int32()),
    pa.list_(pa.null()), pa.large_list(pa.int64()), pa.list_(pa.int8(), 2), pa.map_(pa.string(), pa.int8()),
    pa.map_(pa.string(), pa.int16()), pa.struct([("a", pa.int8())]), pa.struct([("a", pa.int64()), ("b", pa.null())]),
    pa.struct([("b", pa.string()), ("a", pa.int32())]),
]  # fmt: skip


@pytest.mark.parametrize(
    "kinds, common",
    [
        ([pa.null(), pa.null()], pa.null()),
        ([pa.null(), pa.string()], pa.string()),
        ([pa.int32(), pa.int64()], pa.int64()),
        ([pa.uint32(), pa.int8()], pa.int64()),
        ([pa.uint64(), pa.int8()], None),
        ([pa.int16(), pa.float32()], pa.float32()),
        ([pa.int32(), pa.float32()], pa.float64()),
        ([pa.int64(), pa.float64()], pa.float64()),
        ([pa.int64(), pa.string()], None),
        ([pa.bool_(), pa.int8()], None),
        ([pa.string(), pa.large_string()], pa.large_string()),
        ([pa.string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], pa.string()),
        ([pa.string(), pa.binary()], None),
        ([pa.binary(16), pa.binary(8)], pa.binary()),
        ([pa.timestamp("s"), pa.timestamp("ns")], pa.timestamp("ns")),
        ([pa.timestamp("s", "UTC"), pa.timestamp("ms", "Asia/Tokyo")], pa.timestamp("ms", "UTC")),
        ([pa.timestamp("s"), pa.timestamp("s", "UTC")], None),
        ([pa.decimal128(5, 2), pa.decimal128(6, 0)], pa.decimal128(8, 2)),
        ([pa.list_(pa.null()), pa.list_(pa.string())], pa.list_(pa.string())),
        (
            [pa.struct([("a", pa.int8()), ("b", pa.null())]), pa.struct([("b", pa.string()), ("a", pa.int64())])],
            pa.struct([("a", pa.int64()), ("b", pa.string())]),
        ),
        ([pa.struct([("a", pa.int8())]), pa.struct([("a", pa.int8()), ("b", pa.int8())])], None),
    ],
)
def test_common_type(kinds: list[pa.DataType], common: pa.DataType | None) -> None:
    found = common_type(kinds)
    if common is not None and pa.types.is_struct(common):
        assert found is not None
        assert {field.name: field.type for field in found} == {field.name: field.type for field in common}
    else:
        assert found == common


@given(st.lists(st.sampled_from(ANY), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_common_type_is_the_same_in_any_order(kinds: list[pa.DataType], draw: object) -> None:
    other = list(kinds)
    draw.shuffle(other)  # type: ignore[attr-defined]
    assert common_type(kinds) == common_type(other)


@given(st.sampled_from(NUMBERS), st.sampled_from([*NUMBERS, pa.float16(), pa.float32(), pa.float64()]))
def test_common_type_holds_the_largest(one: pa.DataType, other: pa.DataType) -> None:
    common = common_type([one, other])
    if common is not None and one.bit_width < 64:
        most = 2 ** (one.bit_width - pa.types.is_signed_integer(one)) - 1
        assert pa.array([most], one).cast(common).to_pylist() == [most]
