"""The summary as a page to read and to print: one file, no scripts, nothing from outside. A browser prints it as PDF."""

from collections.abc import Iterable, Iterator
from html import escape

from atom_data.publish.summary.fields import TITLE, Field
from atom_data.publish.summary.markdown import URL, plain

MANY = 40
"""From so many lines on a list has columns."""
STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.3rem; margin-top: 2.5rem; } h3 { font-size: 1.1rem; } h4 { font-size: 1rem; }
dl { margin: 0; border-top: 1px solid var(--line); }
.field { display: grid; grid-template-columns: minmax(12rem, 1fr) 2fr; gap: 1rem; border-bottom: 1px solid var(--line);
  padding: .6rem 0; }
dt { font-weight: 600; } dd { margin: 0; } dd, p { overflow-wrap: anywhere; } ul { margin: 0; padding-left: 1.2rem; }
ul.many { columns: 20rem; } .open dd { background: var(--soft); padding: 0 .4rem; }
.key { font-weight: 400; opacity: .75; }
@media (max-width: 40rem) { .field { grid-template-columns: 1fr; gap: .2rem; } }
@page { size: A4; margin: 18mm; }
@media print { body { font-size: 10pt; max-width: none; margin: 0; } h2, h3, h4 { break-after: avoid; }
  dt { break-after: avoid; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def summary_page(fields: Iterable[Field], name: str, about: str) -> str:
    """Return the page. Text is escaped; the policy in its head forbids scripts and anything from outside."""
    body = "\n".join(_body(fields))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{_text(TITLE)}: {_text(name)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{_text(TITLE)}</h1>\n<p>{_text(name)}</p>\n"
        f"<p>{_linked(about)}</p>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _body(fields: Iterable[Field]) -> Iterator[str]:
    inside = False
    for field in fields:
        if field.is_heading:
            if inside:
                yield "</dl>"
            inside, level = False, min(field.key.count(".") + 2, 4)
            yield f"<h{level}>{_text(field.key)}. {_text(field.label)}</h{level}>"
            continue
        if not inside:
            yield "<dl>"
        inside = True
        yield from _field(field)
    if inside:
        yield "</dl>"


def _field(field: Field) -> Iterator[str]:
    is_open = any(part.by == "open" for part in field.parts)
    yield f'<div class="field{" open" if is_open else ""}" id="f{_text(field.key.replace(".", "-"))}">'
    yield f'<dt>{_text(field.label)} <span class="key">{_text(field.key)}</span></dt>'
    lines = field.lines
    if len(lines) == 1:
        yield f'<dd dir="auto">{_linked(lines[0])}</dd>'
    else:
        many = ' class="many"' if len(lines) >= MANY else ""
        yield f"<dd><ul{many}>"
        yield from (f'<li dir="auto">{_linked(line)}</li>' for line in lines)
        yield "</ul></dd>"
    yield "</div>"


def _text(text: str) -> str:
    return escape(plain(text))


def _linked(text: str) -> str:
    """Return text with its web addresses as links."""
    text, made, at = plain(text), list[str](), 0
    for found in URL.finditer(text):
        url = found.group().rstrip(".,;:)")
        made += [escape(text[at : found.start()]), f'<a href="{escape(url)}">{escape(url)}</a>']
        at = found.start() + len(url)
    return "".join([*made, escape(text[at:])])
