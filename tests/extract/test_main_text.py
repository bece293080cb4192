"""MainText: what it takes and leaves, its columns, what a page says about itself, text that is only in data."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from atom_data import Extract
from atom_data.batch import empty
from atom_data.errors import ConfigError
from atom_data.extract import MainText
from atom_data.extract.columns import COLUMNS, KINDS, MEASURES, METADATA
from atom_data.extract.metadata import metadata_of
from atom_data.text.html.scan import scan
from tests.extract.test_extract import HARMFUL
from tests.text.html.checked import WORDS

SENTENCE = "This is a sentence of an article, which says something of some length. "
PAGE = (
    "<html lang=en><head><title>A headline of weight | The Site</title><meta property=og:site_name content='The Site'>"
    "<meta name=author content='Jane Roe'><meta property=article:published_time content='2024-05-06T07:08:09+02:00'>"
    "<link rel=canonical href=https://e.org/a></head><body><nav><ul><li><a href=/>Home</a><li><a href=/b>About us</a></ul></nav>"
    f"<article><h1>A headline of weight</h1>{''.join(f'<p>{number}. {SENTENCE * 4}</p>' for number in range(5))}"
    "<table><tr><th>Year<th>Words</tr><tr><td>2023<td>4,000 words</tr></table></article>"
    f"<div class=comments><h3>Comments</h3><p class=comment>{'I do agree with that. ' * 3}</p></div>"
    "<footer><a href=/imprint>Imprint</a> Copyright The Site</footer></body></html>"
)


def rows(
    *pages: bytes | str | None, engine: MainText | None = None, charset: str | None = None
) -> list[dict[str, Any]]:
    data = [page.encode() if isinstance(page, str) else page for page in pages]
    nulls = pa.nulls(len(pages), pa.string())
    batch = pa.record_batch(
        {"html": pa.array(data, pa.binary()), "charset": pa.array([charset] * len(pages), pa.string()), "mime": nulls}
    )
    found: list[dict[str, Any]] = Extract(engine=engine or MainText())(batch).to_pylist()
    return found


def test_an_article_without_what_is_around_it() -> None:
    row = rows(PAGE)[0]
    assert row["extract_status"] == "ok"
    assert row["title"] == "A headline of weight"
    for number in range(5):
        assert f"{number}. {SENTENCE}" in row["text"]
    for word in ("Home", "About us", "Imprint"):
        assert word not in row["text"]
    assert 0.5 < row["extract_confidence"] <= 1
    assert 0.5 < row["extract_text_share"] < 1
    assert row["extract_link_share"] == 0
    assert (row["extract_links"], row["extract_code_blocks"], row["extract_formulas"]) == (0, 0, 0)


def test_columns_are_the_same_for_pages_errors_and_no_rows() -> None:
    schema = pa.schema([("html", pa.binary()), ("charset", pa.string()), ("mime", pa.string())])
    for engine, more in (
        (MainText(), [*MEASURES, *KINDS]),
        (MainText(markdown=True, metadata=True), ["markdown", *MEASURES, *METADATA, *KINDS]),
    ):
        added = Extract(engine=engine)(empty(schema))
        assert added.schema.names[3:] == ["text", "title", "extract_status", "replaced_characters", *more]
        assert [added.schema.field(name).type for name in more] == [COLUMNS[name] for name in more]
        for row in rows(None, b"", b"\x89PNG\r\n\x1a\n" + bytes(99), "<title>t</title>", engine=engine):
            assert row["text"] is None
            assert row["extract_confidence"] is None
            assert row["extract_status"] in ("no_html", "binary", "empty")


def test_comments_where_asked() -> None:
    assert "I do agree" not in rows(PAGE, engine=MainText(comments=False, favor="recall"))[0]["text"]


def test_precision_keeps_no_more_and_recall_no_less() -> None:
    few, some, many = (rows(PAGE, engine=MainText(favor=favor))[0]["text"] for favor in ("precision", "f1", "recall"))
    assert set(few.split()) <= set(some.split()) <= set(many.split())


def test_what_nobody_can_favor_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^MainText: favor is 'speed'; there are f1, precision, recall\. Give one\."):
        MainText(favor="speed")  # type: ignore[arg-type]


def test_markdown_has_the_same_words() -> None:
    row = rows(PAGE, engine=MainText(markdown=True))[0]
    assert row["markdown"].split("\n")[0] in ("# A headline of weight", row["text"].split("\n")[0])
    for number in range(5):
        assert f"{number}. {SENTENCE}" in row["markdown"]


def test_what_a_page_says_about_itself() -> None:
    row = rows(PAGE, engine=MainText(metadata=True))[0]
    assert {name: row[name] for name in METADATA} == {
        "published": "2024-05-06T07:08:09+02:00",
        "modified": None,
        "author": "Jane Roe",
        "site_name": "The Site",
        "declared_language": "en",
        "canonical_url": "https://e.org/a",
    }


def test_structured_data_comes_first() -> None:
    data = {"@graph": [{"@type": "Person", "name": "Nobody"}, {
        "@type": ["BlogPosting"], "datePublished": "2020-01-02", "dateModified": "Jan 3, 2020",
        "author": [{"@type": "Person", "name": "Ann Poe"}, "Bo Coe"], "publisher": {"name": "Press"}, "inLanguage": "de",
    }]}  # fmt: skip
    page = f"<script type='application/ld+json'>{json.dumps(data)}</script><meta name=author content=Other><p>text"
    row = rows(page, engine=MainText(metadata=True))[0]
    assert [row[name] for name in METADATA] == ["2020-01-02", "2020-01-03", "Ann Poe, Bo Coe", "Press", "de", None]
    broken = "<script type='application/ld+json'>{" + "[" * 5000 + "</script><p>text"
    assert rows(broken, engine=MainText(metadata=True))[0]["author"] is None


@pytest.mark.parametrize(
    ("lines", "author", "published"),
    [
        ("<p>By Ann Poe - May 6, 2024", "Ann Poe", "2024-05-06"),
        ("<p>by ALL IN ONE on Jan 22, 2025", "ALL IN ONE", "2025-01-22"),
        ("<p>ByAnn Poe | 4 min read", "Ann Poe", None),
        ("<p>By the end of the day<p>Nov 3, 2023", None, "2023-11-03"),
        ("<p class=byline><a href=/a>Ann Poe</a> 12 articles, 3456 points", "Ann Poe", None),
        ("<p class=user-name>poster<p>Written by Ann Poe", "Ann Poe", None),
        ("<div class=user-name>x99</div><div itemprop=author><a href=/a>asker</a> 3456 points of honor</div>", "asker", None),
        ("<p class=author>34 minutes", None, None),
    ],
)  # fmt: skip
def test_who_wrote_and_when_as_the_page_shows_it(lines: str, author: str | None, published: str | None) -> None:
    known = metadata_of(scan(f"<h1>A headline</h1>{lines}<p>{SENTENCE * 3}".encode()))
    assert (known.author, known.published) == (author, published)


def test_the_site_is_the_author_where_nobody_else_is() -> None:
    head = "<meta property=og:site_name content=Press><meta name=author content=press>"
    assert metadata_of(scan(f"{head}<h1>A</h1><p>text".encode())).author == "press"
    assert metadata_of(scan(f"{head}<h1>A</h1><p>By Ann Poe".encode())).author == "Ann Poe"


def test_names_of_a_part_are_not_the_pages() -> None:
    review = {"@type": "Review", "datePublished": "2020-01-02", "author": {"name": "Buyer"}}
    page = scan(f"<script type=application/ld+json>{json.dumps(review)}</script><h1>A</h1><p>May 6, 2024".encode())
    assert metadata_of(page)[:3] == ("2024-05-06", None, None)


BODY = "A long text that is only in the data of the page and in none of its elements. " * 10
LINKED = json.dumps({"@type": "Article", "articleBody": BODY})
POST = {"post_stream": {"posts": [{"cooked": f"<p>{BODY}</p>"}, {"cooked": "<p>An answer &amp; more</p>"}]}}
TOPIC = json.dumps({"topic_7": json.dumps(POST)}).replace("&", "&amp;").replace('"', "&quot;")
STATE = json.dumps(
    {
        "props": {
            "pageProps": {"article": {"content": [{"text": BODY}, {"text": f"<b>{BODY}</b> end"}], "id": "x" * 300}}
        }
    }
)


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (f"<script type=application/ld+json>{LINKED}</script><p>Loading", BODY.strip()),
        (f"<div id=data-preloaded data-preloaded=\"{TOPIC}\"></div><p>Log in", f"{BODY.strip()}\n\nAn answer & more"),
        (f"<div id=__next></div><script id=__NEXT_DATA__ type=application/json>{STATE}</script>", f"{BODY.strip()}\n\n{BODY}end"),
        ("<script type=application/ld+json>{\"@type\": \"Article\", \"articleBody\": \"short\"}</script><p>x", "x"),
        (f"<noscript><p>{BODY}</p></noscript>", BODY.strip()),
        (f"<meta name=description content='short'><meta property='og:description' content='{BODY}'><p>L", BODY.strip()),
        (f"<meta content='{BODY}' name='description'><p>Log in", BODY.strip()),
        ("<meta name=\"description\" content=\"A text of a few words says what a page is about.\"><p>x", "x"),
    ],
)  # fmt: skip
def test_text_that_is_only_in_data(page: str, found: str) -> None:
    row = rows(page)[0]
    assert row["text"] == found or (len(found) < 9 and row["text"] in (found, None))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "shift_jis", "windows-1251", "gb18030"])
def test_every_encoding_comes_in(encoding: str) -> None:
    text = "\u0422\u0435\u043a\u0441\u0442" if encoding == "windows-1251" else "\u6587\u7ae0"
    row = rows(f"<title>{text}</title><p>{text}".encode(encoding), charset=encoding.removesuffix("-sig"))[0]
    assert (row["title"], row["replaced_characters"]) == (text, 0)


def test_nuls_and_bad_bytes() -> None:
    row = rows("<title>a\0b</title><article><p>" + SENTENCE.replace("is", "i\0s") * 9)[0]
    assert row["title"] == "ab"
    assert "\0" not in row["text"]
    row = rows(b"<article><p>" + SENTENCE.encode() * 9 + b"\xff\xfe", charset="utf-8")[0]
    assert row["extract_status"] in ("charset", "ok")


@pytest.mark.parametrize("name", HARMFUL)
def test_pages_built_to_do_harm_end(name: str) -> None:
    assert rows(HARMFUL[name], engine=MainText(markdown=True, metadata=True))[0]["extract_status"] in (
        "ok",
        "empty",
        "too_complex",
    )


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=6)), max_size=30).map(b"".join))
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_the_same_again(page: bytes) -> None:
    engine = MainText(markdown=True, metadata=True, links=True)
    assert rows(page, engine=engine) == rows(page, engine=engine)
