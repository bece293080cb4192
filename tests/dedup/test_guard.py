"""What a pass would remove of each group, added up in memory and on disk."""

from pathlib import Path

import pyarrow as pa
from hypothesis import given, strategies as st

from atom_data.dedup.guard import LEAST_MEMORY, SMALL, summed, summed_on_disk
from atom_data.dedup.marks import LOSS

lines = st.tuples(
    st.sampled_from(["source", "language", "domain"]),
    st.sampled_from(["a", "b", "é", "", "Z", None]),
    st.sampled_from([1, 400, SMALL - 1, SMALL, 3 * SMALL]),
    st.sampled_from([0, 1]),
    st.sampled_from(["d1 -> d2", "d0 -> d9", None]),
)


def table_of(rows: list[tuple[str, str | None, int, int, str | None]]) -> pa.Table:
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), LOSS, strict=True)], LOSS
    )


@given(st.lists(lines, min_size=1, max_size=30))
def test_sums_in_memory_are_those_on_disk(rows: list[tuple[str, str | None, int, int, str | None]]) -> None:
    losses = table_of(rows)
    on_disk = summed_on_disk(losses.to_batches(max_chunksize=7), LEAST_MEMORY, "unused")
    assert summed(losses).to_pylist() == [row for batch in on_disk for row in batch.to_pylist()]


def test_known_sums(tmp_path: Path) -> None:
    rows = [
        ("domain", "b", 800, 100, "d5 -> d1"),
        ("domain", "b", 700, 0, None),
        ("domain", "a", 1500, 100, "d3 -> d2"),
        ("source", "all", SMALL, SMALL, "d7 -> d6"),
        ("source", "few", SMALL - 1, SMALL - 1, "d8 -> d6"),
    ]
    expected = [
        ("source", "all", SMALL, SMALL, "d7 -> d6"),
        ("domain", "a", 1500, 100, "d3 -> d2"),
        ("domain", "b", 1500, 100, "d5 -> d1"),
    ]
    for found in (
        summed(table_of(rows)),
        pa.Table.from_batches(summed_on_disk(table_of(rows).to_batches(), LEAST_MEMORY, str(tmp_path))),
    ):
        assert found.cast(LOSS).to_pylist() == table_of(expected).to_pylist()
    assert summed(table_of(rows)[:0]).num_rows == 0
