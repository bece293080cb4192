"""What a text is made of: its size, its words and its symbols (Rae et al. 2021, Scaling Language Models, appendix A)."""

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.signals.shares import shares
from atom_data.text.buffers import string_buffers
from atom_data.text.statistics.counts import COLUMNS, character_counts, word_counts
from atom_data.text.statistics.scratch import words_of


def count_characters(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add `text_bytes` and `text_chars` (int64), of UTF-8 and of code points. Reads `text`; a null counts 0."""
    buffers = string_buffers(column(batch, "text"))
    return with_columns(batch, text_bytes=np.diff(buffers.offsets), text_chars=character_counts(buffers))


def count_words(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add counts and shares of words, which are runs of characters that are not white space. Reads `text`.

    `word_count` (int32); `mean_word_chars` (float32, code points); `stop_word_count` (int32): how many different ones of
    the, be, to, of, and, that, have, with there are as words, in any case; `alphabetic_word_share` (float32): words with
    at least one letter; `symbol_word_ratio` (float32): `#` per word, or `...` and the ellipsis sign per word, whichever
    is more; `newline_word_ratio` (float32): line feeds per word (Penedo et al. 2024, FineWeb's list rule). A null or
    empty text has 0 words; what is said of its words is null. All but the last are the rules of Rae et al. 2021,
    appendix A, Quality Filtering. The words stay in scratch columns for the next step (`text.statistics.scratch.words_of`).
    """
    batch, buffers, words = words_of(batch)
    count = np.diff(words.offsets)
    counts = dict(zip(COLUMNS, word_counts(buffers, words).T, strict=True))
    return with_columns(
        batch,
        word_count=count.astype(np.int32),
        mean_word_chars=shares(counts["word_chars"], count),
        stop_word_count=counts["stop_words"].astype(np.int32),
        alphabetic_word_share=shares(counts["alphabetic_words"], count),
        symbol_word_ratio=shares(np.maximum(counts["hashes"], counts["ellipses"]), count),
        newline_word_ratio=shares(counts["line_feeds"], count),
    )
