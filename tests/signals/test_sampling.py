"""The sampling number: of the id and the seed alone, and even."""

from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pytest

from atom_data.signals.sampling import SampleUnit


def units(identifiers: list[str | None], seed: int = 0) -> list[float | None]:
    """The numbers of some ids."""
    batch = pa.RecordBatch.from_pydict({"id": pa.array(identifiers, pa.string())})
    found: list[float | None] = SampleUnit(seed=seed)(batch).column("sample_unit").to_pylist()
    return found


def test_sample_unit_is_a_fixed_function_of_seed_and_id() -> None:
    digest = blake2b(b"sample 7 a-1", digest_size=8).digest()
    assert units(["a-1"], 7) == [(int.from_bytes(digest, "big") >> 11) / 2**53]
    assert units(["x", "a-1", None], 7) == [units(["x"], 7)[0], units(["a-1"], 7)[0], None]
    assert units(["a-1"], 8) != units(["a-1"], 7)


def test_sample_unit_is_even_and_below_one() -> None:
    found = np.array(units([f"document {number}" for number in range(20_000)]), np.float64)
    assert found.min() >= 0
    assert found.max() < 1
    counts = np.histogram(found, 20, (0, 1))[0]
    assert abs(counts - 1000).max() < 5 * 1000**0.5


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.null()])
def test_sample_unit_no_rows_keep_the_column(kind: pa.DataType) -> None:
    found = SampleUnit()(pa.RecordBatch.from_arrays([pa.array([], kind)], names=["id"]))
    assert (str(found.schema.field("sample_unit").type), found.num_rows) == ("double", 0)


def test_sample_unit_numbers_are_ids_too() -> None:
    batch = pa.RecordBatch.from_pydict({"id": pa.array([12, None], pa.int64())})
    assert SampleUnit()(batch).column("sample_unit").to_pylist() == [*units(["12"]), None]
