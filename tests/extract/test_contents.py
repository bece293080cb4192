"""Tables of contents: kept where they are the page, left out where they stand beside a text."""

import numpy as np
import pytest

from atom_data.extract.contents import with_contents
from atom_data.text.html.scan import scan

LINKS = "".join(f"<li><a href=/{number}>{number}. A section of the manual</a>" for number in range(40))
INTRODUCTION = "<p>This is the manual of a program, in its version of today."


def kept_blocks(html: str, kind: str | None = "listing") -> list[int]:
    """Return the blocks of a page where an engine would keep the first alone."""
    page = scan(html.encode())
    kept = np.zeros(len(page.blocks), np.bool_)
    kept[0] = True
    found = with_contents(page, kept, kind)
    assert kept.sum() == 1
    return np.flatnonzero(found).tolist()


@pytest.mark.parametrize("name", ["toc", "toctree-wrapper compound"])
def test_contents_are_kept_where_they_are_the_page(name: str) -> None:
    html = f"{INTRODUCTION}<div class='{name}'><ul>{LINKS}</ul></div><p>The end"
    assert kept_blocks(html) == list(range(41))
    assert kept_blocks(html, "documentation") == list(range(41))
    assert kept_blocks(html, "article") == kept_blocks(html, None) == [0]


@pytest.mark.parametrize(
    "html",
    [
        f"{INTRODUCTION}<div class=links><ul>{LINKS}</ul></div>",
        f"{INTRODUCTION}<div class=tocs><ul>{LINKS}</ul></div>",
        f"{INTRODUCTION}<nav><div class=toc><ul>{LINKS}</ul></div></nav>",
        f"{INTRODUCTION}<div class=sidebar><div class=toc><ul>{LINKS}</ul></div></div>",
        f"{INTRODUCTION}<div class=toc>{'Words without a link. ' * 100}</div>",
        f"{INTRODUCTION}<div class=toc><ul>{LINKS}</ul></div>{INTRODUCTION * 40}",
        f"{INTRODUCTION}{' And so on and on.' * 35}<div class=toc><ul>{LINKS}</ul></div>",
        "",
    ],
)
def test_other_links_are_not(html: str) -> None:
    page = scan(html.encode())
    kept = np.zeros(len(page.blocks), np.bool_)
    kept[:1] = True
    assert with_contents(page, kept, "listing").tolist() == kept.tolist()
