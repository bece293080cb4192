"""What a model learns from: of each page its blocks, how much of each is main text, and the words that blocks have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atom_data.text.arrays import Bools, Float32s, Float64s, Int32s, Int64s
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.html.scan import scan
from atom_data.text.main_text.alignment import aligned
from atom_data.text.main_text.words import FIRST_WORDS, WORD_HASHES, text_words
from atom_data.train.extraction.pages import Labeled
from atom_data.train.extraction.words import words_of

PAIRS = 900_000_000
"""So many pairs of words are aligned at most, 0.9 GB: of a longer page only its begin."""
ROUNDS = 4
"""A text may not be in the order of its page: what is left is aligned again, and then only whole blocks count."""
WHOLE_BLOCK = 0.7
_BOXES = re.compile(
    rb"<(/?)(?:nav|header|footer|aside|main|article|section|hgroup|figure|figcaption)(?=[\s>/])", re.IGNORECASE
)
_INLINE = re.compile(rb"<(/?)time(?=[\s>/])", re.IGNORECASE)
LEAST_LEFT = 3
RARE, LEAST_SHARE = 0.6, 0.02
"""A page weighs one over its share of main text, and LEAST_SHARE, to the power of RARE. Of 1, 0.6 and 0.3 the best on one of five
folds of WCXB's development half, for the second stage alone."""


@dataclass(frozen=True, slots=True)
class Example:
    """A page as models see it."""

    labeled: Labeled
    page: Page
    plain: Page
    """The same page with plain boxes in the place of elements that say what they hold: see `without_meaning`."""
    content: Float64s
    """Of each block: the share of its words that are main text."""
    weights: Float32s
    """Of each block; they sum to about 1 a page."""
    block_words: Int64s
    """Every word of the blocks: its number in the truth, -1 for a word that is not in it."""
    word_blocks: Int64s
    """Which block it stands in."""
    truth_counts: Int64s
    """How often each word is in the truth."""

    @property
    def words(self) -> npt.NDArray[np.float64]:
        """Return how many words the blocks have, as the scan counts them."""
        return self.page.blocks[:, columns.WORDS].astype(np.float64)


def example_of(labeled: Labeled) -> Example:
    """Return what a page teaches. It may have no block."""
    page = scan(labeled.html)
    texts = [words_of(page.text_of(block)) for block in range(len(page.blocks))]
    truth = words_of(labeled.text)
    numbers: dict[str, int] = {}
    for word in truth:
        numbers.setdefault(word, len(numbers))
    places = np.array([numbers.get(word, -1) for words in texts for word in words], np.int64)
    owners = np.repeat(np.arange(len(texts)), [len(words) for words in texts])
    text = np.array([numbers[word] for word in truth], np.int64)
    return Example(
        labeled,
        page,
        _plain(labeled.html, page),
        content_shares(places, owners, text, len(texts)),
        block_weights(page.blocks[:, columns.WORDS]),
        places,
        owners,
        np.bincount(text, minlength=len(numbers)),
    )


def without_meaning(html: bytes) -> bytes:
    """Return a page as it would have been written before HTML had elements that say what they hold: `<div>` and `<span>`."""
    return _INLINE.sub(rb"<\1span", _BOXES.sub(rb"<\1div", html))


def _plain(html: bytes, page: Page) -> Page:
    """Return the page without meaning; as it is where that changes its blocks."""
    plain = scan(without_meaning(html))
    same = len(plain.blocks) == len(page.blocks) and bool(
        (plain.blocks[:, columns.HASH] == page.blocks[:, columns.HASH]).all()
    )
    return plain if same else page


def block_weights(words: Int32s) -> Float32s:
    """Return what blocks weigh in training: by their words, longer ones less than in proportion; long pages a little more."""
    sizes = words.astype(np.float32) ** 0.7
    weights: Float32s = (sizes / max(1e-6, float(sizes.sum())) ** 0.8).astype(np.float32)
    return weights


def page_weight(words: Int32s, content: Float64s) -> float:
    """Return what a page weighs beside others: more where little of it is main text, since there a block too many costs most F1."""
    share = float(words @ content) / max(1, int(words.sum()))
    weight: float = (share + LEAST_SHARE) ** -RARE
    return weight


def content_shares(words: Int64s, owners: Int64s, text: Int64s, count: int) -> Float64s:
    """Return the share of each block's words that belong to the text in the best alignments.

    `words` are all words of the page as numbers, -1 for those not in the text; `owners` their blocks.
    """
    totals = np.bincount(owners, minlength=count).astype(np.float64)
    covered = np.zeros(count)
    limit = PAIRS // max(1, len(text))
    words, owners = words[:limit], owners[:limit]
    for turn in range(ROUNDS):
        # Words that are nowhere in the text match nothing, but part the runs.
        found, used = aligned(words.astype(np.int32), text.astype(np.int32))
        counts = np.bincount(owners[found], minlength=count).astype(np.float64)
        if turn:
            counts[counts < WHOLE_BLOCK * np.maximum(totals, 1)] = 0
        if not counts.sum():
            break
        covered += counts
        gone = found & (counts[owners] > 0)
        words, owners, text = words[~gone], owners[~gone], text[~used]
        if len(text) < LEAST_LEFT:
            break
    shares: Float64s = np.clip(covered / np.maximum(totals, 1), 0, 1)
    return shares


def agreement_of(example: Example, kept: Bools) -> tuple[float, float, float]:
    """Return F1, precision and recall of the words of the blocks that are kept; of `words.agreement` without the text."""
    words = example.block_words[kept[example.word_blocks]] if len(example.word_blocks) else example.block_words
    right = np.bincount(words[words >= 0], minlength=len(example.truth_counts))
    shared = int(np.minimum(right, example.truth_counts).sum())
    if not shared:
        return 0.0, 0.0, 0.0
    precision, recall = shared / len(words), shared / int(example.truth_counts.sum())
    return 2 * precision * recall / (precision + recall), precision, recall


def class_word_content(example: Example) -> tuple[Int64s, Float64s]:
    """Return the hashes of class words of a page, and how much more content than the page's mean stands below each."""
    nodes, words = example.page.nodes, example.words
    content = np.concatenate([[0.0], np.cumsum(example.content * words)])
    total = np.concatenate([[0.0], np.cumsum(words)])
    start, end = nodes[:, columns.FIRST_BLOCK], np.maximum(nodes[:, columns.FIRST_BLOCK], nodes[:, columns.END_BLOCK])
    right, size = content[end] - content[start], total[end] - total[start]
    first, last = nodes[:, columns.WORDS_FROM], nodes[:, columns.WORDS_TO]
    rows = np.flatnonzero((last > first) & (size > 0))
    hashes = [example.page.class_words[first[row] : last[row]] for row in rows]
    if not hashes:
        return np.zeros(0, np.int64), np.zeros(0)
    found, inverse = np.unique(np.concatenate(hashes).astype(np.int64), return_inverse=True)
    owners = np.repeat(rows, [len(one) for one in hashes])
    shares = np.bincount(inverse, right[owners]) / np.bincount(inverse, size[owners])
    return found, shares - content[-1] / max(1.0, total[-1])


def text_word_content(example: Example) -> tuple[Int64s, Float64s]:
    """Return the hashes of blocks' first words, and of whole short blocks, and how much more content than the mean they have."""
    if not len(example.page.blocks):
        return np.zeros(0, np.int64), np.zeros(0)
    hashes = text_words(example.page).astype(np.int64)
    whole = np.where(hashes[:, FIRST_WORDS] >= 0, hashes[:, FIRST_WORDS] + WORD_HASHES, -1)
    flat = np.concatenate([hashes[:, :FIRST_WORDS].ravel(), whole])
    above = example.content - example.content.mean()
    content = np.concatenate([np.repeat(above, FIRST_WORDS), above])
    known = flat >= 0
    found, inverse = np.unique(flat[known], return_inverse=True)
    return found, np.bincount(inverse, content[known], len(found)) / np.maximum(
        1, np.bincount(inverse, minlength=len(found))
    )


def sites_in_folds(examples: Sequence[Example], folds: int, seed: int) -> Int64s:
    """Return a fold for each page, the same for all pages of a site."""
    sites = sorted({example.labeled.site for example in examples})
    np.random.RandomState(seed).shuffle(sites)
    fold = {site: number % folds for number, site in enumerate(sites)}
    return np.array([fold[example.labeled.site] for example in examples], np.int64)
