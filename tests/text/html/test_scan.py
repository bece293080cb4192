"""From bytes to elements and blocks: known answers, and what holds of any bytes."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from atom_data.text.html import page as columns, tags
from atom_data.text.html.lexicon import CLASS_WORDS
from atom_data.text.html.page import Page
from atom_data.text.html.scan import scan
from atom_data.text.html.source import attributes, slot
from tests.text.html.checked import WORDS
from tests.text.html.invariants import check
from tests.text.html.shapes import SHAPES


def texts(html: str) -> list[str]:
    page = scan(html.encode())
    return [page.text_of(block) for block in range(len(page.blocks))]


def parents(page: Page, name: str) -> list[str]:
    """Return the names around the first element of a name, from the inside."""
    node, found = int(np.flatnonzero(page.nodes[:, columns.TAG] == tags.TAGS[name])[0]), []
    while (node := int(page.nodes[node, columns.PARENT])) > 0:
        found.append(tags.NAMES[page.nodes[node, columns.TAG] - 1])
    return found


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", []),
        ("just text", ["just text"]),
        ("<p>a<p>b", ["a", "b"]),
        ("<ul><li>a<li>b<ul><li>c</ul>d</ul>e", ["a", "b", "c", "d", "e"]),
        ("<dl><dt>a<dd>b<dt>c</dl>", ["a", "b", "c"]),
        ("a<b>b</b>c <i>d</i>", ["abc d"]),
        ("<p>a  \n\t b&nbsp;&nbsp;c</p>", ["a b c"]),
        ("<p>a<br>b<br><br>c", ["a\nb", "c"]),
        ("<p>a <br> <br> b", ["a", "b"]),
        ("<h1>a</h2>b<h3>c<h4>d</h4>", ["a", "b", "c", "d"]),
        ("<pre>\n  x\r\n\ty </pre>", ["  x\n\ty"]),
        ("<p>1 < 2 <3 a<b>c", ["1 < 2 <3 ac"]),
        ("a<!-- b --> c <!-> d <!--> e <? f ?> g </ h> i", ["a c d e g i"]),
        ("a<!-- b --!> c<!-- never", ["a c"]),
        ("<script>a</scrip></SCRIPT >b<style>c</style>d<title>e</title>f", ["bd", "f"]),
        ("<textarea>a</textarea><iframe>b</iframe>c", ["c"]),
        ("<svg><text>a</text><svg></svg></svg>b<template>c<template>d</template>e</template>f", ["bf"]),
        ("<table>foster<tr><td>a</td>x<td>b</table>c", ["foster", "a", "x", "b", "c"]),
        (
            "<p>&lt;&amp;&#65;&#x42;&#150;&copyright&nope;&hellip;&NotEqualTilde;",
            ["<&AB\u2013\u00a9right&nope;\u2026\u2242\u0338"],
        ),
        ("<p>&#0;&#xD800;&#x110000;&#;&#x;&", ["\ufffd\ufffd\ufffd&#;&#x;&"]),
        ("<p>\u2014 \u2605 ...<p>a", ["a"]),
        ("<p>a\0b", ["ab"]),
        ("<div hidden>a</div><select><option>b<option>c</select>", ["a", "b", "c"]),
        ("<x-y>a</x-y>b<z>c</z>d", ["a", "bcd"]),
        ("<a href=x>a<a href=y>b</a>", ["ab"]),
        ("<p title='>'>a<p title=\">\">b<p title=a>c", ["a", "b", "c"]),
    ],
)
def test_text_in_blocks(html: str, expected: list[str]) -> None:
    assert texts(html) == expected


@pytest.mark.parametrize(
    ("html", "name", "expected"),
    [
        ("<div><p>a<div><span>b", "span", ["div", "div"]),
        ("<ul><li>a<li><b>b", "b", ["li", "ul"]),
        ("<table><tr><td>a<td><b>b", "b", ["td", "tr", "table"]),
        ("<table><tr><td>a<tr><td><i>b", "i", ["td", "tr", "table"]),
        ("<div><table><tr><i>b</i><td>a</table>", "i", ["div"]),
        ("<b><p>a</b><i>b</i>", "i", ["p", "b"]),
        ("<h1>a<h2><i>b", "i", ["h2"]),
        ("<li>a<section><li><i>b", "i", ["li", "section", "li"]),
        ("<option>a<option><i>b", "i", ["option"]),
    ],
)
def test_where_elements_lie(html: str, name: str, expected: list[str]) -> None:
    assert parents(scan(html.encode()), name) == expected


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("One two. Three, four! Five?", (5, 3, 1)),
        ("Don't stop\u2019s \u201cHello.\u201d Yes.)", (4, 2, 0)),
        ("3.5 and 1,000", (5, 0, 1)),
        ("\u4e2d\u6587\u5b57\u7b26\u3002\u5f88\u957f\uff0c\u5417\uff1f", (4, 2, 1)),
        ("\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22\u0e44", (2, 0, 0)),
        ("\u041c\u0438\u0440, \u0440\u0430\u0437.", (2, 1, 1)),
        ("\u0645\u0631\u062d\u0628\u0627\u060c \u0643\u064a\u0641\u061f", (2, 1, 1)),
        ("\u0928\u092e\u0938\u094d\u0924\u0947 \u0939\u0948\u0964", (2, 1, 0)),
        ("\uc548\ub155 \uc138\uacc4.", (2, 1, 0)),
    ],
)
def test_words_sentences_and_commas_by_script(text: str, counts: tuple[int, int, int]) -> None:
    row = scan(f"<p>{text}".encode()).blocks[0]
    assert (row[columns.WORDS], row[columns.SENTENCES], row[columns.COMMAS]) == counts


def test_links_images_and_letters_are_counted() -> None:
    page = scan(b"<p>One <a href=x>Two three</a> FOUR 5 <img><input><br>x <a>y</a></p><p>ONE TWO three four5x y")
    row = page.blocks[0]
    names = ("words", "link_words", "links", "images", "inputs", "breaks", "digits", "capitalized", "capitals")
    assert [int(row[columns.BLOCK_COLUMNS.index(name)]) for name in names] == [7, 3, 2, 1, 1, 1, 1, 3, 6]
    assert row[columns.LINK_BYTES] == len("Twothreey")


def test_equal_letters_have_equal_hashes() -> None:
    rows = scan(b"<p>One, two!<p>one TWO<p>one twx").blocks[:, columns.HASH]
    assert rows[0] == rows[1] != rows[2]


def test_class_words_are_cut_at_capitals_and_signs() -> None:
    page = scan(
        b"<div class='siteNav post-content x' id=Comments role=main itemprop=articleBody hidden style='display:none'>a</div>"
    )
    groups = {words[0] for number, words in enumerate(CLASS_WORDS) if int(page.classes[1]) >> number & 1}
    assert groups == {"nav", "post", "content", "comment"}
    assert page.nodes[1, columns.WORDS_TO] - page.nodes[1, columns.WORDS_FROM] == 8
    assert page.nodes[1, columns.HIDDEN] == columns.HIDDEN_ATTRIBUTE | columns.HIDDEN_STYLE


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a <math alttext='x^2'><mi>x</mi></math> b", "a $x^2$ b"),
        ("a <math display=block><annotation encoding='application/x-tex'>{\\displaystyle a&lt;b}</annotation></math>", "a $$a<b$$"),
        ("a <math><mi>x</mi><mo>+</mo></math> b", "a x+ b"),
        ("a <script type='math/tex'>\\frac a b</script> b", "a $\\frac a b$ b"),
        ("a <script type='math/tex; mode=display'> c </script>", "a $$c$$"),
        ("a <img class=tex alt='y_1'> <img class=photo alt=no> <img class=tex aria-hidden=true alt=no>b", "a $y_1$ b"),
        ("<span class=katex><math><annotation encoding='application/x-tex'>c</annotation></math><span class='katex-html'>"
         "<span>c</span></span></span> d", "$c$ d"),
        ("a <math><mi>never closed", "a never closed"),
    ],
)  # fmt: skip
def test_formulas_are_latex_once(html: str, expected: str) -> None:
    assert texts(f"<p>{html}") == [expected]


def test_what_the_head_says() -> None:
    page = scan(
        b"<html LANG=de><title>A &amp;\n b</title><meta content='x &gt; y' property=og:site_name><META name=Date content=2024>"
        b"<meta property=og:site_name content=second><link rel=canonical href=/c><link rel=next href=/n><time datetime=2023>"
    )
    found = {name: slot(page, number) for number, name in enumerate(columns.SLOT_NAMES)}
    said = {name: text for name, text in found.items() if text is not None}
    assert said == {
        "title": "A & b", "site_name": "x > y", "date": "2024", "canonical": "/c", "language": "de", "time": "2023",
    }  # fmt: skip
    link = int(np.flatnonzero(page.nodes[:, columns.TAG] == tags.LINK)[1])
    assert attributes(page, link) == {b"rel": b"next", b"href": b"/n"}


@pytest.mark.parametrize("name", SHAPES)
def test_hostile_shapes_end_within_limits(name: str) -> None:
    check(SHAPES[name](300_000))


@pytest.mark.parametrize("name", ["div", "p", "td", "custom end tags", "class words"])
def test_a_page_beyond_a_limit_is_cut(name: str) -> None:
    assert scan(SHAPES[name](8_000_000)).cut


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=6)), max_size=40).map(b"".join))
@settings(max_examples=300)
def test_any_bytes_keep_every_promise_and_give_the_same_again(html: bytes) -> None:
    check(html)
    one, other = scan(html), scan(html)
    assert one.text.tobytes() == other.text.tobytes()
    assert np.array_equal(one.nodes, other.nodes)
    assert np.array_equal(one.blocks, other.blocks)


@given(st.text(st.characters(categories=("L", "N", "P", "Zs"), exclude_characters="<&"), max_size=60))
def test_text_without_markup_is_itself(text: str) -> None:
    found = " ".join(texts(text))
    assert found.split() == text.split() or not any(map(str.isalnum, text))


@pytest.mark.parametrize("page", [b"<pre>&nbsp;x", b"<pre>\xc2\xa0x", b"<pre>&#32;x", b"<pre> x"])
def test_a_block_that_begins_with_a_space_begins_where_that_stands(page: bytes) -> None:
    assert scan(page).blocks[:, columns.PLACE].tolist() == [5]


@pytest.mark.parametrize("count", [10, 1_000, 60_000])
@pytest.mark.parametrize("element", ["<i>a</i>", "<br>", "<p>a"])
def test_a_page_of_little_but_tags_has_all_of_them(element: str, count: int) -> None:
    page = scan((element * count + "<p>the end").encode())
    blocks = {"<i>a</i>": 2, "<br>": 1, "<p>a": min(count, 39_999) + 1}[element]
    assert page.cut == (len(page.blocks) == 40_000 and count > 40_000)
    assert (page.cut or len(page.nodes) == count + 2) and len(page.blocks) == blocks
    assert page.cut or page.text_of(len(page.blocks) - 1) == "the end"
