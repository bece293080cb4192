"""The line rules of DCLM-baseline, which are those it made for RefinedWeb's (Li et al. 2024, DataComp-LM)."""

import re
import string
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.rewrite.each import each_changed

_COUNTED = "likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|views|followers"
_COUNTER = re.compile(rf"^\W*\d[,.\d]*[kmb]?\s+(?:{_COUNTED})\W*$")
_PHRASES = (
    re.compile(r"\s?items in cart", re.IGNORECASE),
    re.compile(r"\s?read more...$", re.IGNORECASE),
    re.compile(r"^sign-in\s?", re.IGNORECASE),
)
"""Cut out anywhere, at the end, at the beginning of a line. The dots are any three characters, as DCLM's pattern has them."""
_NOT_UPPER = bytes(set(range(256)) - set(string.ascii_uppercase.encode()))
_WORD = re.compile(r"[^ \n\r\t\v\f\0]+")
UPPERCASE, NUMBER, COUNTER, SHORT, PHRASE = range(5)


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveDclmLines:
    """Rewrite `text` line by line as DCLM-baseline does, and count (int32) what was done. Reads `text`.

    In this order, over all lines each: more than half of the characters are capital letters (`dclm_uppercase_line_count`);
    all are digits (`dclm_number_line_count`); a number and what a page counts, `1.2K views` (`dclm_counter_line_count`); one word
    (`dclm_short_line_count`); in lines of at most 10 words `items in cart`, `Read more...` at the end and `Sign-in` at the
    beginning are cut out (`dclm_cut_phrase_count`), and with them a line that has nothing else. Blank lines stay; white space at
    both ends of the text goes.

    `dclm_removed_word_share` (float32): of the words that were there, those that are gone; null without words. A word is what is
    between white space of ASCII and begins with a letter or digit. The card `dclm_lines` drops what lost more than 5 %.

    From baselines/baselines_configs/dclm_baseline_refinedweb.yaml and baselines/mappers/modifiers.py at 361714b, steps 17 to 25. A
    null text stays null; one that loses all lines is empty.
    """

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rewrite the texts of a batch."""
        counts = np.zeros((batch.num_rows, PHRASE + 1), np.int32)
        words = np.zeros((batch.num_rows, 2), np.int64)

        def change(text: str, row: int) -> str:
            words[row, 0] = _words(text)
            made = "\n".join(_kept(text.split("\n"), counts[row]))
            words[row, 1] = words[row, 0] if made == text else _words(made)
            return made

        text = each_changed(column(batch, "text"), change)
        none = words[:, 0] == 0
        share = (words[:, 0] - words[:, 1]) / np.where(none, 1, words[:, 0])
        return with_columns(
            batch,
            text=text,
            dclm_uppercase_line_count=counts[:, UPPERCASE],
            dclm_number_line_count=counts[:, NUMBER],
            dclm_counter_line_count=counts[:, COUNTER],
            dclm_short_line_count=counts[:, SHORT],
            dclm_cut_phrase_count=counts[:, PHRASE],
            dclm_removed_word_share=pa.array(share.astype(np.float32), mask=none),
        )


def _kept(lines: list[str], counts: np.ndarray) -> list[str]:
    """Return the lines after all steps; each step sees what the one before has left, without white space around the whole."""
    for kind, rule in ((UPPERCASE, _is_uppercase), (NUMBER, str.isdigit), (COUNTER, _is_counter)):
        left = [line for line in lines if not rule(line)]
        counts[kind] += len(lines) - len(left)
        lines = _stripped(left)
    left = [line for line in lines if not line or len(line.split(None, 2)) >= 2]
    counts[SHORT] += len(lines) - len(left)
    lines = left
    for phrase in _PHRASES:
        lines = _stripped(_cut(lines, phrase, counts))
    return lines


def _cut(lines: list[str], phrase: re.Pattern[str], counts: np.ndarray) -> list[str]:
    kept = []
    for line in lines:
        if phrase.search(line) and len(line.split()) <= 10:
            counts[PHRASE] += 1
            line = phrase.sub("", line)
            if not line or line.isspace():
                continue
        elif line and line.isspace():
            continue
        kept.append(line)
    return kept


def _is_uppercase(line: str) -> bool:
    if line.isascii():
        return 2 * len(line.encode().translate(None, _NOT_UPPER)) > len(line)
    return 2 * sum(map(str.isupper, line)) > len(line)


def _is_counter(line: str) -> bool:
    return not line.isalpha() and _COUNTER.search(line.lower()) is not None


def _stripped(lines: list[str]) -> list[str]:
    """Return the lines of the text without white space at its ends."""
    first, last = 0, len(lines)
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    lines = lines[first:last]
    if lines:
        lines[0] = lines[0].lstrip()
        lines[-1] = lines[-1].rstrip()
    return lines


def _words(text: str) -> int:
    return sum(word[0].isalnum() for word in _WORD.findall(text))
