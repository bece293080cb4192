"""Texts from sources: GNOME's help (Mallard, translated by its own PO files) and the Declaration of Human Rights."""

import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Collection, Iterator
from pathlib import Path

from pages.documents import Block, Text, flat, is_in, order, size
from pages.packages import Package

MALLARD = "{http://projectmallard.org/1.0/}"
DECLARATION = "{http://efele.net/udhr}"
SECTIONS = (
    "section",
    "page",
    "note",
    "steps",
    "list",
    "terms",
    "item",
    "table",
    "tbody",
    "tr",
    "td",
    "if",
    "choose",
    "when",
)
PARTS = 4
"""Into so many texts a declaration is cut, of some eight articles each: it is one document, and has to do for a whole language."""


def gnome_help(package: Package, least: int, most: int) -> Iterator[Text]:
    """Yield up to `most` topics of GNOME's help in every language, those that are translated and long enough, as if drawn."""
    for folder in sorted((package.folder / "usr/share/help").iterdir()):
        language = folder.name.partition("_")[0].partition("@")[0]
        if folder.name == "C" or folder.name.endswith("@latin"):
            language = "en" if folder.name == "C" else ""
        paths = sorted(folder.glob("gnome-help/*.page"), key=lambda path: order(path.stem)) if language else []
        count = 0
        for path in paths:
            text = _topic(path, language, package)
            if count < most and text is not None and size(text.truth()) >= least and is_in(language, text.truth()):
                count += 1
                yield text


def _topic(path: Path, language: str, package: Package) -> Text | None:
    root = ElementTree.parse(path).getroot()
    title = root.find(f"{MALLARD}title")
    if title is None:
        return None
    name = f"{path.parent.parent.name}/{path.stem}"
    label = f"{package.name} {package.version}"
    text = Text(name, language, "gnome-user-docs", flat("".join(title.itertext())), label, "CC-BY-SA-3.0")
    _blocks(root, text.blocks, "paragraph")
    return text


def _blocks(element: ElementTree.Element, blocks: list[Block], kind: str) -> None:
    """Append the blocks below an element: titles of sections, paragraphs, items, code; notes and tables as paragraphs."""
    for child in element:
        tag = child.tag.removeprefix(MALLARD) if isinstance(child.tag, str) else ""
        words = flat("".join(child.itertext())) if tag in ("title", "p", "code", "screen") else ""
        if tag == "title" and element.tag == f"{MALLARD}section" and words:
            blocks.append(Block("heading", words))
        elif tag == "p" and words:
            blocks.append(Block("item" if element.tag == f"{MALLARD}item" else kind, words))
        elif tag in ("code", "screen") and words:
            blocks.append(Block("code", words))
        elif tag in SECTIONS:
            _blocks(child, blocks, kind)


def declarations(archive: Path, least: int, languages: Collection[str]) -> Iterator[Text]:
    """Yield the Universal Declaration of Human Rights in some languages, in parts.

    `archive` is langid.tar.xz; nothing is yielded where it is missing.
    """
    if not archive.exists():
        return
    with tarfile.open(archive) as opened:
        for member in opened:
            if "/udhr/udhr_" not in member.name or not member.name.endswith(".xml"):
                continue
            stream = opened.extractfile(member)
            root = ElementTree.fromstring(stream.read()) if stream else None
            language = "" if root is None else root.get("{http://www.w3.org/XML/1998/namespace}lang", "")
            if root is not None and language.partition("-")[0] in languages:
                yield from _declaration(root, language.partition("-")[0], member.name, least)


def _declaration(root: ElementTree.Element, language: str, name: str, least: int) -> Iterator[Text]:
    title = root.find(f"{DECLARATION}title")
    heading = flat("".join(title.itertext())) if title is not None else ""
    blocks: list[list[Block]] = []
    for part in root:
        lines = [
            flat("".join(line.itertext()))
            for line in part.iter()
            if line.tag.removeprefix(DECLARATION) in ("title", "para")
        ]
        if part.tag != f"{DECLARATION}title" and any(lines):
            kinds = ["heading" if number == 0 and len(lines) > 1 else "paragraph" for number in range(len(lines))]
            blocks.append([Block(kind, line) for kind, line in zip(kinds, lines, strict=True) if line])
    step = max(1, -(-len(blocks) // PARTS))
    for part, start in enumerate(range(0, len(blocks), step)):
        stem = Path(name).stem
        text = Text(f"{stem}/{part}", language, "udhr", heading, "udhr", "free to use (OHCHR)")
        text.blocks = [block for group in blocks[start : start + step] for block in group]
        if heading and size(text.truth()) >= least and is_in(language, text.truth()):
            yield text
