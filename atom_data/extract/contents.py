"""The table of contents that a page of a manual consists of: a list of links, as navigation is, and all that such a page says."""

import re

import numpy as np

from atom_data.text.arrays import Bools
from atom_data.text.html import page as columns, tags
from atom_data.text.html.page import Page
from atom_data.text.html.source import attributes

KEPT, CONTENTS, LINKED = 0.3, 0.4, 0.6
"""A page of which no more of the words are kept may be such a one; so much of it is contents, and of these so much links."""
KINDS = ("documentation", "listing")
"""What models take such pages for."""
CONTENTS_CLASS = re.compile(rb"(?:^|\s)(?:toctree-wrapper|toc)(?:\s|$)")
"""Classes of Sphinx and of DocBook's stylesheets."""
BESIDE_CLASS = re.compile(rb"nav|side|menu|header|footer", re.IGNORECASE)
BESIDE = (tags.TAGS["nav"], tags.TAGS["aside"], tags.TAGS["header"], tags.TAGS["footer"])


def with_contents(page: Page, kept: Bools, kind: str | None) -> Bools:
    """Return the blocks that are kept; with them a table of contents where a page of one of KINDS is little else."""
    if kind not in KINDS:
        return kept
    words = page.blocks[:, columns.WORDS]
    total = int(words.sum())
    if not total or words[kept].sum() > KEPT * total:
        return kept
    starts, ends = page.nodes[:, columns.FIRST_BLOCK], page.nodes[:, columns.END_BLOCK]
    before = np.concatenate([[0], np.cumsum(words)])
    linked = np.concatenate([[0], np.cumsum(page.blocks[:, columns.LINK_WORDS])])
    sizes, links = before[ends] - before[starts], linked[ends] - linked[starts]
    found = kept.copy()
    for node in np.flatnonzero((ends > starts) & (sizes >= CONTENTS * total) & (links >= LINKED * sizes)).tolist():
        if CONTENTS_CLASS.search(attributes(page, node).get(b"class", b"")) and not _is_beside(page, node):
            found[starts[node] : ends[node]] = True
    return found


def _is_beside(page: Page, node: int) -> bool:
    """Return whether an element is in one that stands beside the text of pages."""
    while node > 0:
        if page.nodes[node, columns.TAG] in BESIDE or BESIDE_CLASS.search(attributes(page, node).get(b"class", b"")):
            return True
        node = int(page.nodes[node, columns.PARENT])
    return False
