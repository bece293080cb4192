"""Pages of the English Wikipedia: `wikipedia.xml` says from where and under which license. Here in a dump with its index."""

import bz2
import re
from functools import cache
from pathlib import Path

import pytest

from atom_data import MediaWiki
from atom_data.readers.mediawiki.wikitext import Wikitext
from atom_data.testing import check_source
from atom_data.workspace import Workspace
from tests.readers.archives import Outcome, outcome

mwparserfromhell = pytest.importorskip("mwparserfromhell")
XML = Path(__file__).with_name("wikipedia.xml")
TITLES = {
    39: "Albedo", 303: "Alabama", 305: "Achilles", 307: "Abraham Lincoln", 586: "ASCII", 595: "Andre Agassi", 677: "Ambiguity",
    708: "Transport in Angola", 734: "Actinopterygii", 742: "Algorithms (journal)", 764: "Agnostida", 4702: "Brahui language",
}  # fmt: skip


@cache
def pages(form: str) -> dict[str, str]:
    return {row["title"]: row["text"] for row in outcome(MediaWiki(str(XML), form=form)).rows}


def multistream(folder: Path) -> Path:
    """Write the pages as Wikimedia does, two in a stream, and the index with the offset, number and title of each."""
    head, *rest = re.split(r"(?=  <page>)", XML.read_text(encoding="utf-8").removesuffix("</mediawiki>\n"))
    data, index = bz2.compress(head.encode()), ""
    for start in range(0, len(rest), 2):
        for one in rest[start : start + 2]:
            number, title = re.search(r"<id>(\d+)", one), re.search(r"<title>(.*?)</title>", one)
            assert number and title
            index += f"{len(data)}:{number[1]}:{title[1]}\n"
        data += bz2.compress("".join(rest[start : start + 2]).encode())
    path = folder / "enwiki-20160501-pages-articles-multistream1.xml-p10p4702.bz2"
    path.write_bytes(data + bz2.compress(b"</mediawiki>\n"))
    name = "enwiki-20160501-pages-articles-multistream-index1.txt-p10p4702.bz2"
    (folder / name).write_bytes(bz2.compress(index.encode()))
    return path


def read(folder: Path, split_bytes: int) -> tuple[MediaWiki, Outcome]:
    found = MediaWiki(str(folder / "*.xml-p*.bz2"), source="enwiki", license="CC-BY-SA-3.0", split_bytes=split_bytes)
    return found, outcome(found)


def test_rows_and_what_is_skipped(tmp_path: Path) -> None:
    multistream(tmp_path)
    _, found = read(tmp_path, 0)
    assert {row["page_id"]: row["title"] for row in found.rows} == TITLES
    last = found.rows[-3]
    assert {name: last[name] for name in last if name not in ("text", "offset", "file")} == {
        "id": "enwiki:742", "url": "https://en.wikipedia.org/wiki/Algorithms_(journal)", "date": "2015-12-24T18:40:56Z",
        "title": "Algorithms (journal)", "license": "CC-BY-SA-3.0", "source": "enwiki", "page_id": 742, "revision": 696657918,
        "namespace": 0, "redirect": None,
    }  # fmt: skip
    assert found.skipped == {"mediawiki.redirect": 2, "mediawiki.other_namespace": 1} and not found.rejects


def test_parts_are_the_whole(tmp_path: Path) -> None:
    multistream(tmp_path)
    source, parts = read(tmp_path, 3000)
    assert len(source.shards(Workspace(""))) > 3
    assert parts.rows == read(tmp_path, 0)[1].rows
    assert parts.skipped == {"mediawiki.redirect": 2, "mediawiki.other_namespace": 1}
    check_source(source, shards=len(source.shards(Workspace(""))))


def test_redirects_and_other_namespaces_as_rows() -> None:
    rows = outcome(MediaWiki(str(XML), namespaces=(0, 4), redirects=True, form="wikitext")).rows
    found = {row["title"]: row["redirect"] for row in rows if row["redirect"] is not None}
    assert found == {
        "AccessibleComputing": "Computer accessibility",
        "AbacuS": "Abacus",
        "Wikipedia:Adding Wikipedia articles to Nupedia": "Wikipedia:Nupedia and Wikipedia",
    }


MARKDOWN: dict[str, tuple[str, ...]] = {
    "Algorithms (journal)": (  # an infobox, a reference over lines, a list whose only words are a template
        "***Algorithms*** is a peer-reviewed open access mathematics journal concerning design, analysis, and experiments on "
        "algorithms. The journal is published by MDPI and was established in 2008. Its editor-in-chief is "
        "Kazuo Iwama (Kyoto University).",
        "## See also\n\n- *Algorithmica*, another journal with similar subject matter",
    ),
    "Transport in Angola": (
        "- Luanda Railway (CFL) (northern)\n- Benguela Railway (CFB) (central)\n- Moçâmedes Railway (CFM) (southern)\n",
        "## Waterways\n\n- 1,300 km navigable (2008)\n*country comparison to the world:* 36\n",
        "## Ports and harbors\n\nThe government plans to build a deep-water port at Barra do Dande, north of Luanda, in Bengo "
        "province near Caxito.\n\n## Merchant marine\n\n- *total:* 6\n",
    ),
    "Agnostida": (
        "- [Order Agnostida](http://www.trilobites.info/ordagnostida.htm) by Sam Gon III.\n",
        "within empty hyolith conchs, within sponges, worm tubes and under the carapaces of bivalved arthropods, presumably",
    ),
    "Albedo": (
        "a particular solar zenith angle *θ**i* can reasonably be approximated",
        "\n${\\alpha}= (1-D) \\bar \\alpha(\\theta_i) + D \\bar{ \\bar \\alpha}.$",
    ),
    "Alabama": (  # a table with bold that is never closed in a cell
        "Religious affiliation in Alabama (2014)\n\n| Affiliation | % of U.S. population |\n| --- | --- |\n"
        "| Christian | |\n| Protestant | |\n",
        "| Don't know/refused answer | |\n| **Total** | |",
    ),
    "Achilles": ("many details in the *Iliad'*s description of the death of Patroclus and Achilles' reaction to it.",),
    "Abraham Lincoln": ("not realizing the Southern Unionists were insisting there be no invasion.",),
    "Ambiguity": ("unambiguous in another.\n\n## Linguistic forms\n\nThe lexical ambiguity of a word",),
    "ASCII": ('beginning with ESC followed by a "[" (left-bracket) character.',),
    "Andre Agassi": ("since Rod Laver achieved the Grand Slam in 1969.",),
    "Actinopterygii": ("| Fin arrangements |\n| --- |\n| Ray-finned fish are varied in size,", "*See fish fin*. |"),
    "Brahui language": (
        "the voiceless lateral fricative [ɬ], a sound not otherwise found in the region.\n\n| | Labial | Dental |",
        "\n| Fricative | f | | | s | z | | ʃ | ʒ | x | ɣ | h | | |\n",
    ),
}


@pytest.mark.parametrize("title", TITLES.values())
def test_known_answers(title: str) -> None:
    for part in MARKDOWN[title]:
        assert part in pages("markdown")[title]


def test_what_is_not_there() -> None:
    """Not in any page: markup, files and their captions, categories, references, infoboxes, sections that only had these."""
    for title, text in pages("text").items():
        assert not re.search(r"''|\[\[|\]\]|\{\{|\{\||\|\}|</?\w+>|&\w+;|\(\)|Category:|File:|thumb", text), title
    everything = "\n".join(pages("text").values())
    for gone in (
        "Itagnostus",
        "DEFAULTSORT",
        "1999-4893",
        "Müller, K. J.",
        "Pepe vio",
        "Salmon",
        "Allan Nevins, Ordeal",
        "Roger Federer",
    ):
        assert gone not in everything
    assert "References" not in pages("text")["Agnostida"] and "References" in pages("text")["Transport in Angola"]


def test_prose_is_that_of_the_parser() -> None:
    """Lines without templates, tags and tables are what mwparserfromhell itself makes of them."""
    ours, seen = Wikitext(), 0
    for line in "\n".join(pages("wikitext").values()).split("\n"):
        if line[:1].isalpha() and not re.search(r"[<{}|*#]|\[\[[^]]*:|'''s", line):
            seen += 1
            assert ours.text(line).split() == mwparserfromhell.parse(line).strip_code().split()
    assert seen > 5
