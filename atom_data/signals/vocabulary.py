"""How rich the words of a text are (Weber et al. 2024, RedPajama-v2)."""

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.signals.shares import shares
from atom_data.text.buffers import string_buffers
from atom_data.text.statistics.vocabulary import vocabulary
from atom_data.text.words import unicode_words


def measure_vocabulary(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add `unique_word_share` and `unigram_entropy` (float32, null for a text without words). Reads `text`.

    The different words of all words, and the entropy of their frequencies in nats: 0 for one word said often, log n for n
    words said equally often. They are `rps_doc_frac_unique_words` and `rps_doc_unigram_entropy` of RedPajama-v2
    (togethercomputer/RedPajama-Data, app/src/core/quality_signals/natural_language.py). Words are runs of letters, numbers
    and marks in lower case, a letter of its own in scripts without spaces; RedPajama-v2 deletes ASCII punctuation instead
    and cuts at white space, so that `don't` is one word there and two here. Memory: 48 bytes per word of the batch.
    """
    words = unicode_words(string_buffers(column(batch, "text")))
    count = np.diff(words.offsets)
    different, entropy = vocabulary(words.hashes, words.offsets)
    return with_columns(
        batch,
        unique_word_share=shares(different, count),
        unigram_entropy=pa.array(entropy.astype(np.float32), mask=count == 0),
    )
