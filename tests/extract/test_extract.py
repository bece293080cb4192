"""Extract: text, title and status of pages, whatever they hold; encodings; pages built to do harm."""

import pyarrow as pa
import pytest
from hypothesis import example, given, settings, strategies as st

from atom_data.errors import ConfigError
from atom_data.extract import Extract, Resiliparse, Trafilatura
from atom_data.extract.markup import BOXES, FORMATS, is_too_complex, measured

ARTICLE = (
    "<html><head><title> A &amp;\n B </title></head><body><nav><a href=/>Home</a></nav>"
    "<main><h1>Head</h1><p>Größe one.</p><img alt='three' src=x></main></body></html>"
)
ADDED = ["text", "title", "extract_status"]


def extract(
    *pages: bytes | None,
    step: Extract | None = None,
    charset: str | None = None,
    mime: str | None = None,
) -> list[tuple[str | None, ...]]:
    """Return text, title and status of pages."""
    batch = pa.record_batch(
        {
            "html": pa.array(pages, pa.binary()),
            "charset": pa.array([charset] * len(pages), pa.string()),
            "mime": pa.array([mime] * len(pages), pa.string()),
        }
    )
    added = (step or Extract())(batch)
    assert added.schema.names[:7] == ["html", "charset", "mime", *ADDED, "replaced_characters"]
    return [tuple(row[name] for name in ADDED) for row in added.to_pylist()]


def test_html_main_content_and_title() -> None:
    assert extract(ARTICLE.encode()) == [("Größe one.", "A & B", "ok")]


def test_html_status_says_why_there_is_no_text() -> None:
    step = Extract(max_html_bytes=500)
    pages = [None, b"", b"<title>only</title>", b"x" * 501, b"<p>yes"]
    assert extract(*pages, step=step) == [
        (None, None, "no_html"),
        (None, None, "no_html"),
        (None, "only", "empty"),
        (None, None, "too_large"),
        ("yes", None, "ok"),
    ]


def test_html_zero_rows_give_the_same_columns() -> None:
    assert extract() == []
    schema = pa.schema([("html", pa.binary()), ("charset", pa.string()), ("mime", pa.string())])
    empty = pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
    assert [Extract()(empty).schema.field(name).type for name in ADDED] == [pa.string()] * 3


def test_html_missing_column_is_a_config_error() -> None:
    batch = pa.record_batch({"html": ["<p>x"]})
    with pytest.raises(ConfigError, match="no column 'charset'"):
        Extract()(batch)
    assert Extract(charset=None, mime=None)(batch).column("text").to_pylist() == ["x"]


def test_html_plain_text_is_its_own_text() -> None:
    assert extract(b"a <b> c\0\n\n d ", b" \n", mime="text/plain") == [
        ("a <b> c\n\n d", None, "ok"),
        (None, None, "empty"),
    ]


def test_html_texts_are_clean() -> None:
    ((text, title, status),) = extract(b"<title>x\0y&#0;</title><p>a\0b&#0;c &#xD800; &#xFFFF; \xff")
    assert status == "ok"
    for value in (text, title):
        assert value is not None
        assert "\0" not in value
        value.encode()
    assert len(extract(b"<title>" + b"x " * 5_000 + b"</title><p>y")[0][1] or "") == 1_000


@given(st.lists(st.binary(max_size=200), max_size=3))
@settings(max_examples=50, deadline=None)
def test_html_any_bytes_give_the_same_again(pages: list[bytes]) -> None:
    assert extract(*pages) == extract(*pages)


HARMFUL = {
    "nested boxes": b"<div>" * 100_000 + b"x",
    "closed boxes": b"<DIV>" * 100_000 + b"x" + b"</DIV>" * 100_000,
    "boxes and stray ends": b"<div></x>" * 100_000,
    "lists": b"<ul><li>" * 50_000,
    "options": b"<select>" + b"<option>x" * 100_000,
    "attributes": b"<div " + b" ".join(b"a%d='1'" % n for n in range(100_000)) + b">x",
    "open formats": b"<p>" + b"".join(b"<font a%d>" % n for n in range(300)) + b"<p>x" * 10_000,
    "many formats": b"".join(b"<font a%d>" % n for n in range(50_000)),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_html_page_built_to_do_harm_is_too_complex(name: str) -> None:
    assert extract(HARMFUL[name], step=Extract(engine=Resiliparse()))[0][2] == "too_complex"
    assert extract(HARMFUL[name])[0][2] in ("ok", "empty", "too_complex")


def test_html_large_pages_that_mean_no_harm_are_read() -> None:
    pages = [
        ("<div>" * 40 + "<p>x <b>y</b></p><div class=a></div>" * 5_000 + "</div>" * 40).encode(),
        b"<p>x</p><script>" + b"var a = '<div>';" * 20_000 + b"</script>",
        b"<p>x</p><img src='data:image/png;base64," + b"A" * 500_000 + b"'>",
        b"<p>x</p><style>" + b"a b c d " * 100_000 + b"</style>",
        (b"<select>" + b"<option>x</option>" * 900 + b"</select>") * 20 + b"<p>x",
        b"<p>x<b>y" * 5_000,
    ]
    assert [is_too_complex(page) for page in pages] == [False, True, False, False, False, False]
    assert [row[2] for row in extract(*pages[2:4])] == ["ok", "ok"]


def plainly_measured(page: bytes) -> tuple[int, int, int]:
    """Count in the plainest way: stacks of names, one tag after the other."""
    import re

    boxes: list[str] = []
    formats: list[tuple[str, bool]] = []
    depth = most = options = most_options = 0
    for found in re.finditer(rb"<(/?)([A-Za-z]+)(.?)", page, re.DOTALL):
        closes, name, alone = bool(found[1]), found[2].decode().lower(), found[3] in (b">", b"")
        if name == "select":
            options = 0
        elif name == "option":
            options += not closes
        elif name in BOXES:
            if not closes:
                boxes.append(name)
            elif name in boxes:
                boxes.remove(name)
        elif name in FORMATS:
            entries = sorted((entry for entry in formats if entry[0] == name), key=lambda entry: entry[1])
            if not closes:
                formats.append((name, alone))
            elif entries:
                formats.remove(entries[0])
        depth, most_options = max(depth, len(boxes)), max(most_options, options)
        open_now = sum(not alone for _, alone in formats)
        open_now += sum(min(3, formats.count((name, True))) for name in FORMATS)
        most = max(most, open_now)
    return depth, most, most_options


TAGS = st.builds(
    lambda closes, name, rest: f"<{closes}{name}{rest}",
    st.sampled_from(["", "", "/"]),
    st.sampled_from(
        [*BOXES, *FORMATS, "option", "select", "DIV", "Font", "p", "articles", "divx", "abcdefgh", "abcdefghdiv", ""]
    ),
    st.sampled_from([">", " a=1>", "\n>", "/>", ">text"]),
)


@settings(deadline=None)
@given(st.lists(TAGS, max_size=40))
@example(["<b>"] * 6 + ["</b>"] * 3 + ["<b x>", "<b>"] * 3)
def test_measured_equals_the_plain_count(tags: list[str]) -> None:
    import numpy as np

    page = "".join(tags).encode()
    places = np.flatnonzero(np.frombuffer(page, np.uint8) == ord("<"))
    assert tuple(measured(page, places)) == plainly_measured(page)


def test_trafilatura_gives_the_same_columns() -> None:
    pytest.importorskip("trafilatura")
    page = f"<html><head><title>T</title></head><body><article><p>{'A sentence of some length. ' * 20}</p></article></body></html>"
    rows = extract(page.encode(), None, page.encode(), b"<p>", step=Extract(engine=Trafilatura()))
    assert rows[0] == rows[2] == (("A sentence of some length. " * 20).strip(), "T", "ok")
    assert [row[2] for row in rows] == ["ok", "no_html", "ok", "empty"]
