"""Wikitext as text or Markdown, by mwparserfromhell (MIT), which parses markup and expands no template."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

from atom_data.readers.mediawiki.gaps import GAP, without_gaps
from atom_data.readers.mediawiki.quotes import APOSTROPHE, without_quotes
from atom_data.readers.mediawiki.templates import SHOWN_ARGUMENT, template_text
from atom_data.readers.mediawiki.wikitables import table_lines

NAMED = ("file", "image", "category", "media")
"""Namespaces 6, 14 and -2 in English, which every wiki understands; their own names come with the dump."""
LEFT_OUT = frozenset(
    ("gallery", "timeline", "score", "imagemap", "graph", "templatestyles", "style", "script", "references", "ref", "section",
     "inputbox", "mapframe", "maplink", "indicator", "categorytree", "charinsert", "hiero", "ce", "chem")
)  # fmt: skip
VERBATIM = frozenset(("nowiki", "pre", "syntaxhighlight", "source", "math"))
BLOCKS = frozenset(("div", "p", "blockquote", "center", "poem", "ul", "ol", "dl"))
NO_TABLES = frozenset(("infobox", "navbox", "metadata", "ambox", "vertical-navbox", "sidebar", "toc", "noprint"))
MARKS = {"b": "**", "i": "*", "strong": "**", "em": "*"}
SWITCH = re.compile(r"__[A-Z]{3,30}__")
OTHER_WIKI = re.compile(r"[a-z]{2,3}(?:-[a-z-]{2,12})?:\S")
SPACES = re.compile(r"[ \t\u00a0]+")
LINES = re.compile(r"\n{3,}")
STRAY_TAG = re.compile(
    r"</?(?:a|b|big|blockquote|center|div|font|gallery|i|li|noinclude|nowiki|ol|onlyinclude|p|ref|references|small|span|strike|sub|sup|"
    r"table|tbody|td|th|tr|tt|u|ul)(?:\s[^<>\n]*)?/?>",
    re.IGNORECASE,
)
"""Tags that the parser leaves in the text, because they are never opened or never closed."""
FILE = re.compile(
    r"[^:/|]+:[^|]+\.(?:jpe?g|png|gif|svg|webp|tiff?|xcf|og[gav]|webm|mid|wav|mp3|flac|opus|mpe?g)", re.IGNORECASE
)
CONTROLS = str.maketrans("", "", "\x00\x01\x02")
ATTRIBUTES = re.compile(
    r"""(?:(?:align|bgcolor|class|colspan|height|rowspan|scope|style|valign|width) ?= ?(?:"[^"]*"|[\w#%;:-]+) ?)+"""
)
HEADING = "\x00"
"""Before the level and the words of a heading, until it is known whether something stands below it."""
FINISHED = str.maketrans(APOSTROPHE, "'", HEADING + GAP)


@dataclass(slots=True)
class Wikitext:
    """Makes text of the wikitext of one wiki.

    Links are their words; files, categories and links to other languages are left out, and so are templates but for those in
    `shown` (name to the number of the argument that is text), references, comments, galleries. Lists have `- ` and `1. ` and two
    spaces for each level, tables a line per row with ` | ` between cells; tables that are boxes for navigation are left out. A
    heading with nothing below it is left out. With `markdown`, headings, emphasis, links to other sites, code and tables are
    Markdown. Formulas are as they stand, between `$` in Markdown.
    """

    markdown: bool = False
    shown: Mapping[str, int] = field(default_factory=lambda: SHOWN_ARGUMENT)
    left_out: Collection[str] = NAMED
    """Namespaces whose links are left out, in lowercase."""
    in_table: bool = False
    """Whether this is of a cell: a table in it is a line of text."""

    def text(self, wikitext: str) -> str:
        """Return the text of a page. Memory: some 30 times the page."""
        import mwparserfromhell  # noqa: PLC0415 - an extra

        # Runs of apostrophes are left to us: the parser pairs them across lines, and loses the links and tags between them.
        code = mwparserfromhell.parse(wikitext.translate(CONTROLS), skip_style_tags=True)
        return self._finished(self._nodes(code.nodes))

    def _nodes(self, nodes: Iterable[Any]) -> str:
        out: list[str] = []
        counts: dict[str, int] = {}
        prefix, since = "", 0
        for node in nodes:
            kind = type(node).__name__
            if kind == "Tag" and node.wiki_markup and node.self_closing and str(node.wiki_markup)[0] in "*#;:":
                prefix += str(node.wiki_markup)
                continue
            if prefix:
                out.append(_item(prefix, counts, "".join(out[since:])))
                prefix, since = "", len(out)
            text = self._node(node, kind)
            # Runs of apostrophes on both sides of a tag are two runs; comments are gone before MediaWiki looks for them.
            apart = kind not in ("Text", "Comment") and (not text or text.strip("'") != text)
            out.append(f"{GAP}{text}{GAP}" if apart else text)
        return "".join(out)

    def _node(self, node: Any, kind: str) -> str:  # noqa: ANN401 - mwparserfromhell has no types
        if kind == "Text":
            return STRAY_TAG.sub("", SWITCH.sub("", str(node.value)))
        if kind == "Wikilink":
            return self._link(node)
        if kind == "ExternalLink":
            return self._address(node)
        if kind == "Tag":
            return self._tag(node)
        if kind == "Heading":
            title = SPACES.sub(" ", self._nodes(node.title.nodes)).strip()
            return f"\n{HEADING}{node.level}{title}\n" if title else ""
        if kind == "HTMLEntity":
            return str(node.normalize() or "").translate(CONTROLS).replace("'", APOSTROPHE)
        if kind == "Template":
            return self._template(node)
        if kind == "Argument":
            return "" if node.default is None else self._nodes(node.default.nodes)
        return ""

    def _link(self, node: Any) -> str:  # noqa: ANN401
        target = unescape(str(node.title)).translate(CONTROLS).strip()
        space, colon, _ = target.partition(":")
        if (colon and space.strip().replace("_", " ").lower() in self.left_out) or FILE.fullmatch(target):
            return GAP
        if node.text is None and OTHER_WIKI.match(target):
            return ""
        return (
            self._nodes(node.text.nodes)
            if node.text is not None
            else target.lstrip(":").partition("#")[0] or target.lstrip(":#")
        )

    def _address(self, node: Any) -> str:  # noqa: ANN401
        title = self._nodes(node.title.nodes).strip() if node.title is not None else ""
        if not node.brackets:
            return str(node.url)
        return f"[{title}]({str(node.url).strip()})" if self.markdown and title else title

    def _template(self, node: Any) -> str:  # noqa: ANN401
        def argument(name: str) -> str | None:
            return self._nodes(node.get(name).value.nodes).strip() if node.has(name) else None

        name = self._nodes(node.name.nodes).strip().lower().replace("_", " ")
        text = template_text(name, self.shown, argument)
        return GAP if text is None else text

    def _tag(self, node: Any) -> str:  # noqa: ANN401
        name = str(node.tag).strip().lower()
        if name == "br":
            return "\n"
        if name in LEFT_OUT or name == "hr" or node.contents is None:
            return GAP if name == "ref" else ""
        if name in VERBATIM:
            return self._verbatim(node, name)
        if name == "table":
            return self._table(node)
        inner = self._nodes(node.contents.nodes)
        if name == "code":
            inner = without_gaps(without_quotes(inner, markdown=False)).strip()
            return f"`{inner}`" if self.markdown and inner else inner
        if name in ("li", "dd", "dt"):
            return f"\n- {inner.strip()}\n" if name == "li" else f"\n{inner.strip()}\n"
        if name in BLOCKS:
            return f"\n{inner}\n"
        mark = MARKS.get(name, "") if self.markdown and inner.strip() else ""
        return f"{mark}{inner}{mark}"

    def _verbatim(self, node: Any, name: str) -> str:  # noqa: ANN401
        inner = str(node.contents)
        if name in ("nowiki", "pre"):
            inner = unescape(inner).translate(CONTROLS)
        inner = inner.replace("'", APOSTROPHE)
        if name == "math":
            return f"${inner.strip()}$" if self.markdown else inner.strip()
        if not self.markdown or name == "nowiki":
            return inner
        language = next((str(one.value).strip() for one in node.attributes if str(one.name).strip() == "lang"), "")
        return f"\n```{language}\n{inner.strip(chr(10))}\n```\n"

    def _table(self, node: Any) -> str:  # noqa: ANN401
        classes = {
            word
            for one in node.attributes
            if str(one.name).strip() == "class" and one.value is not None
            for word in str(one.value).lower().split()
        }
        if not NO_TABLES.isdisjoint(classes):
            return ""
        within = replace(self, in_table=True)
        lines = table_lines(node, within._cell, self.markdown and not self.in_table)
        return "\n" + "\n".join(lines) + "\n" if lines else ""

    def _cell(self, nodes: Iterable[Any]) -> str:
        """Return a cell on one line; nothing if it only has attributes before a template that would be its text."""
        lines = self._nodes(nodes).replace(HEADING, "").split("\n")
        text = " ".join(" ".join(self._line(line) for line in lines).split())
        return "" if ATTRIBUTES.fullmatch(text) else text

    def _line(self, line: str) -> str:
        return without_gaps(without_quotes(line, self.markdown))

    def _finished(self, text: str) -> str:
        """Return lines without empty headings, spaces and empty lines that say nothing."""
        lines: list[str] = []
        headings: list[tuple[int, str]] = []
        fenced = False
        for line in text.split("\n"):
            fenced ^= line.startswith("```")
            line = line if fenced else self._line(line)
            if line.startswith(HEADING):
                level = int(line[1])
                headings = [*(one for one in headings if one[0] < level), (level, line[2:])]
                continue
            if not fenced and not line.startswith("```"):
                indent = len(line) - len(line.lstrip(" ")) if re.match(r" *(?:- |\d+\. )", line) else 0
                line = " " * indent + SPACES.sub(" ", line).strip()
                line = "" if line.strip() in ("-", "()", "( )") else line
            if line and headings:
                for level, title in headings:
                    lines += ["", f"{'#' * level} {title}" if self.markdown else title, ""]
                headings = []
            lines.append(line)
        return LINES.sub("\n\n", "\n".join(lines)).translate(FINISHED).strip()


def _item(prefix: str, counts: dict[str, int], before: str) -> str:
    """Return what stands before an item of a list. Numbers go on where no other line stood between."""
    if "\n" in before.strip("\n"):
        counts.clear()
    for key in [key for key in counts if not prefix.startswith(key)]:
        del counts[key]
    counts[prefix] = counts.get(prefix, 0) + 1
    if prefix[-1] in ";:":
        return ""
    indent = "  " * sum(sign in "*#" for sign in prefix[:-1])
    return f"{indent}{counts[prefix]}. " if prefix[-1] == "#" else f"{indent}- "


def can_parse() -> bool:
    """Tell whether the library is there."""
    try:
        import mwparserfromhell  # noqa: F401, PLC0415
    except ImportError:
        return False
    return True
