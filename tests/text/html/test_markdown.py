"""Blocks as text and as Markdown: structure, nothing glued, nothing doubled."""

import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

from atom_data.text.html.markdown import markdown_text
from atom_data.text.html.plain import plain_text
from atom_data.text.html.scan import scan
from tests.text.html.checked import WORDS


def markdown(html: str, links: bool = False) -> str:
    page = scan(html.encode())
    return markdown_text(page, np.ones(len(page.blocks), np.bool_), links=links).decode()


def plain(html: str) -> str:
    page = scan(html.encode())
    return plain_text(page, np.ones(len(page.blocks), np.bool_)).decode()


CODE = "<pre class='brush: JS'>a();\n  b();\n</pre>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("<h1>a<br>b</h1><h3>c</h3>d", "# a b\n\n### c\n\nd"),
        ("<p>a<p>b<br>c", "a\n\nb  \nc"),
        ("<ul><li>a<li>b<ol><li>c<li>d</ol><li>e</ul>f", "- a\n- b\n  1. c\n  2. d\n- e\n\nf"),
        ("<ol start=9><li>a<li><p>b</p><p>c</p></ol>", "9. a\n10. b\n\n   c"),
        ("<ol><li>a<ul><li>b</ul></ol>", "1. a\n   - b"),
        ("<table><tr><th>a<th>b|c<tr><td>1<td><p>2</p><p>3</p></table>", "| a | b\\|c |\n| --- | --- |\n| 1 | 2 3 |"),
        ("<table><tr><td>a<td><td>c<tr><td><td>b<td></table>d", "| a | | c |\n| --- | --- | --- |\n| | b | |\n\nd"),
        ("<table><tr><td>a</table>", "a"),
        ("<table><tr><td><table><tr><td>a<td>b</table><td>c</table>", "| a | b |\n| --- | --- |\n\nc"),
        ("<pre><code class='language-C++ x'>\n  int a;\n\n  b;</code></pre>c", "```c++\n  int a;\n\n  b;\n```\n\nc"),
        (CODE + CODE, "```js\na();\n  b();\n```\n\n```js\na();\n  b();\n```"),
        ("<div class='highlight-source-python'><pre>a = '```'</pre></div>", "~~~python\na = '```'\n~~~"),
        ("<pre><div>a b</div><div>c</div></pre>", "```\na b\nc\n```"),
        ("<blockquote><p>a<p>b<blockquote>c</blockquote></blockquote>d", "> a\n>\n> b\n>\n> > c\n\nd"),
        ("<blockquote><pre>a\nb</pre></blockquote>", "> ```\n> a\n> b\n> ```"),
        ("<ul><li>a<pre>b\nc</pre></ul>", "- a\n\n  ```\n  b\n  c\n  ```"),
        ("<p>a <b>b </b>c<strong> d</strong> <em>e</em><code>f</code>", "a **b** c **d** *e*`f`"),
        ("<p><b>a <b>b</b></b> <code>c <b>d</b></code> <i></i> <b> </b>e", "**a b** `c d` e"),
        ("<p><b><i>a</i></b>", "***a***"),
        ("<p>Let <math alttext='x_1'></math> be", "Let $x_1$ be"),
        ("<p>a * b_c # d", "a * b_c # d"),
    ],
)
def test_structure(html: str, expected: str) -> None:
    assert markdown(html) == expected


def test_links_where_asked() -> None:
    html = "<p><a href='/x?a=1&amp;b=2'>a <b>b</b></a> <a href=#y>c</a> <a>d</a> <a href='javascript:e'>e</a> <a href='(f g)'>f</a>"
    assert markdown(html) == "a **b** c d e f"
    assert markdown(html, links=True) == "[a **b**](/x?a=1&b=2) c d e [f]((fg)"
    assert markdown("<a href=/x><h2>a</h2><p>b</a>", links=True) == "## [a](/x)\n\n[b](/x)"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>a</h1><p>b<br>c", "a\n\nb\nc"),
        ("<ul><li>a<ul><li>b</ul><li><p>c<p>d</ul>", "- a\n  - b\n- c\nd"),
        ("<table><tr><td>a<td>b<tr><td>c<td><p>d<p>e</table>f", "a\tb\nc\td e\n\nf"),
        ("<pre>a\n  b</pre><b>c</b>", "a\n  b\n\nc"),
    ],
)
def test_plain_text(html: str, expected: str) -> None:
    assert plain(html) == expected


@given(st.lists(st.sampled_from([word for word in WORDS if max(word) < 128]), max_size=30).map(b"".join))
def test_no_word_is_lost_or_doubled(html: bytes) -> None:
    page = scan(html)
    kept = np.ones(len(page.blocks), np.bool_)
    words = re.findall(r"\w+", " ".join(page.text_of(block) for block in range(len(page.blocks))))
    assert re.findall(r"\w+", plain_text(page, kept).decode("utf-8", "replace")) == words
    found = re.findall(
        r"\w+",
        re.sub(r"(?m)^[> ]*(```|~~~)\w*$|^[> ]*\d+\. ", "", markdown_text(page, kept).decode("utf-8", "replace")),
    )
    assert sorted(found) == sorted(words) or b"<ol" in html or b"`" in html or b"<pre" in html
