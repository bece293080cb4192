"""What DCLM-baseline measures of a page before its repetition filters, steps 9 to 15 (Li et al. 2024, DataComp-LM)."""

import re

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.signals.shares import shares

_WORD = re.compile(r"[^ \n\r\t\v\f\0]+")
_STOP = re.compile(r"(?<!\S)(?:the|be|to|of|and|that|have|with)(?!\S)", re.IGNORECASE)
_SYMBOLS = ("#", "...", ". . .", "\u2026")
_BULLETS, _ELLIPSES = ("●", "•", "*", "-"), ("...", ". . .", "\u2026")
ENOUGH = 2


def measure_as_dclm(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add seven columns as DCLM's filters count them. Reads `text`; a null is an empty text.

    `dclm_word_count` (int32): what is between white space of ASCII and begins with a letter or digit. Of words between any white
    space: `dclm_mean_word_chars`, `dclm_alphabetic_word_share` with a letter, and `dclm_symbol_word_ratio`, all number signs and
    ellipses (`...`, `. . .`, the character) per word; `dclm_stop_word_count` (int32): how often one of the, be, to, of, and, that,
    have, with stands there, counted up to 2. Of lines with ink: `dclm_bullet_line_share`, `dclm_ellipsis_line_share`. Shares are
    float32, null without words or lines. From baselines/mappers/filters/content_filters.py at 361714b. About 10 MB/s a core.
    """
    rows = [_measured(text or "") for text in _texts(column(batch, "text"))]
    words, all_words, chars, alphabetic, symbols, stops, lines, bullets, ellipses = (
        np.array(rows, np.int64).reshape(-1, 9).T
    )
    return with_columns(
        batch,
        dclm_word_count=words.astype(np.int32),
        dclm_mean_word_chars=shares(chars, all_words),
        dclm_alphabetic_word_share=shares(alphabetic, all_words),
        dclm_symbol_word_ratio=shares(symbols, all_words),
        dclm_stop_word_count=stops.astype(np.int32),
        dclm_bullet_line_share=shares(bullets, lines),
        dclm_ellipsis_line_share=shares(ellipses, lines),
    )


def _texts(texts: pa.Array) -> list[str | None]:
    values = texts.cast(pa.large_binary()).to_pylist()
    return [None if value is None else value.decode("utf-8", "surrogateescape") for value in values]


def _measured(text: str) -> tuple[int, ...]:
    words = text.split()
    lines = [line for part in text.split("\n") if (line := part.strip())]
    stops = sum(1 for _, _ in zip(range(ENOUGH), _STOP.finditer(text), strict=False))
    return (
        sum(word[0].isalnum() for word in _WORD.findall(text)),
        len(words),
        sum(map(len, words)),
        sum(word.isalpha() or any(map(str.isalpha, word)) for word in words),
        sum(map(text.count, _SYMBOLS)),
        stops,
        len(lines),
        sum(line.startswith(_BULLETS) for line in lines),
        sum(line.endswith(_ELLIPSES) for line in lines),
    )
