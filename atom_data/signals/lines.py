"""How lines begin and end (Rae et al. 2021, appendix A, Quality Filtering; Penedo et al. 2024, FineWeb)."""

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.signals.shares import shares
from atom_data.text.buffers import string_buffers
from atom_data.text.cleaning.boilerplate import boilerplate_counts
from atom_data.text.lines import COLUMNS, line_counts

_MAX_UPPERCASE_SHARE = 0.5
_KIND_COLUMNS = (
    "symbol_line_share",
    "number_line_share",
    "counter_line_share",
    "uppercase_line_share",
    "one_word_line_share",
)


def count_lines(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add `line_count` (int32) and four shares of its lines (float32, null without lines). Reads `text`.

    A line ends at a line feed; white space around it is left out, and a blank line does not count.
    `bullet_line_share`: begins with a bullet (`text.lines.BULLETS`); `ellipsis_line_share`: ends with `...` or the
    ellipsis sign; `terminal_punctuation_line_share`: ends with a sign that Unicode calls a sentence's terminal;
    `short_line_share`: has at most 30 characters. The first two are of Rae et al. 2021, appendix A, Quality Filtering,
    the others of FineWeb (Penedo et al. 2024). A null text has no lines.
    """
    counts = dict(zip(COLUMNS, line_counts(string_buffers(column(batch, "text"))).T, strict=True))
    lines = counts["lines"]
    return with_columns(
        batch,
        line_count=lines.astype(np.int32),
        bullet_line_share=shares(counts["bullets"], lines),
        ellipsis_line_share=shares(counts["ellipses"], lines),
        terminal_punctuation_line_share=shares(counts["terminals"], lines),
        short_line_share=shares(counts["shorts"], lines),
    )


def measure_lines(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add shares of lines that are a page's furniture, and `mean_line_words` (float32, null without lines). Reads `text`.

    `symbol_line_share`: no letter and no number in them; `number_line_share`: numbers without a letter;
    `counter_line_share`: a number and what a page counts (`3 likes`); `uppercase_line_share`: more than half of the letters
    are capital; `one_word_line_share`: one word, unless it is of a script written without spaces. A line counts for the
    first of these that finds it. `mean_line_words`: words, which are runs of ink, a line (`rps_lines_num_words` of
    RedPajama-v2). A line ends at a line feed; a blank one does not count.

    The rules are the line-wise corrections of Penedo et al. 2023 (RefinedWeb), section 3.2 and its appendix, where "mainly"
    stands for half and the words are left open. They are measured as `rewrite.RemoveBoilerplateLines` drops lines, so that a
    card can decide before a rewrite. `count_lines` has the shares of bullets and ellipses (Rae et al. 2021).
    """
    *kinds, lines, words = boilerplate_counts(string_buffers(column(batch, "text")), _MAX_UPPERCASE_SHARE).T
    found = {name: shares(kind, lines) for name, kind in zip(_KIND_COLUMNS, kinds, strict=True)}
    return with_columns(batch, **found, mean_line_words=shares(words, lines))
