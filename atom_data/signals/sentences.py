"""Sentences and long words (Raffel et al. 2020, T5, section 2.2)."""

import numpy as np
import pyarrow as pa

from atom_data.batch import with_columns
from atom_data.text.statistics.scratch import words_of
from atom_data.text.statistics.sentences import longest_words, sentence_counts


def count_sentences(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add `sentence_count` and `longest_word_chars` (int32). Reads `text`; a null or empty text has 0 of both.

    A sentence ends at a terminal sign before white space, or with its line (`text.statistics.sentences` defines it), and holds
    a letter or a number. The longest run of ink is counted in code points. C4 drops a page of fewer than 3 sentences
    (Raffel et al. 2020, section 2.2; 5 in an earlier version of the paper), and its code a line with a word of more than
    1000 characters. Its sentences are those of NLTK, which looks at abbreviations.
    """
    batch, buffers, words = words_of(batch)
    return with_columns(
        batch,
        sentence_count=sentence_counts(buffers).astype(np.int32),
        longest_word_chars=longest_words(buffers, words).astype(np.int32),
    )
