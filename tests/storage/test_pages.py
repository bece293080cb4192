"""Page headers, the rows of any mixture of encodings, and pages that are read by piece."""

import io
import itertools
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from atom_data.errors import DataError
from atom_data.storage.pages import bigpages, rowgroups
from atom_data.storage.pages.bigpages import Runs
from atom_data.storage.pages.delta import unfolded
from atom_data.storage.pages.pages import (
    DATA,
    DATA_V2,
    DELTA_LENGTH_BYTE_ARRAY,
    DICTIONARY,
    PLAIN,
    RLE_DICTIONARY,
    pages_of,
)
from atom_data.storage.parquet import read_parquet

CODECS = ["none", "zstd", "gzip", "brotli", "snappy", "lz4"]


def column(path: Path) -> pq.ColumnChunkMetaData:
    return pq.read_metadata(path).row_group(0).column(0)


def test_pages_of_a_dictionary_that_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = [f"{number} " * 50 for number in range(100)]
    pq.write_table(
        pa.table({"text": texts}), path, dictionary_pagesize_limit=500, data_page_size=1_000, write_batch_size=5
    )
    with path.open("rb") as stream:
        pages = pages_of(stream, column(path))
    assert pages is not None
    assert [(page.kind, page.encoding) for page in pages[:2]] == [(DICTIONARY, PLAIN), (DATA, RLE_DICTIONARY)]
    assert {page.encoding for page in pages[2:]} == {PLAIN}
    assert sum(page.values for page in pages[1:]) == 100


def test_pages_behind_long_statistics(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = ["a" * 40_000, "b" * 90_000]
    pq.write_table(pa.table({"text": texts}), path, use_dictionary=False, data_page_version="2.0")
    with path.open("rb") as stream:
        pages = pages_of(stream, column(path))
    assert pages is not None
    assert [(page.kind, page.values) for page in pages] == [(DATA_V2, 2)]


@given(st.binary(max_size=200))
def test_pages_of_rubbish_are_none(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "rubbish.parquet"
    if not path.exists():
        pq.write_table(pa.table({"text": ["a", "b"]}), path)
    chunk = column(path)
    pages = pages_of(io.BytesIO(b"PAR1" + data), chunk)
    assert pages is None or sum(page.values for page in pages if page.kind != DICTIONARY) == chunk.num_values


def test_runs_are_runs_and_groups() -> None:
    """The packed numbers 0 to 7 of the specification (Encodings.md), behind a run of five."""
    data = bytes([5 << 1, 6, 1 << 1 | 1, 0b10001000, 0b11000110, 0b11111010])
    runs = Runs(data, 3)
    assert runs.take(3).tolist() == [6, 6, 6]
    assert runs.take(10).tolist() == [6, 6, 0, 1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(IndexError):
        runs.take(1)


TEXTS = st.lists(st.none() | st.text(max_size=20) | st.sampled_from(["x" * 500, "y" * 90]), max_size=60)


def table(texts: list[str | None]) -> pa.Table:
    struct = pa.struct([("b", pa.string()), ("c", pa.list_(pa.string()))])
    return pa.table(
        {
            "plain": pa.array(texts, pa.string()),
            "a.b": pa.array([text and text.encode() for text in texts], pa.binary()),
            "a": pa.array([{"b": text, "c": [text, "y"]} for text in texts], struct),
            "list": pa.array([[text] * (number % 3) for number, text in enumerate(texts)], pa.list_(pa.string())),
            "kind": pa.array(texts, pa.string()).dictionary_encode(),
            "view": pa.array(texts, pa.string_view()),
            "seconds": pa.array(range(len(texts)), pa.duration("s")),
            "full": pa.array([text or "" for text in texts], pa.large_string()),
        }
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS, seed=st.integers(0, 10_000))
def test_rows_are_those_written_however_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: list[str | None], seed: int
) -> None:
    draw, path = random.Random(seed), tmp_path / "a.parquet"
    encoding = draw.choice([None, "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
    named = {"plain": encoding, "a.b": encoding, "kind": encoding, "full": encoding}
    pq.write_table(
        table(texts),
        path,
        compression=draw.choice(CODECS),
        row_group_size=draw.choice([7, 1_000]),
        data_page_size=draw.choice([50, 1_000, 1 << 20]),
        data_page_version=draw.choice(["1.0", "2.0"]),
        dictionary_pagesize_limit=draw.choice([20, 200, 1 << 20]),
        write_batch_size=draw.choice([1, 5, 1_024]),
        use_dictionary=["list.list.element", "a.b"] if encoding else True,
        column_encoding={name: kind for name, kind in named.items() if name != "a.b"} if encoding else None,
    )
    monkeypatch.setattr(bigpages, "BIG_PAGE_BYTES", draw.choice([1, 300, 128 << 20]))
    monkeypatch.setattr(rowgroups, "BIG_DICTIONARY_BYTES", draw.choice([1, 16 << 20]))
    names = draw.sample(table([]).column_names, draw.randrange(1, 9))
    wanted = table(texts).select([name for name in table([]).column_names if name in names])
    batches = list(read_parquet(str(path), names, batch_bytes=draw.choice([1, 500, 1 << 20])))
    found = pa.Table.from_batches(batches).to_pydict() if batches else {name: [] for name in wanted.column_names}
    assert found == wanted.to_pydict()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.none() | st.text("ab", max_size=9) | st.sampled_from(["x" * 300, "x" * 301 + "y"]), max_size=400),
    codec=st.sampled_from(CODECS[:5]),
    version=st.sampled_from(["1.0", "2.0"]),
)
def test_pages_that_repeat_are_counted_as_they_unfold(
    tmp_path: Path, texts: list[str | None], codec: str, version: str
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"text": pa.array(texts, pa.string())}),
        path,
        use_dictionary=False,
        column_encoding={"text": "DELTA_BYTE_ARRAY"},
        compression=codec,
        data_page_version=version,
    )
    there = [text for text in texts if text is not None]
    repeated = sum(
        sum(1 for _ in itertools.takewhile(lambda two: two[0] == two[1], zip(*pair, strict=False)))
        for pair in itertools.pairwise(there)
    )
    if not texts:
        return
    with path.open("rb") as stream:
        (page,) = pages_of(stream, column(path)) or []
        (found,) = unfolded(stream, [page], column(path).compression, True, 1 << 30)
        assert unfolded(stream, [page], column(path).compression, True, page.bytes - 1) == [page]
    assert (found.encoding, found.bytes) == (DELTA_LENGTH_BYTE_ARRAY, page.bytes + repeated)


def test_big_page_that_is_damaged_is_a_data_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bigpages, "BIG_PAGE_BYTES", 1_000)
    path = tmp_path / "a.parquet"
    options = {"use_dictionary": False, "compression": "none", "write_statistics": False}
    pq.write_table(pa.table({"text": ["a" * 3_000, "b" * 3_000]}), path, **options)
    data = bytearray(path.read_bytes())
    place = data.index(b"\xb8\x0b\0\0" + b"b")
    data[place : place + 4] = b"\xff\xff\xff\x7f"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"a\.parquet: cannot be read to the end \(a value is larger than its page\)"):
        list(read_parquet(str(path), ["text"]))
