"""What four filters of datatrove 0.10 look at, counted as they count it: the columns of the cards `datatrove_*`."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.text.buffers import string_buffers
from atom_data.text.datatrove.columns import COLUMNS
from atom_data.text.datatrove.counts import datatrove_counts

_WHOLE = (
    *("characters", "tokens", "words", "stop_words", "ink_lines", "sentences", "lorem_lines", "curly_lines"),
    *("terminal_sentences", "terminal_lorem_lines", "terminal_curly_lines"),
)


def measure_as_datatrove(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add 34 columns, counts (int32) and shares (float64). Reads `text`; a null is an empty text.

    Counts: `datatrove_characters`, `datatrove_tokens`, `datatrove_words` (tokens that are not all signs),
    `datatrove_stop_words` (different ones), `datatrove_ink_lines`; of the lines C4 keeps, with any end and with
    terminal punctuation: `datatrove_sentences`, `datatrove_lorem_lines`, `datatrove_curly_lines`,
    `datatrove_terminal_sentences`, `datatrove_terminal_lorem_lines`, `datatrove_terminal_curly_lines`.
    Per word or token: `datatrove_mean_word_chars`, `datatrove_number_sign_ratio`, `datatrove_ellipsis_ratio`,
    `datatrove_alphabetic_share`, `datatrove_newline_ratio`. Of lines: `datatrove_bullet_line_share`,
    `datatrove_ellipsis_line_share`, `datatrove_terminal_line_share`, `datatrove_short_line_share`,
    `datatrove_duplicate_line_share`, `datatrove_duplicate_paragraph_share`. Of characters:
    `datatrove_duplicate_line_char_share`, `datatrove_duplicate_paragraph_char_share`, `datatrove_duplicate_ink_char_share`,
    `datatrove_top_2gram_char_share`, `datatrove_top_3gram_char_share`, `datatrove_top_4gram_char_share`,
    `datatrove_duplicate_5gram_char_share`, `datatrove_duplicate_6gram_char_share`, `datatrove_duplicate_7gram_char_share`,
    `datatrove_duplicate_8gram_char_share`, `datatrove_duplicate_9gram_char_share`, `datatrove_duplicate_10gram_char_share`.

    They are what GopherRepetitionFilter, GopherQualityFilter, C4QualityFilter and FineWebQualityFilter of datatrove 0.10.1
    compute with their defaults, for which English is the language, whatever the text is in. Words are tokens of spaCy's
    English tokenizer. A share of nothing is null. Shares are float64, because the peer compares in that precision.
    Memory: 90 bytes for a byte of the longest document, in the worst case.
    """
    counts = dict(zip(COLUMNS, datatrove_counts(string_buffers(column(batch, "text"))).T, strict=True))
    characters, tokens, lines = counts["characters"], counts["tokens"], counts["split_lines"]
    ink = counts["ink_lines"]
    found: dict[str, Any] = {name: counts[name].astype(np.int32) for name in _WHOLE}
    found |= {
        "mean_word_chars": _shares(counts["word_characters"], counts["words"]),
        "number_sign_ratio": _shares(counts["number_signs"], tokens),
        "ellipsis_ratio": _shares(counts["ellipses"], tokens),
        "alphabetic_share": _shares(counts["alphabetic"], tokens),
        "bullet_line_share": _shares(counts["bullet_lines"], lines),
        "ellipsis_line_share": _shares(counts["ellipsis_lines"], lines),
        "duplicate_line_share": _shares(counts["duplicate_lines"], counts["lines"]),
        "duplicate_line_char_share": _shares(counts["duplicate_line_characters"], characters),
        "duplicate_paragraph_share": _shares(counts["duplicate_paragraphs"], counts["paragraphs"]),
        "duplicate_paragraph_char_share": _shares(counts["duplicate_paragraph_characters"], characters),
        "terminal_line_share": _shares(counts["terminal_lines"], ink),
        "short_line_share": _shares(counts["short_lines"], ink),
        "duplicate_ink_char_share": _shares(counts["duplicate_ink_characters"], characters - counts["line_feeds"]),
        "newline_ratio": _shares(counts["line_feeds"], tokens),
    }
    found |= {f"{run}gram_char_share": _shares(counts[run], characters) for run in COLUMNS if run[-1].isdigit()}
    return with_columns(batch, **{f"datatrove_{name}": values for name, values in found.items()})


def _shares(parts: npt.NDArray[np.int64], wholes: npt.NDArray[np.int64]) -> pa.Array:
    none = wholes == 0
    return pa.array(parts / np.where(none, 1, wholes), mask=none)
