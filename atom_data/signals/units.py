"""Words without their punctuation, for thresholds that were set on the tokens of a word splitter (FineWeb2)."""

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.signals.shares import shares
from atom_data.text.buffers import string_buffers
from atom_data.text.statistics.units import COLUMNS, unit_counts


def count_units(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add counts and shares of units, which are words and signs (`text.statistics.units` has the definition). Reads `text`.

    `unit_word_count` (int32): words without punctuation; `mean_unit_word_chars` (float32, code points);
    `alphabetic_unit_share` (float32): words with a letter over words and signs; `newline_unit_ratio` (float32): line feeds
    over words and signs. A null or empty text has 0 words; what is said of its units is null. These come closer than the
    columns of `count_words` to what datatrove counts with spaCy's splitters, which cut punctuation off and count it.
    """
    counts = dict(zip(COLUMNS, unit_counts(string_buffers(column(batch, "text"))).T, strict=True))
    return with_columns(
        batch,
        unit_word_count=counts["words"].astype(np.int32),
        mean_unit_word_chars=shares(counts["word_chars"], counts["words"]),
        alphabetic_unit_share=shares(counts["alphabetic"], counts["units"]),
        newline_unit_ratio=shares(counts["line_feeds"], counts["units"]),
    )
