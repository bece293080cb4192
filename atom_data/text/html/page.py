"""What a page is after one pass over its bytes: elements, blocks of text, and where its head says something."""

from dataclasses import dataclass

import numpy as np

from atom_data.text.arrays import Bytes, Int32s, UInt64s

PARENT, TAG, DEPTH, WORDS_FROM, WORDS_TO, FIRST_BLOCK, END_BLOCK, HIDDEN, SIBLING, CHILDREN, LOOK, SOURCE, TEXT_FROM, TEXT_TO = (
    range(14)
)  # fmt: skip
NODE_COLUMNS = (
    "parent", "tag", "depth", "words_from", "words_to", "first_block", "end_block", "hidden", "sibling", "children", "look",
    "source", "text_from", "text_to",
)  # fmt: skip
"""Of an element: the row of its parent; its number in `tags.TAGS`; how deep it lies; its words in `Page.class_words`; the
blocks below it; bits of HIDDEN_*; its place among the parent's elements; how many elements it has; a hash of tag and class;
where its tag begins in the page; the text that it holds."""

HIDDEN_STYLE, HIDDEN_ATTRIBUTE, HIDDEN_ARIA = 1, 2, 4
"""`style` with display and none; `hidden`; `aria-hidden=true`."""

(
    START, END, NODE, WORDS, LINK_WORDS, SIZE, LINK_BYTES, COMMAS, SENTENCES, DIGITS, CAPITALIZED, CAPITALS, SIGNS, LINKS, BREAKS,
    PLACE, IMAGES, INPUTS, BEYOND_ASCII, HASH, FORMULAS,
) = range(21)  # fmt: skip
BLOCK_COLUMNS = (
    "start", "end", "node", "words", "link_words", "size", "link_bytes", "commas", "sentences", "digits", "capitalized",
    "capitals", "signs", "links", "breaks", "place", "images", "inputs", "beyond_ascii", "hash", "formulas",
)  # fmt: skip
"""Of a block, the text between two breaks of lines: its bytes in `Page.text`; the element that it begins in; words, two
unspaced characters counted as one; words in links; bytes, bytes in links; commas; ends of sentences; digits; words that
begin with a capital; capitals; the signs `|`, `/` and `>`; links that begin in it; `<br>`; where it begins in the page;
images and inputs between the block before and its end; characters that are not ASCII; a hash of its letters; formulas."""

SLOT_NAMES = (
    "title", "og_type", "og_title", "site_name", "published", "modified", "date", "author", "canonical", "og_url", "language",
    "locale", "time", "application", "creator",
)  # fmt: skip
"""What the head of a page may say, once each; the first that is not empty counts."""
SLOTS = len(SLOT_NAMES)
(
    TITLE, OG_TYPE, OG_TITLE, SITE_NAME, PUBLISHED, MODIFIED, DATE, AUTHOR, CANONICAL, OG_URL, LANGUAGE, LOCALE, TIME, APPLICATION,
    CREATOR,
) = range(SLOTS)  # fmt: skip
META_SLOTS = {
    "og:type": OG_TYPE,
    "og:title": OG_TITLE, "twitter:title": OG_TITLE, "dc.title": OG_TITLE,
    "og:site_name": SITE_NAME, "application-name": APPLICATION, "apple-mobile-web-app-title": APPLICATION,
    "article:published_time": PUBLISHED, "datepublished": PUBLISHED, "og:published_time": PUBLISHED, "pubdate": PUBLISHED,
    "publishdate": PUBLISHED, "publish-date": PUBLISHED, "publish_date": PUBLISHED, "published_time": PUBLISHED,
    "parsely-pub-date": PUBLISHED, "sailthru.date": PUBLISHED, "citation_publication_date": PUBLISHED,
    "citation_date": PUBLISHED, "dc.date.issued": PUBLISHED, "dcterms.issued": PUBLISHED, "article.published": PUBLISHED,
    "dcterms.created": PUBLISHED, "dc.date.created": PUBLISHED, "datecreated": PUBLISHED,
    "cxenseparse:recs:publishtime": PUBLISHED, "published": PUBLISHED, "published-date": PUBLISHED, "published_date": PUBLISHED,
    "publisheddate": PUBLISHED, "w-published-date": PUBLISHED, "publication_date": PUBLISHED, "publication-date": PUBLISHED,
    "date_published": PUBLISHED, "article:published": PUBLISHED, "article:published_date": PUBLISHED,
    "article:post_date": PUBLISHED, "article.created": PUBLISHED, "og:article:published_time": PUBLISHED,
    "og:pubdate": PUBLISHED, "og:publish_date": PUBLISHED, "og:regdate": PUBLISHED, "publish_time": PUBLISHED,
    "bt:pubdate": PUBLISHED, "rbpubdate": PUBLISHED, "dc.date.published": PUBLISHED, "dc.created": PUBLISHED,
    "rnews:datepublished": PUBLISHED, "mediator_published_time": PUBLISHED, "firstpublished": PUBLISHED,
    "article:modified_time": MODIFIED, "datemodified": MODIFIED, "og:updated_time": MODIFIED, "last-modified": MODIFIED,
    "dcterms.modified": MODIFIED, "dc.date.modified": MODIFIED, "lastmod": MODIFIED, "modified-time": MODIFIED,
    "ms.date": MODIFIED, "updated": MODIFIED, "updated_time": MODIFIED, "date_modified": MODIFIED, "dc.modified": MODIFIED,
    "article:modified": MODIFIED, "article.updated": MODIFIED, "og:article:modified_time": MODIFIED,
    "revised": MODIFIED, "last_modified": MODIFIED, "lastmodified": MODIFIED, "utime": MODIFIED,
    "date": DATE, "dc.date": DATE, "dcterms.date": DATE, "eprints.date": DATE,
    "author": AUTHOR, "article:author": AUTHOR, "parsely-author": AUTHOR, "sailthru.author": AUTHOR, "citation_author": AUTHOR,
    "byl": AUTHOR, "dc.creator": CREATOR, "dcterms.creator": CREATOR, "twitter:data1": CREATOR,
    "og:url": OG_URL, "og:locale": LOCALE, "content-language": LOCALE, "inlanguage": LOCALE,
    "dc.language": LOCALE,
}  # fmt: skip
"""By the name, property or itemprop of a `<meta>`."""
DATA_LIMIT = 10
"""So many scripts with structured data are noted."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was read by `scan.scan`. Arrays are views of what one pass wrote; nothing of them changes later.

    Row 0 of `nodes` is the document. An element comes behind its parent, blocks stand in the order of the source.
    """

    source: Bytes
    """The bytes of the page: UTF-8."""
    nodes: Int32s
    """A row an element, with NODE_COLUMNS."""
    classes: UInt64s
    """Of each element: a bit for each group of `lexicon.CLASS_WORDS` that its class, id, role and itemprop have a word of."""
    class_words: Int32s
    """Hashes of the words in class, id, role and itemprop, below CLASS_HASHES; of which element says `nodes`."""
    blocks: Int32s
    """A row a block, with BLOCK_COLUMNS."""
    text: Bytes
    """Decoded text: references resolved, white space collapsed outside `<pre>`."""
    slots: Int32s
    """Where a value of the head begins and ends in the source: a row for each of SLOT_NAMES; no bytes for none."""
    data: Int32s
    """The same for the first scripts of structured data (`type` with json in it)."""
    cut: bool
    """Whether a limit was met: what came behind it has no elements or blocks of its own."""

    def text_of(self, block: int) -> str:
        """Return the text of one block."""
        return self.text[self.blocks[block, START] : self.blocks[block, END]].tobytes().decode("utf-8", "replace")


CLASS_HASHES = 1 << 14
"""Hashes of class words are below this."""


def empty_page() -> Page:
    """Return the page of no bytes."""
    nothing = np.zeros(0, np.uint8)
    nodes = np.zeros((1, len(NODE_COLUMNS)), np.int32)
    nodes[0, PARENT] = -1
    blocks, words = np.zeros((0, len(BLOCK_COLUMNS)), np.int32), np.zeros(0, np.int32)
    slots, data = np.zeros((SLOTS, 2), np.int32), np.zeros((0, 2), np.int32)
    return Page(nothing, nodes, np.zeros(1, np.uint64), words, blocks, nothing, slots, data, False)
