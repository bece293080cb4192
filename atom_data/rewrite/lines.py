"""Lines taken out of a text: those that C4 drops, and those that are a page's furniture (RefinedWeb)."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.text.buffers import string_buffers
from atom_data.text.cleaning.boilerplate import KINDS, boilerplate_lines
from atom_data.text.cleaning.c4_lines import C4Rules, c4_lines

_C4_COLUMNS = (
    "c4_line_count",
    "c4_long_word_line_count",
    "c4_open_line_count",
    "c4_short_line_count",
    "c4_javascript_line_count",
    "c4_policy_line_count",
    "c4_citation_count",
    "c4_lorem_ipsum_line_count",
    "c4_curly_bracket_line_count",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveC4Lines:
    """Rewrite `text` line by line as C4 does, and add a count (int32) of each thing that was done. Reads `text`.

    A line ends as `str.splitlines` ends it, and loses white space at both ends and citations such as `[1]` and `[edit]`.
    It is dropped by the first of these that holds: a word in it is too long (`c4_long_word_line_count`); it does not end
    with a mark, or ends with `...` (`c4_open_line_count`); it has too few words (`c4_short_line_count`); it speaks of
    javascript (`c4_javascript_line_count`), or of policies and cookies (`c4_policy_line_count`). What is kept is joined by
    line feeds. `c4_line_count`: lines that were there, without blank ones; `c4_citation_count`: citations taken out of
    kept lines. Two rules of C4 drop the document, which is for a card: `c4_lorem_ipsum_line_count` and
    `c4_curly_bracket_line_count` (`{`, without lorem ipsum) count lines that they find; these stay in the text.

    The rules are of Raffel et al. 2020 (T5), section 2.2, the numbers of the code that made C4. `min_words=3` with the
    other defaults gives the text of datatrove's `C4QualityFilter`, with `marks=None` that of its
    `filter_no_terminal_punct=False`. A null text stays null; a text that loses all its lines is empty.
    """

    marks: str | None = ".?!\"'"
    """A line ends with one of these; None asks for none. T5 has no apostrophe."""

    min_words: int = 5
    """Words are runs of characters that are not white space. 5 in T5, 3 in datatrove."""

    max_word_chars: int | None = 1000
    """Characters of the longest word of a line; None for any."""

    citations: bool = True
    """Whether citations are taken out."""

    javascript: bool = True
    """Whether lines with `javascript` are dropped."""

    policies: bool = True
    """Whether lines with `terms of use`, `privacy policy`, `cookie policy`, `use(s) (of) cookies` are dropped."""

    def __post_init__(self) -> None:
        """Refuse bounds that cannot be meant."""
        if self.marks == "":
            raise ConfigError(
                "RemoveC4Lines: marks is empty, so no line could stay. Give the signs, or None for any end."
            )
        if self.max_word_chars is not None and self.max_word_chars < 1:
            raise ConfigError(
                f"RemoveC4Lines: max_word_chars is {self.max_word_chars}; a word has 1 or more. Give a number, or None."
            )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rewrite the texts of a batch."""
        texts = column(batch, "text")
        marks = np.array(sorted(map(ord, self.marks or "")), np.int64)
        longest = 0 if self.max_word_chars is None else self.max_word_chars
        rules = C4Rules(marks, self.min_words, longest, self.citations, self.javascript, self.policies)
        rewritten, counts = c4_lines(texts, string_buffers(texts), rules)
        columns = zip(_C4_COLUMNS, counts.T.astype(np.int32), strict=True)
        return with_columns(batch, text=rewritten, **dict(columns))


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveBoilerplateLines:
    """Drop lines of `text` that are a page's furniture, and count (int32) those of each kind. Reads `text`.

    A line ends at a line feed. Of the wanted `kinds`, in this order: `symbols`, no letter and no number in it; `numbers`,
    numbers without a letter; `counter`, a number and what a page counts (`3 likes`, `1.2K views`); `uppercase`, more than
    `max_uppercase_share` of its letters are capital; `one_word`, one word, unless it is of a script written without
    spaces. Blank lines stay, and other lines keep every byte. The columns are `symbol_line_count`, `number_line_count`,
    `counter_line_count`, `uppercase_line_count`, `one_word_line_count`, 0 for a kind that is not wanted, and
    `boilerplate_word_share` (float32, null without words): the share of the text's words that were in dropped lines.

    The rules are those of Penedo et al. 2023 (RefinedWeb), appendix G.2, which leaves the numbers open: "mainly" of capital
    letters is taken as half. It drops a document that loses more than 5 % of its words, which is for a card. A null text
    stays null.
    """

    kinds: tuple[str, ...] = KINDS
    """Which lines are dropped."""

    max_uppercase_share: float = 0.5
    """Of letters with a case."""

    def __post_init__(self) -> None:
        """Refuse a kind that there is not."""
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown:
            raise ConfigError(
                f"RemoveBoilerplateLines: no kind '{unknown[0]}' of lines; there are {', '.join(KINDS)}. Choose of these."
            )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Drop the lines of a batch."""
        texts = column(batch, "text")
        wanted = sum(1 << KINDS.index(kind) for kind in set(self.kinds))
        kept, counts = boilerplate_lines(texts, string_buffers(texts), wanted, self.max_uppercase_share)
        *kinds, dropped, words = counts.T
        none = words == 0
        share = pa.array((dropped / np.where(none, 1, words)).astype(np.float32), mask=none)
        return with_columns(
            batch,
            text=kept,
            symbol_line_count=kinds[0].astype(np.int32),
            number_line_count=kinds[1].astype(np.int32),
            counter_line_count=kinds[2].astype(np.int32),
            uppercase_line_count=kinds[3].astype(np.int32),
            one_word_line_count=kinds[4].astype(np.int32),
            boilerplate_word_share=share,
        )
