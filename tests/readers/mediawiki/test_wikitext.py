"""Wikitext with known answers, as text and as Markdown."""

import pytest
from hypothesis import given, settings, strategies as st

from atom_data.readers.mediawiki.wikitext import Wikitext

pytest.importorskip("mwparserfromhell")

CASES: list[tuple[str, str, str]] = [
    ("plain words", "plain words", "plain words"),
    ("'''bold''' ''it'' '''''both'''''", "bold it both", "**bold** *it* ***both***"),
    ("[[A]], [[A|b]], [[A#part]], [[:Category:C]]", "A, b, A, Category:C", "A, b, A, Category:C"),
    ("[[File:x.jpg|thumb|A [[b]]]]text[[category:x]]", "text", "text"),
    ("[http://x.org T], [http://y.org], http://z.org", "T, , http://z.org", "[T](http://x.org), , http://z.org"),
    ("a{{unknown|b}}c {{lang|fr|bon}} {{Nowrap|1 2}} {{convert|3|km}}", "ac bon 1 2 3 km", "ac bon 1 2 3 km"),
    ("a<ref>b</ref>c<ref name=x/>d<!-- e -->", "acd", "acd"),
    ("<nowiki>[[x]] ''y''</nowiki>", "[[x]] ''y''", "[[x]] ''y''"),
    ("<math>a^2</math> <code>x_1</code>", "a^2 x_1", "$a^2$ `x_1`"),
    ("a<br>b<br/>c", "a\nb\nc", "a\nb\nc"),
    ("&lt;b&gt; &nbsp;&#65;&eacute;", "<b> Aé", "<b> Aé"),
    ("<gallery>\nFile:a.jpg|x\n</gallery>\nend", "end", "end"),
    ("* a\n* b\n** c\n*# d\n*# e\n* f", "- a\n- b\n  - c\n  1. d\n  2. e\n- f", "- a\n- b\n  - c\n  1. d\n  2. e\n- f"),
    ("# a\n# b\ntext\n# c", "1. a\n2. b\ntext\n1. c", "1. a\n2. b\ntext\n1. c"),
    ("; term\n: said", "term\nsaid", "term\nsaid"),
    ("== A ==\n=== B ===\nb\n== C ==\n== D ==\nd", "A\n\nB\n\nb\n\nD\n\nd", "## A\n\n### B\n\nb\n\n## D\n\nd"),
    ("__NOTOC__ x {{{1|y}}}", "x y", "x y"),
    ('{| class="infobox"\n| a\n|}\nend', "end", "end"),
    ("{|\n| a | b\n| c\n|}", "b | c", "| | |\n| --- | --- |\n| b | c |"),
    ("<div>a</div><span>b</span><small>c</small>", "a\nbc", "a\nbc"),
    ("unclosed [[link and {{template and '''bold", "unclosed [[link and {{template and '''bold",
     "unclosed [[link and {{template and '''bold"),
    ("{|\n| never closed", "{|\n| never closed", "{|\n| never closed"),
    ("[[de:Haus]]\n[[Haus]]", "Haus", "Haus"),
]  # fmt: skip


@pytest.mark.parametrize(("wikitext", "text", "markdown"), CASES)
def test_known_answers(wikitext: str, text: str, markdown: str) -> None:
    assert Wikitext().text(wikitext) == text
    assert Wikitext(markdown=True).text(wikitext) == markdown


def test_names_of_a_wiki_and_shown_templates() -> None:
    german = Wikitext(left_out=("datei", "kategorie"), shown={"zitat": 1})
    assert german.text("[[Datei:x.jpg]]a[[Kategorie:X]] {{Zitat|Ja, so.}}") == "a Ja, so."


MARKUP = st.lists(
    st.sampled_from(["[[", "]]", "{{", "}}", "|", "{|\n", "\n|}", "\n|-\n", "'''", "''", "<ref>", "</ref>",
                     "\n* ", "\n# ", "== ", " ==\n",
                     "a", "b c", "<nowiki>", "</nowiki>",
                     "[http://x.org ", "]", "\n! ", "<div>", "</div>", "&amp;", "é"]), max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(MARKUP)
def test_any_markup_becomes_text(wikitext: str) -> None:
    for parser in (Wikitext(), Wikitext(markdown=True)):
        text = parser.text(wikitext)
        assert text == text.strip() and "\x00" not in text and "\n\n\n" not in text
