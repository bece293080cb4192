"""How lines begin and end (Rae et al. 2021, appendix A1.1; Penedo et al. 2024, FineWeb)."""

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.signals.shares import shares
from atom_data.text.buffers import string_buffers
from atom_data.text.lines import COLUMNS, line_counts


def count_lines(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add `line_count` (int32) and four shares of its lines (float32, null without lines). Reads `text`.

    A line ends at a line feed; white space around it is left out, and a blank line does not count.
    `bullet_line_share`: begins with a bullet (`text.lines.BULLETS`); `ellipsis_line_share`: ends with `...` or the
    ellipsis sign; `terminal_punctuation_line_share`: ends with a sign that Unicode calls a sentence's terminal;
    `short_line_share`: has at most 30 characters. The first two are of Rae et al. 2021, appendix A1.1, the others of
    FineWeb (Penedo et al. 2024). A null text has no lines.
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
