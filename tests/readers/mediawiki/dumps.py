"""A dump of a small wiki of our own, as MediaWiki exports it: plain, and as a multistream with its index."""

import bz2
from html import escape
from pathlib import Path

HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="de">
  <siteinfo>
    <sitename>Kleines Wiki</sitename><dbname>kleinwiki</dbname><base>https://wiki.example.org/wiki/Hauptseite</base>
    <namespaces>
      <namespace key="-2" case="first-letter">Medium</namespace><namespace key="0" case="first-letter" />
      <namespace key="6" case="first-letter">Datei</namespace><namespace key="14" case="first-letter">Kategorie</namespace>
    </namespaces>
  </siteinfo>
"""
TAIL = "</mediawiki>\n"
MOSS = """{{Infobox plant|name=Moss}}
'''Moss''' is a ''small'' plant<ref>A book.</ref> of [[forest|woods]] &amp; [[bog]]s.
[[Datei:Moss.jpg|mini|Ein [[Bild]]]] It grows {{convert|2|cm}} tall.

== Kinds ==
* peat
** red peat
* hair
# one
# two

== Sizes ==
{| class="wikitable"
|+ In centimeters
! kind !! height
|-
| peat || 10
|-
| hair || 20
|}

== References ==
{{Reflist}}
[[Kategorie:Plants]]
[[de:Moose]]
"""
MOSS_TEXT = """Moss is a small plant of woods & bogs.
It grows 2 cm tall.

Kinds

- peat
  - red peat
- hair
1. one
2. two

Sizes

In centimeters

kind | height
peat | 10
hair | 20"""
MOSS_MARKDOWN = """**Moss** is a *small* plant of woods & bogs.
It grows 2 cm tall.

## Kinds

- peat
  - red peat
- hair
1. one
2. two

## Sizes

In centimeters

| kind | height |
| --- | --- |
| peat | 10 |
| hair | 20 |"""


def page(number: int, title: str, text: str, more: str = "", space: int = 0, model: str = "wikitext") -> str:
    return (
        f"  <page>\n    <title>{escape(title)}</title><ns>{space}</ns><id>{number}</id>{more}\n    <revision>\n"
        f"      <id>{number * 100}</id><parentid>7</parentid><timestamp>2026-05-01T00:00:{number % 60:02}Z</timestamp>\n"
        f"      <contributor><username>A</username><id>5</id></contributor><comment>id</comment><model>{model}</model>\n"
        f'      <format>text/x-wiki</format><text bytes="1" xml:space="preserve">{escape(text)}</text><sha1>x</sha1>\n'
        "    </revision>\n  </page>\n"
    )


def pages() -> list[str]:
    """Return pages of every kind: an article, a redirect, of another namespace, of another model, deleted, and more articles."""
    return [
        page(1, "Moss", MOSS),
        page(2, "Mosses", "#REDIRECT [[Moss]]", '<redirect title="Moss" />'),
        page(3, "Diskussion:Moss", "talk", space=1),
        page(4, "Moss.js", "var x;", model="javascript"),
        page(5, "Gone", "").replace(
            '<text bytes="1" xml:space="preserve"></text>', '<text bytes="1" deleted="deleted" />'
        ),
        *(page(number, f"Größe {number}?", f"Article {number} says '''{number}'''.") for number in range(6, 40)),
    ]


def whole() -> bytes:
    return (HEAD + "".join(pages()) + TAIL).encode()


def write_multistream(folder: Path, pages_a_stream: int = 5) -> Path:
    """Write a dump in streams with its index, named like those of Wikimedia, and return its path."""
    found, index = bz2.compress(HEAD.encode()), ""
    made = pages()
    for start in range(0, len(made), pages_a_stream):
        some = made[start : start + pages_a_stream]
        index += "".join(f"{len(found)}:{start + number + 1}:Title: {number}\n" for number in range(len(some)))
        found += bz2.compress("".join(some).encode())
    found += bz2.compress(TAIL.encode())
    (folder / "kleinwiki-20260501-pages-articles-multistream-index.txt.bz2").write_bytes(bz2.compress(index.encode()))
    path = folder / "kleinwiki-20260501-pages-articles-multistream.xml.bz2"
    path.write_bytes(found)
    return path
