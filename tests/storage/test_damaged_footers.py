"""Footers of Parquet that are damaged: a sentence, where Arrow alone would end the process.

Each is read in a process of its own, as what must not happen ends it.
"""

import multiprocessing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import DataError
from atom_data.readers.row_groups import part_input
from atom_data.storage.parquet import read_parquet
from atom_data.storage.shards import Input, Shard

CODEC = b"\x18\x04text\x15\x00"
"""Of ColumnMetaData in Thrift's compact protocol: the path, then the codec, UNCOMPRESSED."""
HISTOGRAM = b"\x19\x26\x00\x02"
"""Of SizeStatistics: how many values have no definition level (0) and how many have one (1)."""


def damaged(folder: Path, old: bytes, new: bytes) -> str:
    """Write a file of two row groups of one column, and exchange bytes in the second row group's part of the footer."""
    path = folder / "a.parquet"
    pq.write_table(
        pa.table({"text": ["one", "two"]}), path,
        row_group_size=1, compression="none", use_dictionary=False, write_statistics=False, store_schema=False,
    )  # fmt: skip
    data = path.read_bytes()
    begin = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    before, found, after = data[begin:-8].rpartition(old)
    assert found
    footer = before + new + after
    path.write_bytes(data[:begin] + footer + len(footer).to_bytes(4, "little") + data[-4:])
    return str(path)


def _read(path: str, part: bool, said: "multiprocessing.SimpleQueue[str]") -> None:
    try:
        if part:
            part_input(Input(path=path, bytes=1_000, sha256=""), Shard(name="a", path=path, bytes=1, start=1, stop=2))
        else:
            list(read_parquet(path, ["text"], 1))
        said.put("nothing")
    except DataError as error:
        said.put(str(error))


def test_a_row_group_with_other_rows_than_its_footer_says_is_refused(tmp_path: Path) -> None:
    """RowGroup's total_byte_size and num_rows (1), then file_offset: rows behind it would have other numbers in a part."""
    rows = b"\x16\x40\x16\x02\x26"
    path = damaged(tmp_path, rows, b"\x16\x40\x16\x06\x26")
    with pytest.raises(
        DataError, match=r"a\.parquet: the number of rows of row group 1 is 1, by the footer 3\. Fetch the file again\."
    ):
        list(read_parquet(path, ["text"]))


@pytest.mark.parametrize("part", [False, True], ids=["read", "the bytes of a part"])
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (CODEC, CODEC[:-1] + b"\x7e", "Unsupported compression codec value: 63"),
        (HISTOGRAM, b"\x19\x36\x00\x02\x02", "Definition level histogram size mismatch, size: 3, expected: 2"),
    ],
    ids=["codec", "histogram"],
)
def test_a_damaged_column_of_the_footer_is_a_sentence(
    tmp_path: Path, old: bytes, new: bytes, why: str, part: bool
) -> None:
    path = damaged(tmp_path, old, new)
    context = multiprocessing.get_context("spawn")
    said = context.SimpleQueue()
    process = context.Process(target=_read, args=(path, part, said))
    process.start()
    process.join()
    assert process.exitcode == 0, "the process was ended"
    text = said.get()
    assert text.startswith(f"{path}: cannot be read to the end ("), text
    assert why in text
