"""Files of pieces: every row is found by its place, in any split of the places; damage is noticed."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from atom_data.errors import DataError
from atom_data.storage import pieces as module
from atom_data.storage.parquet import Output
from atom_data.storage.paths import sha256
from atom_data.storage.pieces import create_pieces, hash_places, number_places, read_pieces, share

SCHEMA = pa.schema([("hash", pa.uint64()), ("name", pa.string()), ("list", pa.large_list(pa.uint64()))])


def batch(hashes: np.ndarray) -> pa.RecordBatch:
    lists = pa.array([[int(value) % 97] * (int(value) % 3) for value in hashes], pa.large_list(pa.uint64()))
    return pa.record_batch([pa.array(hashes), pa.array([str(value) for value in hashes]), lists], schema=SCHEMA)


def write(path: Path, hashes: np.ndarray, step: int = 700) -> Output:
    output = Output("file")
    with create_pieces(str(path), SCHEMA, "token", output) as pieces:
        for start in range(0, len(hashes), step):
            some = hashes[start : start + step]
            pieces.write(batch(some), hash_places(some))
    return output


@pytest.mark.parametrize("parts", [1, 3, 64])
def test_parts_have_every_row_once(tmp_path: Path, parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", 100_000)  # so that the file has several chunks
    hashes = np.random.default_rng(1).integers(0, 1 << 64, 20_000, dtype=np.uint64)
    output = write(tmp_path / "file", hashes)
    found = []
    for part in range(parts):
        first, last = share(part, parts)
        for piece in read_pieces(str(tmp_path / "file"), first, last):
            places = hash_places(piece.column("hash").to_numpy())
            inside = piece.filter(pa.array((places >= first) & (places < last)))
            assert inside.to_pylist() == batch(inside.column("hash").to_numpy()).to_pylist()
            found += inside.column("hash").to_pylist()
    assert sorted(found) == sorted(hashes.tolist())
    assert (output.rows, output.bytes) == (20_000, (tmp_path / "file").stat().st_size)
    assert output.sha256 == sha256(str(tmp_path / "file"))


def test_a_part_reads_only_its_pieces(tmp_path: Path) -> None:
    write(tmp_path / "file", np.random.default_rng(1).integers(0, 1 << 64, 20_000, dtype=np.uint64))
    rows = sum(piece.num_rows for piece in read_pieces(str(tmp_path / "file"), *share(3, 16)))
    assert 1000 < rows < 1600


def test_an_empty_file_has_no_pieces(tmp_path: Path) -> None:
    assert write(tmp_path / "file", np.zeros(0, np.uint64)).rows == 0
    assert list(read_pieces(str(tmp_path / "file"))) == []


@pytest.mark.parametrize("keep", [0, 10, -3])
def test_a_cut_file_is_refused(tmp_path: Path, keep: int) -> None:
    write(tmp_path / "file", np.arange(100, dtype=np.uint64))
    data = (tmp_path / "file").read_bytes()
    (tmp_path / "file").write_bytes(data[:keep])
    with pytest.raises(DataError, match="is not a file of pieces, or only the beginning of one"):
        list(read_pieces(str(tmp_path / "file")))


@pytest.mark.parametrize("count", [1, 2, 1000, (1 << 31) + 5, 20_000_000_000])
def test_number_places_keep_the_order_and_stay_below_the_end(count: int) -> None:
    numbers = np.unique(np.linspace(0, count - 1, 5000).astype(np.int64))
    places = number_places(numbers, count).astype(np.int64)
    assert (np.diff(places) >= 0).all()
    assert 0 <= places[0] <= places[-1] < 1 << 32
