"""How much of a text is said more than once (Rae et al. 2021, Scaling Language Models, table A1)."""

import numpy as np
import pyarrow as pa

from atom_data.batch import with_columns
from atom_data.signals.shares import shares
from atom_data.text.datatrove.columns import (
    LINES,
    PARAGRAPHS,
    REPEATED_LINE_CHARACTERS,
    REPEATED_LINES,
    REPEATED_PARAGRAPH_CHARACTERS,
    REPEATED_PARAGRAPHS,
)
from atom_data.text.datatrove.lines import duplicate_line_counts
from atom_data.text.statistics.counts import character_counts
from atom_data.text.statistics.repetition import DUPLICATE_NGRAMS, TOP_NGRAMS, repetition_counts
from atom_data.text.statistics.scratch import words_of


def measure_repetition(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add the 13 shares of table A1 (float32, null for a text without what they are shares of). Reads `text`.

    `duplicate_line_share` and `duplicate_line_char_share`: lines, between line feeds, that were there before, and their
    part of the characters; `duplicate_paragraph_share` and `duplicate_paragraph_char_share`: the same of paragraphs, between
    empty lines. `top_2gram_char_share`, `top_3gram_char_share`, `top_4gram_char_share`: the most frequent run of n words,
    all its occurrences, of the characters in words. `duplicate_5gram_char_share`, `duplicate_6gram_char_share`,
    `duplicate_7gram_char_share`, `duplicate_8gram_char_share`, `duplicate_9gram_char_share`, `duplicate_10gram_char_share`:
    words in a run that was there before, each counted once. Words are runs of ink, as in `count_words`, and are compared
    as they are. A null text has nothing. Memory: 60 bytes per word of the longest document.
    """
    batch, buffers, words = words_of(batch)
    lines = duplicate_line_counts(buffers).T
    characters = character_counts(buffers)
    begun = np.concatenate([[0], np.cumsum((buffers.data & 0xC0) != 0x80)])
    before = np.concatenate([[0], np.cumsum(begun[words.ends] - begun[words.starts])])
    in_words = before[words.offsets[1:]] - before[words.offsets[:-1]]
    runs = repetition_counts(words.hashes, np.diff(before), words.offsets).T
    names = [f"top_{size}gram_char_share" for size in TOP_NGRAMS]
    names += [f"duplicate_{size}gram_char_share" for size in DUPLICATE_NGRAMS]
    return with_columns(
        batch,
        duplicate_line_share=shares(lines[REPEATED_LINES], lines[LINES]),
        duplicate_line_char_share=shares(lines[REPEATED_LINE_CHARACTERS], characters),
        duplicate_paragraph_share=shares(lines[REPEATED_PARAGRAPHS], lines[PARAGRAPHS]),
        duplicate_paragraph_char_share=shares(lines[REPEATED_PARAGRAPH_CHARACTERS], characters),
        **{name: shares(run, in_words) for name, run in zip(names, runs, strict=True)},
    )
