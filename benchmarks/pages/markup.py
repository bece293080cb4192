"""Texts written in the markup of a tool: each block as it is, with nothing in it that the tool would read as a command."""

import html
import re

from pages.documents import Block, Text

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&])")
_REST = re.compile(r"([\\`*_|<>:])")


def markdown(text: Text, *, title: bool = True) -> str:
    """Return a text as Markdown, every character of punctuation escaped."""
    return ("# " + _escaped(text.title) + "\n\n" if title else "") + "".join(map(_markdown, text.blocks))


def _escaped(words: str) -> str:
    return _MARKDOWN.sub(r"\\\1", words)


def _markdown(block: Block) -> str:
    if block.kind == "code":
        return "\n```\n" + block.text.replace("```", "'''") + "\n```\n\n"
    mark = {"heading": "## ", "item": "- "}.get(block.kind, "")
    return ("\n" if mark == "## " else "") + mark + _escaped(block.text) + ("\n" if block.kind == "item" else "\n\n")


def restructured(text: Text) -> str:
    """Return a text as reStructuredText."""
    parts = [_heading(text.title, "=")]
    for block in text.blocks:
        words = _REST.sub(r"\\\1", block.text)
        if block.kind == "heading":
            parts.append(_heading(block.text, "-"))
        elif block.kind == "code":
            parts.append(f"::\n\n   {block.text}\n")
        else:
            # A line may not start like a list, a field or a table: an escaped space before it takes no room.
            parts.append(("* " if block.kind == "item" else "") + "\\ " + words + "\n")
    return "\n".join(parts)


def _heading(words: str, line: str) -> str:
    return _REST.sub(r"\\\1", words) + "\n" + line * (4 * len(words) + 8) + "\n"


def hypertext(text: Text) -> str:
    """Return a text as HTML, without its title: for tools that take it in the place of their own markup."""
    parts, items = [], False
    for block in text.blocks:
        if (block.kind == "item") != items:
            items = not items
            parts.append("<ul>" if items else "</ul>")
        name = {"heading": "h2", "item": "li", "code": "pre"}.get(block.kind, "p")
        parts.append(f"<{name}>{html.escape(block.text)}</{name}>")
    return "\n".join(parts) + ("\n</ul>" if items else "")


def mediawiki(text: Text) -> str:
    """Return a text as wikitext."""
    forms = {"heading": "\n== {words} ==\n", "code": "\n<pre>{plain}</pre>\n", "item": "* {words}"}
    plain = [html.escape(block.text) for block in text.blocks]
    return "\n".join(_wiki(text, forms, [f"<nowiki>{words}</nowiki>" for words in plain], plain))


def dokuwiki(text: Text) -> str:
    """Return a text as DokuWiki writes it."""
    forms = {"heading": "\n===== {plain} =====\n", "code": "\n<code>\n{plain}\n</code>\n", "item": "  * {words}"}
    plain = [block.text for block in text.blocks]
    words = [f"%%{text}%%" if "%%" not in text else text for text in plain]
    return "\n".join([f"====== {text.title} ======", *_wiki(text, forms, words, plain)])


def _wiki(text: Text, forms: dict[str, str], words: list[str], plain: list[str]) -> list[str]:
    """Return each block in the form of its kind, a paragraph between empty lines; `words` are those where signs are nothing."""
    return [
        forms.get(block.kind, "\n{words}\n").format(words=safe, plain=bare)
        for block, safe, bare in zip(text.blocks, words, plain, strict=True)
    ]
