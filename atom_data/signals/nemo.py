"""What twelve heuristic filters of NeMo Curator look at, counted as they count it: the columns of `nemo_heuristics`."""

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import column, with_columns

_BLANK = r"\t\x0b\x0c\r \x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
"""White space of `str.split` and `str.strip`, without the line feed."""
_URL = r"https?://(?:[a-zA-Z0-9$\-_@.&+!*(),]|%[0-9a-fA-F]{2})"
_WORD_START, _WORD_END = "(?:^| )", "(?:$| )"

_CHARACTERS = {
    "nemo_nonalphanumeric_share": r"[^a-zA-Z0-9\n?!,.]",
    "nemo_digit_share": r"\p{Nd}",
    "nemo_space_share": r"[\t\n\r\x08 ]",
    "nemo_parenthesis_share": r"[{}()\[\]\x{27e8}\x{27e9}]",
}
_LINES = {
    "nemo_bullet_line_share": rf"\n[{_BLANK}]*[•‣⁃⁌⁍∙○●◘◦⦾⦿]",
    "nemo_ellipsis_line_share": rf"(?i)(?:\.\.\.|\[\.\.\.\]|…|\(\.\.\.\)|\[…\]|-»|read more\.\.|read more)[{_BLANK}]*\n",
}
_CLOSED_LINE = rf"[.?!\"'][{_BLANK}]*\n"
_INK_LINE = rf"\n[{_BLANK}]*[^{_BLANK}\n]"
_SYMBOL_WORD = rf"{_WORD_START}(?:\.\.\.|\[\.\.\.\]|…|\(\.\.\.\)|\[…\]|-»|#(?:[^# ]#)*){_WORD_END}"
_COMMON_WORD = f"{_WORD_START}(?:the|be|to|of|and|that|have|with){_WORD_END}"


def measure_as_nemo(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add eleven columns, shares (float64) and counts (int32), of NeMo Curator's heuristics. Reads `text`.

    Of characters: `nemo_nonalphanumeric_share`, `nemo_digit_share`, `nemo_space_share`, `nemo_parenthesis_share`,
    `nemo_url_share`. Of words, which are runs of ink: `nemo_symbol_word_share`; `nemo_common_word_count`: how often one of
    eight English words is said, small. Of lines with ink: `nemo_bullet_line_share`, `nemo_ellipsis_line_share`,
    `nemo_open_line_share` (no mark at the end). `nemo_pornographic_url_count`: addresses in the text with `porn` in them.
    A share of nothing is null, and a null is an empty text.

    The definitions are those of NeMo Curator (stages/text/filters/heuristic_filter.py and stages/text/utils/constants.py);
    its filters for the count, the mean and the longest of words need no other columns than those of `count_words` and
    `count_sentences`. The patterns are matched by RE2, in linear time. Memory: two copies of the batch's texts.
    """
    text = pc.fill_null(column(batch, "text"), "")
    # Arrow matches what is left after a match as a text of its own, so that ^ and $ would not say where a line is.
    framed = pc.binary_join_element_wise("\n", text, "\n", "")
    length, lines = pc.utf8_length(text), pc.count_substring_regex(framed, _INK_LINE)
    found = {name: _share(pc.count_substring_regex(text, one), length) for name, one in _CHARACTERS.items()}
    without = pc.utf8_length(pc.replace_substring_regex(text, f"{_URL}+", ""))
    found["nemo_url_share"] = _share(pc.subtract(length, without), length)
    found |= {name: _share(pc.count_substring_regex(framed, one), lines) for name, one in _LINES.items()}
    closed = pc.count_substring_regex(framed, _CLOSED_LINE)
    found["nemo_open_line_share"] = _share(pc.subtract(lines, closed), lines)
    # Two spaces between words, so that one can end a word and the other begin the next.
    apart = pc.replace_substring_regex(text, rf"[{_BLANK}\n]+", "  ")
    words = pc.count_substring_regex(apart, "[^ ]+")
    found["nemo_symbol_word_share"] = _share(pc.count_substring_regex(apart, _SYMBOL_WORD), words)
    found["nemo_common_word_count"] = pc.cast(pc.count_substring_regex(apart, _COMMON_WORD), pa.int32())
    addresses = pc.count_substring_regex(text, f"{_URL}*?porn")
    found["nemo_pornographic_url_count"] = pc.cast(addresses, pa.int32())
    return with_columns(batch, **found)


def _share(parts: pa.Array, wholes: pa.Array) -> pa.Array:
    some = pc.if_else(pc.equal(wholes, 0), None, wholes)
    return pc.divide(pc.cast(parts, pa.float64()), pc.cast(some, pa.float64()))
