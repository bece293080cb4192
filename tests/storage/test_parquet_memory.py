"""Memory of reading Parquet: bounded by pages and batches, whatever the row group holds or unfolds to."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.storage.parquet import read_parquet

READ = """
import sys
from atom_data.storage.parquet import read_parquet
def most():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before, rows, sizes = most(), 0, 0
for batch in read_parquet(sys.argv[1], ["text"], batch_bytes=1 << 20):
    rows += batch.num_rows
    sizes = max(sizes, batch.nbytes)
print(rows, sizes >> 20, (most() - before) >> 10)
"""

BIG = "x" * 100_000
TAIL = [f"{number} " + "y" * 3_000 for number in range(500)]


def read(path: Path) -> tuple[int, int, int]:
    """Return rows, MB of the largest batch, and MB by which the memory of a process of its own grew at most."""
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    rows, batch, memory = map(int, done.stdout.split())
    return rows, batch, memory


def save(path: Path, texts: object, kind: pa.DataType | None = None, **options: object) -> int:
    given = {"row_group_size": 1 << 30, "compression": "zstd", "write_batch_size": 100, **options}
    pq.write_table(pa.table({"text": pa.array(texts, kind)}), path, **given)
    assert path.stat().st_size < 1 << 20
    assert pq.read_metadata(path).num_row_groups == 1
    return len(texts)  # type: ignore[arg-type]


@pytest.mark.parametrize("nested", [False, True])
def test_dictionary_that_is_given_up_stays_small(tmp_path: Path, nested: bool) -> None:
    """300 MB out of one entry, and then pages without a dictionary, as most writers go on when it has grown."""
    texts = [BIG] * 3_000 + TAIL
    rows = save(tmp_path / "a.parquet", [[text] for text in texts] if nested else texts)
    found, batch, memory = read(tmp_path / "a.parquet")
    assert found == rows
    assert batch <= 5
    assert memory < 100


def test_large_dictionary_is_held_once(tmp_path: Path) -> None:
    """A column that Arrow wrote as a dictionary has all of its entries in one page, here of 40 MB."""
    texts = pa.array([f"{number} " + "z" * 2_000 for number in range(20_000)]).dictionary_encode()
    rows = save(tmp_path / "a.parquet", texts)
    found, batch, memory = read(tmp_path / "a.parquet")
    assert found == rows
    assert batch <= 2
    assert memory < 120


def test_values_that_repeat_the_one_before_stay_small(tmp_path: Path) -> None:
    rows = save(
        tmp_path / "a.parquet", [BIG] * 3_000, use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY"}
    )
    found, batch, memory = read(tmp_path / "a.parquet")
    assert found == rows
    assert batch <= 5
    assert memory < 100


def test_long_rows_behind_short_ones_stay_small(tmp_path: Path) -> None:
    texts = ["a"] * 300_000 + ["b" * 100_000] * 3_000
    rows = save(tmp_path / "a.parquet", texts, use_dictionary=False, write_batch_size=10)
    found, batch, memory = read(tmp_path / "a.parquet")
    assert found == rows
    assert batch <= 9
    assert memory < 100


def test_bytes_of_a_fixed_size_stay_small(tmp_path: Path) -> None:
    rows = save(tmp_path / "a.parquet", [BIG.encode()] * 3_000, pa.binary(len(BIG)))
    found, batch, memory = read(tmp_path / "a.parquet")
    assert found == rows
    assert batch <= 2
    assert memory < 100


@pytest.mark.parametrize("dictionary", [False, True])
def test_page_above_128_mb_is_read_by_piece(tmp_path: Path, dictionary: bool) -> None:
    """Writers that look at the size of a page only every thousand rows make pages like this one, of 300 MB."""
    texts = [f"{number}" + BIG for number in range(3_000)]
    rows = save(tmp_path / "a.parquet", texts, use_dictionary=dictionary, write_batch_size=3_000)
    found, batch, memory = read(tmp_path / "a.parquet")
    assert found == rows
    assert batch <= 2
    assert memory < (600 if dictionary else 100)  # a dictionary is held whole


def test_row_groups_that_take_turns_leave_no_file_open(tmp_path: Path) -> None:
    texts = [text for number in range(30) for text in (["same"] * 10, [f"{number} {one}" * 20 for one in range(10)])]
    table = pa.table({"text": [text for some in texts for text in some]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=10, dictionary_pagesize_limit=50, write_batch_size=1)
    most = 0
    for _ in read_parquet(str(tmp_path / "a.parquet"), ["text"]):
        most = max(
            most, sum("a.parquet" in str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink())
        )
    assert 0 < most < 6
