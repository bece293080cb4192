"""Wikitext as text or Markdown, by mwparserfromhell (MIT), which parses markup and expands no template."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from atom_data.readers.mediawiki.wikitables import table_lines

NAMED = ("file", "image", "category", "media")
"""Namespaces 6, 14 and -2 in English, which every wiki understands; their own names come with the dump."""
SHOWN_ARGUMENT = {
    "lang": 2, "transl": 2, "transliteration": 2, "nowrap": 1, "nobr": 1, "small": 1, "big": 1, "smallcaps": 1, "sc": 1, "abbr": 1,
    "em": 1, "strong": 1, "sub": 1, "sup": 1, "math": 1, "mvar": 1, "var": 1, "code": 1, "tt": 1, "quote": 1, "blockquote": 1,
}  # fmt: skip
"""Templates that only give form to an argument, by the argument's number; any other template is left out."""
LEFT_OUT = frozenset(
    ("gallery", "timeline", "score", "imagemap", "graph", "templatestyles", "style", "script", "references", "ref", "section",
     "inputbox", "mapframe", "maplink", "indicator", "categorytree", "charinsert", "hiero", "ce", "chem")
)  # fmt: skip
VERBATIM = frozenset(("nowiki", "pre", "code", "syntaxhighlight", "source", "math"))
BLOCKS = frozenset(("div", "p", "blockquote", "center", "poem", "ul", "ol", "dl"))
NO_TABLES = frozenset(("infobox", "navbox", "metadata", "ambox", "vertical-navbox", "sidebar", "toc", "noprint"))
MARKS = {"b": "**", "i": "*", "strong": "**", "em": "*"}
SWITCH = re.compile(r"__[A-Z]{3,30}__")
OTHER_WIKI = re.compile(r"[a-z]{2,3}(?:-[a-z-]{2,12})?:\S")
SPACES = re.compile(r"[ \t\u00a0]+")
LINES = re.compile(r"\n{3,}")
HEADING = "\x00"
"""Before the level and the words of a heading, until it is known whether something stands below it."""


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

    def text(self, wikitext: str) -> str:
        """Return the text of a page. Memory: some 30 times the page."""
        import mwparserfromhell  # noqa: PLC0415 - an extra

        code = mwparserfromhell.parse(wikitext.replace("\x00", ""))
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
            out.append(self._node(node, kind))
        return "".join(out)

    def _node(self, node: Any, kind: str) -> str:  # noqa: ANN401 - mwparserfromhell has no types
        if kind == "Text":
            return SWITCH.sub("", str(node.value))
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
            return str(node.normalize() or "")
        if kind == "Template":
            return self._template(node)
        if kind == "Argument":
            return "" if node.default is None else self._nodes(node.default.nodes)
        return ""

    def _link(self, node: Any) -> str:  # noqa: ANN401
        target = str(node.title).strip()
        space, colon, _ = target.partition(":")
        if colon and space.strip().replace("_", " ").lower() in self.left_out:
            return ""
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
        name = str(node.name).strip().lower().replace("_", " ")
        if name == "!":
            return "|"
        if name == "convert" and node.has("1") and node.has("2"):
            return f"{self._argument(node, '1')} {self._argument(node, '2')}"
        if name.startswith("formatnum:"):
            return name.removeprefix("formatnum:")
        number = self.shown.get(name)
        return "" if number is None or not node.has(str(number)) else self._argument(node, str(number))

    def _argument(self, node: Any, number: str) -> str:  # noqa: ANN401
        return self._nodes(node.get(number).value.nodes).strip()

    def _tag(self, node: Any) -> str:  # noqa: ANN401
        name = str(node.tag).strip().lower()
        if name == "br":
            return "\n"
        if name in LEFT_OUT or name == "hr" or node.contents is None:
            return ""
        if name in VERBATIM:
            return self._verbatim(node, name)
        if name == "table":
            return self._table(node)
        inner = self._nodes(node.contents.nodes)
        if name in ("li", "dd", "dt"):
            return f"\n- {inner.strip()}\n" if name == "li" else f"\n{inner.strip()}\n"
        if name in BLOCKS:
            return f"\n{inner}\n"
        mark = MARKS.get(name, "") if self.markdown and inner.strip() else ""
        return f"{mark}{inner}{mark}"

    def _verbatim(self, node: Any, name: str) -> str:  # noqa: ANN401
        inner = str(node.contents)
        if name == "math":
            return f"${inner.strip()}$" if self.markdown else inner.strip()
        if not self.markdown or name == "nowiki":
            return inner
        if name == "code":
            return f"`{self._nodes(node.contents.nodes)}`"
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
        lines = table_lines(
            node, lambda nodes: " ".join(self._nodes(nodes).replace(HEADING, "").split()), self.markdown
        )
        return "\n" + "\n".join(lines) + "\n" if lines else ""

    def _finished(self, text: str) -> str:
        """Return lines without empty headings, spaces and empty lines that say nothing."""
        lines: list[str] = []
        headings: list[tuple[int, str]] = []
        fenced = False
        for line in text.split("\n"):
            fenced ^= line.startswith("```")
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
        return LINES.sub("\n\n", "\n".join(lines)).replace(HEADING, "").strip()


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
