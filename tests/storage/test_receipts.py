"""Receipts one by one and many at a time: in order, missing, edited, or no JSON at all."""

from pathlib import Path
from threading import current_thread
from typing import Any

import pytest

from atom_data.errors import DataError
from atom_data.job import receipts_of
from atom_data.storage.receipts import CHUNK, READERS, read_receipt, read_receipts, receipt_path, write_receipt

NAMES = [f"{number:06}" for number in range(CHUNK * READERS + CHUNK + 3)]
"""More than are read at a time, and a chunk that is not full."""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A job of many shards, of which some have no receipt and one was edited."""
    folder = tmp_path_factory.mktemp("receipts")
    for name in NAMES:
        if name not in MISSING:
            write_receipt(str(folder), {"stage": "job", "shard": name, "rows_in": int(name)}, "test")
    path = folder / receipt_path("job", EDITED)
    path.write_bytes(path.read_bytes().replace(b'"rows_in": ', b'"rows_in": 1'))
    return str(folder)


MISSING, EDITED = {NAMES[0], NAMES[CHUNK], NAMES[-1]}, NAMES[CHUNK * READERS]


@pytest.mark.parametrize("slow", [True, False])
def test_many_receipts_are_those_one_by_one_in_the_order_asked(
    out: str, slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atom_data.storage.receipts.SLOW_SECONDS", -1.0 if slow else 1.0)
    asked, threads = NAMES[::-1], set[str]()

    def look(receipt: dict[str, Any]) -> dict[str, Any]:
        threads.add(current_thread().name)
        return receipt

    found = list(read_receipts(out, "job", asked, look))
    assert (len(threads) > 1) == slow
    assert [name for name, _ in found] == asked
    assert {name for name, receipt in found if receipt is None} == MISSING
    assert [name for name, receipt in found if receipt == {}] == [EDITED]
    for name, receipt in found[:: CHUNK // 2]:
        if name != EDITED:
            assert receipt == read_receipt(out, "job", name)
    assert all(receipt["rows_in"] == int(name) for name, receipt in found if receipt)


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1])
def test_any_number_of_receipts(out: str, count: int) -> None:
    asked = [name for name in NAMES if name not in MISSING | {EDITED}][:count]
    assert [name for name, receipt in read_receipts(out, "job", asked) if receipt] == asked
    assert [receipt["shard"] for receipt in receipts_of("job", asked, out)] == asked


def test_receipts_of_a_job_that_never_ran_are_missing(tmp_path: Path) -> None:
    assert list(read_receipts(str(tmp_path), "job", ["a", "b"])) == [("a", None), ("b", None)]


def test_of_many_receipts_the_error_says_which_is_missing_or_edited(out: str) -> None:
    good = NAMES[1:CHUNK]
    with pytest.raises(DataError, match=f"job/{NAMES[0]}"):
        receipts_of("job", [*good, NAMES[0]], out)
    with pytest.raises(DataError, match=f"{EDITED}.json: the receipt was edited after it was written. Delete it"):
        receipts_of("job", [*good, EDITED], out)


def test_what_is_no_receipt_says_so(tmp_path: Path) -> None:
    path = tmp_path / receipt_path("job", "a")
    path.parent.mkdir(parents=True)
    for text, what in (("{", "is no JSON ("), ("[]", "is no JSON object"), ('{"stage": "job"}', "was edited")):
        path.write_text(text)
        with pytest.raises(DataError) as raised:
            read_receipt(str(tmp_path), "job", "a")
        assert what in str(raised.value)
        assert list(read_receipts(str(tmp_path), "job", ["a"])) == [("a", {})]
