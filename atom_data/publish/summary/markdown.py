"""The summary as Markdown. Everything that was crawled or typed is shown as text, never as markup."""

import re
from collections.abc import Iterable, Iterator

from atom_data.publish.summary.fields import TITLE, Field

MARKUP = re.compile(r"([\\`*_{}\[\]<>|#~$])")
LEVELS = {1: "##", 2: "###", 3: "####", 4: "####"}
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
URL = re.compile(r"https?://[^\s<>]+")


def plain(text: str) -> str:
    """Return text without characters that move, hide or turn what stands around it."""
    return CONTROL.sub("\ufffd", " ".join(text.split()))


def escaped(text: str) -> str:
    """Return text for Markdown; web addresses become links, all else stays what it is."""
    text, made, at = plain(text), list[str](), 0
    for found in URL.finditer(text):
        url = found.group().rstrip(".,;:)")
        made += [MARKUP.sub(r"\\\1", text[at : found.start()]), f"<{url}>"]
        at = found.start() + len(url)
    return "".join([*made, MARKUP.sub(r"\\\1", text[at:])])


def summary_markdown(fields: Iterable[Field], name: str, about: str) -> str:
    """Return the summary: a heading for each heading of the template, and each field with its label."""
    lines = [f"# {TITLE}", "", escaped(name), "", f"*{escaped(about)}*", ""]
    for field in fields:
        lines += _field(field)
    return "\n".join(lines).rstrip() + "\n"


def _field(field: Field) -> Iterator[str]:
    if field.is_heading:
        yield from (f"{LEVELS[field.key.count('.') + 1]} {field.key}. {field.label}", "")
        return
    yield from (f"**{field.label.rstrip(':?')}{'?' if field.label.endswith('?') else ':'}**", "")
    lines = [escaped(line) for line in field.lines]
    yield from lines if len(lines) == 1 else [f"- {line}" for line in lines]
    yield ""
