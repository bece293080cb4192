"""Parts that sections are made of: headings, tables, figures."""

import re
from collections.abc import Iterable, Sequence

from atom_data.charts.text import cut, shown

NAME_CHARACTERS = 160
BREAKS = re.compile(r"_|\.(?=[^\W\d])")
"""A number is not broken at its point."""


def section(name: str, title: str, lead: str, body: str) -> str:
    """Return a section with its heading."""
    return (
        f'<section id="{name}" aria-label="{shown(title)}"><h2>{shown(title)}</h2>'
        f'<p class="soft">{lead}</p>{body}</section>'
    )


def table(caption: str, titles: Sequence[str], rows: Iterable[str], wide: Sequence[int] = (), kind: str = "") -> str:
    """Return a table in a box that scrolls; columns of `wide` are left out on a telephone."""
    head = "".join(f'<th scope="col"{_class(number, wide)}>{title}</th>' for number, title in enumerate(titles))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{shown(caption)}"><table class="{kind}">'
        f'<caption class="unseen">{shown(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def row(name: str, cells: Sequence[str], wide: Sequence[int] = (), below: str = "", kind: str = "") -> str:
    """Return a row: a name that was crawled or not, and cells that are HTML; one that begins with <svg is a picture."""
    drawn = "".join(
        f'<td class="picture">{cell}</td>' if cell.startswith("<svg") else f"<td{_class(number, wide)}>{cell}</td>"
        for number, cell in enumerate(cells, 1)
    )
    more = f'<span class="bounds">{broken(shown(cut(below, 2000)))}</span>' if below else ""
    mark = f' class="{kind}"' if kind else ""
    return f'<tr{mark}><th scope="row"><bdi dir="auto">{broken(shown(cut(name, NAME_CHARACTERS)))}</bdi>{more}</th>{drawn}</tr>'


def figure(title: str, picture: str, counts: str, below: str = "") -> str:
    """Return a picture with what it shows in words."""
    said = f"<p><code>{broken(shown(cut(below, 300)))}</code></p>" if below else ""
    head = f"<h4>{broken(shown(cut(title, NAME_CHARACTERS)))}</h4>"
    return f'<figure><figcaption>{head}{said}<p class="counts">{shown(counts)}</p></figcaption>{picture}</figure>'


def broken(text: str) -> str:
    """Return HTML with places where a long name may go on in the next line."""
    return BREAKS.sub(r"\g<0><wbr>", text)


def _class(number: int, wide: Sequence[int]) -> str:
    return ' class="wide"' if number in wide else ""
