"""Receipts one by one and many at a time: in order, missing, edited, of another format, or no JSON at all."""

import json
from pathlib import Path
from threading import current_thread

import pytest
from hypothesis import given, strategies as st

from atom_data.errors import DataError
from atom_data.storage.receipts import (
    CHUNK,
    FORMAT,
    READERS,
    Measured,
    OutputFile,
    Receipt,
    ShardList,
    read_receipt,
    read_receipts,
    read_shard_list,
    receipt_path,
    seal,
    write_json,
    write_receipt,
)
from atom_data.storage.shards import Input
from atom_data.workspace import Workspace

NAMES = [f"{number:06}" for number in range(CHUNK * READERS + CHUNK + 3)]
"""More than are read at a time, and a chunk that is not full."""
MISSING, EDITED = {NAMES[0], NAMES[CHUNK], NAMES[-1]}, NAMES[CHUNK * READERS]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A job of many shards, of which some have no receipt and one was edited."""
    folder = tmp_path_factory.mktemp("receipts")
    for name in NAMES:
        if name not in MISSING:
            write_receipt(str(folder), Receipt("job", name, rows_in=int(name)), "test")
    path = folder / receipt_path("job", EDITED)
    path.write_bytes(path.read_bytes().replace(b'"rows_in": ', b'"rows_in": 1'))
    return str(folder)


@pytest.mark.parametrize("slow", [True, False])
def test_many_receipts_are_those_one_by_one_in_the_order_asked(
    out: str, slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atom_data.storage.receipts.SLOW_SECONDS", -1.0 if slow else 1.0)
    asked, threads = NAMES[::-1], set[str]()

    def look(receipt: Receipt) -> bool:
        threads.add(current_thread().name)
        return receipt.shard != NAMES[5]

    found = list(read_receipts(out, "job", asked, look))
    assert (len(threads) > 1) == slow
    assert [reading.shard for reading in found] == asked
    assert {reading.shard for reading in found if reading.receipt is None} == MISSING | {EDITED}
    assert [reading.shard for reading in found if reading.edited] == [EDITED]
    assert [reading.shard for reading in found if not reading.whole] == [NAMES[5]]
    for reading in found[:: CHUNK // 2]:
        if reading.shard != EDITED:
            assert reading.receipt == read_receipt(out, "job", reading.shard)
    assert all(reading.receipt.rows_in == int(reading.shard) for reading in found if reading.receipt)


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1])
def test_any_number_of_receipts(out: str, count: int) -> None:
    asked = [name for name in NAMES if name not in MISSING | {EDITED}][:count]
    assert [reading.shard for reading in read_receipts(out, "job", asked) if reading.receipt] == asked
    assert [receipt.shard for receipt in Workspace(out).finished_receipts("job", asked)] == asked


def test_receipts_of_a_job_that_never_ran_are_missing(tmp_path: Path) -> None:
    found = list(read_receipts(str(tmp_path), "job", ["a", "b"]))
    assert [(reading.shard, reading.receipt, reading.edited) for reading in found] == [
        ("a", None, False),
        ("b", None, False),
    ]


def test_of_many_receipts_the_error_says_which_is_missing_or_edited(out: str) -> None:
    good = NAMES[1:CHUNK]
    with pytest.raises(DataError, match=f"job/{NAMES[0]}"):
        Workspace(out).finished_receipts("job", [*good, NAMES[0]])
    with pytest.raises(DataError, match=f"{EDITED}.json: the receipt was edited after it was written. Delete it"):
        Workspace(out).finished_receipts("job", [*good, EDITED])


def test_what_is_no_receipt_says_so(tmp_path: Path) -> None:
    path = tmp_path / receipt_path("job", "a")
    path.parent.mkdir(parents=True)
    for text, what in (("{", "is not JSON ("), ("[]", "is not a JSON object"), ('{"stage": "job"}', "was edited")):
        path.write_text(text)
        with pytest.raises(DataError) as raised:
            read_receipt(str(tmp_path), "job", "a")
        assert what in str(raised.value)
        assert [reading.edited for reading in read_receipts(str(tmp_path), "job", ["a"])] == [True]


COUNTS = st.dictionaries(st.text(max_size=5), st.integers(0, 1 << 40), max_size=3)
WHOLE = st.builds(
    Receipt,
    stage=st.just("job"),
    shard=st.just("a"),
    job=st.text(),
    code=st.dictionaries(st.text(), st.text(), max_size=3),
    inputs=st.lists(st.builds(Input, st.text(), st.integers(0), st.text(), st.integers(0), st.text())).map(tuple),
    rows_in=st.integers(0),
    rows_out=st.integers(0),
    dropped=COUNTS,
    unreadable=COUNTS,
    skipped=COUNTS,
    text_bytes=st.integers(0),
    tokens=st.integers(0),
    spans=st.lists(st.tuples(st.text(), st.integers(0), st.integers(0))).map(tuple),
    notes=st.dictionaries(st.text(), st.lists(st.integers() | st.text())),
    measured=st.builds(Measured, st.floats(0, 1e9), st.floats(0, 1e9), st.integers(0), st.integers(0)),
    accepted=st.text(),
)


@given(WHOLE, st.lists(st.builds(OutputFile, st.text(), st.integers(0), st.text(), st.integers(0))))
def test_a_receipt_is_read_as_it_was_written(receipt: Receipt, outputs: list[OutputFile]) -> None:
    value = receipt.value() | {"outputs": [vars_of(item) for item in outputs]}
    read = Receipt.read(json.loads(seal(value)), "here")
    assert read.value() == value
    assert read.output_bytes == sum(item.bytes for item in outputs)


def vars_of(item: OutputFile) -> dict[str, object]:
    return {"path": item.path, "bytes": item.bytes, "sha256": item.sha256, "rows": item.rows}


OLD = {
    "format": 2,
    "stage": "tokens",
    "shard": "a.wet.p0001",
    "identity": {"job": "x", "code": {"atom_data": "y"}},
    "inputs": [{"path": "a.wet", "bytes": 9, "sha256": "z", "modified": 7}],
    "outputs": [{"path": "tokens/a.bin", "bytes": 5, "sha256": "w", "rows": 0}],
    "rows_in": 3,
    "rows_out": 2,
    "dropped": {"card.reason": 1},
    "unreadable": {},
    "skipped": {},
    "text_bytes": 4,
    "tokens": 6,
    "span": [10, 20],
    "notes": {},
    "measured": {"wall_seconds": 1.0, "cpu_seconds": 0.5, "peak_memory_bytes": 8, "input_bytes": 9},
}


def test_receipts_of_the_format_before_are_read(tmp_path: Path) -> None:
    path = tmp_path / receipt_path("tokens", "a.wet.p0001")
    path.parent.mkdir(parents=True)
    path.write_bytes(seal(OLD))
    receipt = read_receipt(str(tmp_path), "tokens", "a.wet.p0001")
    assert receipt is not None
    assert receipt.spans == (("a.wet", 10, 20),)
    assert receipt.inputs == (Input("a.wet", 9, "z", 7),)
    assert (receipt.job, receipt.code, receipt.output_bytes) == ("x", {"atom_data": "y"}, 5)
    assert receipt.value() == {
        **{key: value for key, value in OLD.items() if key != "span"},
        "format": FORMAT,
        "spans": [["a.wet", 10, 20]],
    }


@pytest.mark.parametrize(("number", "what"), [(1, "1"), (FORMAT + 1, str(FORMAT + 1)), (None, "None")])
def test_receipts_of_other_formats_are_refused_with_the_way_on(tmp_path: Path, number: int | None, what: str) -> None:
    path = tmp_path / receipt_path("tokens", "a")
    path.parent.mkdir(parents=True)
    path.write_bytes(seal({**OLD, "format": number}))
    with pytest.raises(
        DataError, match=f"a receipt of format {what}; this atom-data reads 2 to {FORMAT}. Use the version"
    ):
        read_receipt(str(tmp_path), "tokens", "a")


def test_a_list_of_shards_is_read_as_it_was_written_and_as_it_was_before(tmp_path: Path) -> None:
    listed = ShardList("job", ("a", "b"), {"reads": "c"})
    for value in (listed.value(), {"stage": "job", "shards": ["a", "b"], "identity": {"reads": "c"}}):
        write_json(str(tmp_path / "job" / "plan.json"), value, "test")
        assert read_shard_list(str(tmp_path), "job") == listed
    write_json(str(tmp_path / "job" / "plan.json"), {"stage": "job"}, "test")
    with pytest.raises(DataError, match=r"plan\.json: is not a list of shards .* Delete it"):
        read_shard_list(str(tmp_path), "job")
