"""Pages as models are trained on them: as they are, or blind, and then now and then with a page of links around them.

A model of a few thousand pages learns what is true of these pages alone. Blind lessons take away what pages of another
language, site or decade do not have. Joined ones say that a list of headlines is furniture where a text stands beside it: on a
page that is a list it is the content, and what else tells the two apart, addresses and structured data, is often not there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from atom_data.text.arrays import Float32s, Float64s, Int64s
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.html.scan import scan
from atom_data.text.main_text.features import Scores, block_features, no_scores
from atom_data.train.extraction.examples import Example, block_weights, page_weight, without_meaning

LISTS = ("collection", "listing", "product", "service")
LISTS_SHARE = 0.25
"""Of these kinds so many are blind, of the share of others: what is content there is furniture elsewhere."""
LINKS = ("collection", "listing")
"""Kinds of pages that are put beside an article."""
LINKS_BLOCKS = 400
"""Longer ones are not."""
SHORT_WORDS, THIN = 4, 3
_BODY, _END = re.compile(rb"<body[^>]*>", re.IGNORECASE), re.compile(rb"</body", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is trained on in the place of a page."""

    page: Page
    url: str | None
    is_blind: bool
    content: Float64s
    weights: Float32s

    kept: Int64s
    """The blocks that are trained on."""

    def rows(self, scores: Scores) -> Float32s:
        """Return the columns of the blocks."""
        if self.is_blind:
            return np.ascontiguousarray(block_features(self.page, None, no_scores(), any_script=True))
        return np.ascontiguousarray(block_features(self.page, self.url, scores))


def lessons_of(examples: Sequence[Example], blind: float, joined: float, seed: int) -> list[Lesson]:
    """Return a lesson for each page, the same for its name and seed; `joined` is the share of blind articles with links."""
    lists = [
        example
        for example in examples
        if example.labeled.kind in LINKS and 0 < len(example.page.blocks) <= LINKS_BLOCKS
    ]
    return [_lesson(example, lists, blind, joined, seed) for example in examples]


def _lesson(example: Example, lists: Sequence[Example], blind: float, joined: float, seed: int) -> Lesson:
    kind = example.labeled.kind
    if draw(example, seed, "blind") >= blind * (LISTS_SHARE if kind in LISTS else 1):
        return _taught(example.page, example.labeled.url, False, example.content)
    if kind == "article" and lists and draw(example, seed, "joined") < joined:
        other = lists[int(draw(example, seed, "other") * len(lists))]
        lesson = _joined(example, other, draw(example, seed, "side") < 0.5)
        if lesson is not None:
            return lesson
    return _taught(example.plain, None, True, example.content)


def _taught(page: Page, url: str | None, is_blind: bool, content: Float64s) -> Lesson:
    """Return a lesson in which of the short blocks without content, half of all blocks, every THIN-th stands for the others."""
    words = page.blocks[:, columns.WORDS]
    weights = block_weights(words) * np.float32(page_weight(words, content))
    short = (words <= SHORT_WORDS) & (content == 0)
    places = np.flatnonzero(short)
    chosen = places[len(places) % THIN :: THIN]
    those, factor = weights[chosen], len(places) / max(1, len(chosen))
    weights[places] = 0
    weights[chosen] = those * np.float32(factor)
    kept = np.flatnonzero(weights > 0)
    return Lesson(page, url, is_blind, content, weights, kept)


def draw(example: Example, seed: int, what: str) -> float:
    """Return a number from 0 to below 1 that a page's name, a seed and a word decide."""
    key = blake2b(f"{seed}/{what}/{example.labeled.name}".encode(), digest_size=6).digest()
    return int.from_bytes(key, "big") / 2**48


def _joined(example: Example, other: Example, first: bool) -> Lesson | None:
    """Return an article with the body of another page before or behind it; None where their blocks run into one another."""
    html, more = without_meaning(example.labeled.html), without_meaning(other.labeled.html)
    start, end = _BODY.search(more), _last(more)
    place = _place(html, first)
    if start is None or place is None:
        return None
    page = scan(html[:place] + b"<div>" + more[start.end() : end] + b"</div>" + html[place:])
    own, count = example.plain.blocks[:, columns.HASH], len(page.blocks) - len(example.plain.blocks)
    if page.cut or count <= 0:
        return None
    content = np.zeros(len(page.blocks))
    slots = slice(count, None) if first else slice(0, len(own))
    if not np.array_equal(page.blocks[slots, columns.HASH], own):
        return None
    content[slots] = example.content
    return _taught(page, None, True, content)


def _place(html: bytes, first: bool) -> int | None:
    """Return where the body begins, or where it ends; None for a page without one."""
    start = _BODY.search(html)
    if start is None:
        return None
    return start.end() if first else _last(html)


def _last(html: bytes) -> int:
    """Return where the last `</body` begins; the end of a page without one."""
    return max((match.start() for match in _END.finditer(html)), default=len(html))
