"""Which day of a page is believed: kinds of pages as the web has them, each with days that it was not published on."""

import itertools
import json
from typing import Any

import numpy as np
import pytest

from atom_data.extract import MainText
from atom_data.extract.dates.marks import About, Named, named_days
from atom_data.extract.dates.trust import trusted_day
from atom_data.extract.metadata import metadata_of, title_of
from atom_data.extract.structured import records
from atom_data.text.html.scan import scan

TEXT = "".join(
    f"<p>This is sentence {number} of an article, which says something of some length." for number in range(20)
)


def published(html: str, *, kept: slice | None = None, **about: Any) -> str | None:
    """Return the day of a page; `kept` are the blocks that are its text."""
    page = scan(html.encode())
    blocks = None
    if kept is not None:
        blocks = np.zeros(len(page.blocks), np.bool_)
        blocks[kept] = True
    return metadata_of(page, About(title=title_of(page), kept=blocks, **about)).published


def data(**record: str) -> str:
    return f"<script type=application/ld+json>{json.dumps({'@type': 'NewsArticle', **record})}</script>"


def head(name: str, value: str) -> str:
    return f"<meta property={name} content='{value}'>"


@pytest.mark.parametrize(
    ("said", "days"),
    [
        (data(datePublished="2024-05-06"), ["2024-05-06", "2024-05-06", None]),
        (data(datePublished="soon", dateCreated="2024-05-06"), [None, None, None]),
        (data(**{"@type": "WebPage", "datePublished": "2024-05-06"}), [None, None, None]),
        (head("article:published_time", "2024-05-06"), ["2024-05-06", "2024-05-06", None]),
        (head("w-published-date", "2024-05-06"), ["2024-05-06", "2024-05-06", None]),
        (head("article:modified_time", "2024-05-06"), [None, None, None]),
        ("<h1>A</h1><time datetime=2024-05-06></time>", ["2024-05-06", None, None]),
        ("<h1>A</h1><p>By Ann Poe<p>Posted on May 6, 2024", ["2024-05-06", "2024-05-06", None]),
        ("<h1>A</h1><p>Sold since May 6, 2024", [None, None, None]),
        ("<h1>A</h1><p>(c) 2024", [None, None, None]),
    ],
)
def test_what_dates_a_page_depends_on_its_kind(said: str, days: list[str | None]) -> None:
    assert [published(f"{said}{TEXT}", kind=kind) for kind in ("article", "other", "product")] == days


def test_times_stay_as_the_page_gives_them() -> None:
    assert published(head("article:published_time", "2024-05-06T23:08:09-07:00") + TEXT) == "2024-05-06T23:08:09-07:00"


def test_the_day_beside_the_title_is_believed_and_not_that_of_the_last_change() -> None:
    changed = head("article:modified_time", "2025-01-02")
    assert (
        published(f"{changed}<h1>A</h1><p>By Ann Poe<p>Published May 6, 2024<p>Updated January 2, 2025{TEXT}")
        == "2024-05-06"
    )


def test_a_day_beside_the_title_is_the_pages_and_one_among_other_texts_is_not() -> None:
    others = "".join(f"<p><a href=/{day}>Another text, May {day}, 2024</a>" for day in range(1, 15))
    assert published(f"<h1>A title</h1><p>By Ann Poe<p>April 2, 2023{TEXT}{others}", kept=slice(3, 23)) == "2023-04-02"
    assert published(f"<h1>A title</h1>{TEXT * 2}{others}", kept=slice(0, 41)) is None


def test_a_day_that_a_text_speaks_of_is_not_its_own() -> None:
    assert published(f"<h1>A title</h1>{TEXT}<p>All of it was over on May 6, 2024{TEXT}", kept=slice(0, 40)) is None


def test_the_first_post_dates_a_thread_and_not_when_its_author_came() -> None:
    posts = "".join(
        f"<div><p>Joined: January 2, 2010<p>#{day}<p>May {day}, 2024 9:07 am<p>I think that is so.</div>"
        for day in (6, 7, 8)
    )
    assert published(f"<h1>A question</h1>{posts}", kind="forum", url="https://e.org/viewtopic.php?t=1") == "2024-05-06"


def test_numbers_are_read_as_in_the_pages_country() -> None:
    page = "<h1>A</h1><p>Posted on 03/10/2023"
    assert published(f"<html lang=en-US>{page}{TEXT}") == "2023-03-10"
    assert published(f"<html lang=en-GB>{page}{TEXT}") == "2023-10-03"
    assert published(f"<html lang=de>{page}{TEXT}") == "2023-10-03"
    assert published(f"{page}{TEXT}", url="https://e.co.uk/a") == "2023-10-03"


@pytest.mark.parametrize(
    ("sure", "day"),
    [
        (data(datePublished="2024-09-10T16:07:00Z"), "2024-09-10"),
        ("<time datetime=2024-09-10>10 September</time>", "2024-09-10"),
        ("<p><a href=/>Another text</a> September 10, 2024", "2024-09-10"),
        (data(datePublished="2024-10-09"), "2024-10-09"),
        ("<p>September 10, 2024, and October 9, 2024", "2024-10-09"),
        ("", "2024-10-09"),
    ],
)
def test_numbers_that_can_be_read_in_two_ways_are_read_as_a_day_that_is_sure(sure: str, day: str) -> None:
    for written in ("09.10.2024", "10/09/2024"):
        page = scan(f"<h1>A</h1><p>{written}{TEXT}{sure}".encode())
        named = named_days(page, records(page), About(title="A"))
        assert "at the title" in named.days[day]
        assert [other for other in named.days if "at the title" in named.days[other]] == [day]


def test_a_time_element_is_read_as_the_text_is() -> None:
    page = scan(f"<h1>A</h1><time datetime=02-12-2025>02-12-2025</time>{TEXT}<p>December 2, 2025".encode())
    assert list(named_days(page, [], About(title="A")).days) == ["2025-12-02"]


def test_the_month_in_the_address_says_how_numbers_are_read() -> None:
    page = f"<h1>A</h1><p>Posted on 03/10/2023{TEXT}"
    assert published(page, url="https://e.org/2023/october/03/a/") == "2023-10-03"
    assert published(page, url="https://e.org/2023/a/") == "2023-03-10"


def test_a_day_in_a_sentence_is_not_one_alone_in_its_block() -> None:
    for words, mark in ((4, "alone in its block"), (5, None), (11, None), (12, "in a sentence")):
        page = scan(f"<h1>A</h1><p>{'Word ' * (words - 3)}May 6, 2024{TEXT}".encode())
        found = named_days(page, [], About(title="A")).days["2024-05-06"]
        assert found & {"alone in its block", "in a sentence"} == ({mark} if mark else set())


def test_a_page_of_another_kind_whose_address_is_a_title_is_a_text() -> None:
    page = scan(f"<h1>A</h1>{TEXT}".encode())
    for end, kind in (("a-b-c-d", "article"), ("a-b", "other"), ("viewtopic-a-b-c", "forum")):
        assert f"none: {kind}" in named_days(page, [], About(f"https://e.org/{end}", "A", "other")).none


def test_the_first_page_of_a_site_has_no_day() -> None:
    page = f"<h1>News</h1>{TEXT}<time datetime=2024-05-06>today</time>"
    assert published(page, url="https://e.org/what-is-new-today") == "2024-05-06"
    assert published(page, url="https://e.org/") is None


def test_a_page_of_many_days_is_a_list() -> None:
    for last, day in ((5, "2024-05-01"), (20, None)):
        days = "".join(f"<p>Of another matter<p><a href=/{number}>May {number}, 2024</a>" for number in range(1, last))
        assert published(f"<h1>A title</h1>{TEXT}{days}", kind="article") == day


def test_the_engine_weighs_what_its_model_finds() -> None:
    page = f"<title>A headline</title><article><h1>A headline</h1><p>By Ann Poe, May 6, 2024{TEXT}</article>"
    assert MainText(metadata=True).read(page.encode(), "https://e.org/a").more["published"] == "2024-05-06"


@pytest.mark.parametrize("url", ["http://[", "https://e.org:x/", "\x00", ""])
def test_addresses_that_are_none_do_no_harm(url: str) -> None:
    assert published(f"<h1>A</h1><p>May 6, 2024{TEXT}", url=url) == "2024-05-06"


def test_a_page_whose_text_has_no_word_has_no_day() -> None:
    assert published("<title>.</title>.") is None


@pytest.mark.parametrize("order", [*itertools.permutations("abc")])
def test_the_order_of_marks_does_not_decide(order: tuple[str, ...]) -> None:
    """A set of texts has another order in each process, and 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1."""
    weights = {"a": 0.1, "b": 0.2, "c": 0.3, "whole": 0.6}
    marks: Any = dict.fromkeys(order).keys()
    named = Named({"2024-01-01": {"whole"}, "2024-02-02": marks}, set(), {})
    assert trusted_day(named, weights) == "2024-01-01"
    assert trusted_day(Named({"2024-02-02": {"whole"}}, marks, {}), weights) == "2024-02-02"
