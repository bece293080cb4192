"""What pages have that no reader was meant to see: placeholder text and code (Raffel et al. 2020, C4)."""

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import column, with_columns


def count_placeholders(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add `curly_bracket_count`, `lorem_ipsum_count` and `javascript_count` (int32). Reads `text`; a null counts 0.

    How often `{`, "lorem ipsum" and "javascript" stand in the text, the words in any case. These are the page and line
    rules of C4 (Raffel et al. 2020, section 2.2) as numbers.
    """
    text = column(batch, "text")
    counts = {
        "curly_bracket_count": pc.count_substring(text, "{"),
        "lorem_ipsum_count": pc.count_substring(text, "lorem ipsum", ignore_case=True),
        "javascript_count": pc.count_substring(text, "javascript", ignore_case=True),
    }
    return with_columns(batch, **{name: pc.fill_null(values, 0).cast(pa.int32()) for name, values in counts.items()})
