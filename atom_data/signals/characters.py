"""What share of a text is letters, numbers, signs and white space (Weber et al. 2024, RedPajama-v2; NeMo Curator)."""

import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.signals.shares import shares
from atom_data.text.buffers import string_buffers
from atom_data.text.statistics.kinds import COLUMNS, kind_counts


def measure_characters(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add seven shares of characters (float32, null for an empty or null text). Reads `text`.

    Of all characters: `letter_char_share` (categories L and M), `digit_char_share` (N), `punctuation_char_share` (P),
    `space_char_share` (what `str.isspace` says), `symbol_char_share` (all that is none of these: signs such as $ + <,
    emoji, control characters, broken bytes), and `nonalphanumeric_char_share`, which is 1 less the first two. Of letters:
    `uppercase_letter_share` (null without letters), capital letters that have a small form in as many bytes.

    RedPajama-v2 (Weber et al. 2024) has the shares of capital letters and of numbers for each line
    (`rps_lines_uppercase_letter_fraction`, `rps_lines_numerical_chars_fraction`). NeMo Curator bounds such shares of a text
    (stages/text/filters/heuristic_filter.py): 0.25 of characters that are not ASCII letters, digits, line feeds or one of
    `?!,.`, 0.15 of digits, 0.25 of ASCII white space. Memory: 48 bytes per row.
    """
    counts = dict(zip(COLUMNS, kind_counts(string_buffers(column(batch, "text"))).T, strict=True))
    characters, letters, numbers = counts["characters"], counts["letters"], counts["numbers"]
    punctuation, spaces = counts["punctuation"], counts["spaces"]
    others = characters - letters - numbers
    return with_columns(
        batch,
        letter_char_share=shares(letters, characters),
        digit_char_share=shares(numbers, characters),
        punctuation_char_share=shares(punctuation, characters),
        space_char_share=shares(spaces, characters),
        symbol_char_share=shares(others - punctuation - spaces, characters),
        nonalphanumeric_char_share=shares(others, characters),
        uppercase_letter_share=shares(counts["uppercase"], letters),
    )
