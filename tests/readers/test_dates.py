"""Dates of crawls: as they stand, or null; never a day that is none."""

from datetime import datetime

import pytest
from hypothesis import given, strategies as st

from atom_data.readers.dates import crawl_date


@pytest.mark.parametrize(
    "text",
    [
        "2026", "2026-01", "2024-02-29", "2026-01-02T03:04Z", "2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05+01:00",
        "2016-12-31T23:59:60Z",
    ],
)  # fmt: skip
def test_date_is_kept(text: str) -> None:
    assert crawl_date(text) == text


def test_digits_alone_are_a_date_too() -> None:
    assert crawl_date("20260102") == "2026-01-02"
    assert crawl_date("202601020304") == "2026-01-02T03:04Z"
    assert crawl_date("20260102030405") == "2026-01-02T03:04:05Z"
    assert crawl_date("20260102030405678") == "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-45", "2026-13-45T99:99:99Z", "2026-00-01", "2026-13", "2026-02-29", "2026-04-31T00:00:00Z", "0000-01-01",
        "2026-01-02T24:00:00Z", "2026-01-02T03:60Z", "2026-01-02T03:04:61Z", "2026-01-02T03:04:05+25:00",
        "2026-01-02T03:04:05+01:60", "20261302030405", "20260102250405", "2026010203040", "2009-03-65T08:43:19-0800",
        "Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02 03:04:05", "2026-01-02T03:04:05", "2026-01-02t03:04:05z",
        "2026-01-02T03:04:05.1234567890Z", "٢٠٢٦", "2026-01-02\n", "",
    ],
)  # fmt: skip
def test_what_names_no_day_or_is_in_another_form_is_null(text: str) -> None:
    assert crawl_date(text) is None


@given(moment=st.datetimes())
def test_every_real_moment_is_a_date(moment: datetime) -> None:
    text = f"{moment.isoformat(timespec='seconds')}Z"
    assert crawl_date(text) == text
    assert crawl_date("".join(filter(str.isdigit, text))) == text
