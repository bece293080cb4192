"""The step that cuts spans out of texts, and says what it left."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError, DataError
from atom_data.text.buffers import string_buffers
from atom_data.text.repeats.spans import Spans, cut

SPANS = pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64())]))


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveSpans:
    """Cut the bytes in the column `spans` out of `text`; add `left_bytes` (int64: what is left, without white space around).

    The spans are those of `Repeats` (list of start and end in bytes of the text as it came). They stay in the batch and
    are the record of what was cut: write them, and the change can be answered for byte by byte. A null text stays null,
    with `left_bytes` 0; a null list cuts nothing. Errors: DataError for spans that are not in order and within their text,
    as they are not when another step has changed the text since. Memory: the texts of the batch once more.
    """

    spans: str = "repeated_lines"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch with its texts rewritten."""
        texts, lists = column(batch, "text"), column(batch, self.spans)
        if lists.type != SPANS:
            raise ConfigError(
                f"{self.spans}: is {lists.type}, not spans ({SPANS}). Name a column that Repeats adds: repeated_lines, ..."
            )
        buffers = string_buffers(texts)
        spans = _flat(lists)
        sizes = np.diff(buffers.offsets)
        faults = (spans.starts < 0) | (spans.ends <= spans.starts) | (spans.ends > sizes[spans.rows])
        faults[1:] |= (spans.rows[1:] == spans.rows[:-1]) & (spans.starts[1:] < spans.ends[:-1])
        if faults.any():
            at = int(np.flatnonzero(faults)[0])
            row = int(spans.rows[at])
            raise DataError(
                f"{self.spans}: the span {spans.starts[at]:,} to {spans.ends[at]:,} is not in order and within its text "
                f"of {sizes[row]:,} bytes. Cut the spans before another step changes the text."
            )
        if len(spans.rows):
            valid = pa.array(texts.is_valid()).buffers()[1] if texts.null_count else None
            texts = cut(buffers, spans, valid, texts.type)
        left = pc.binary_length(pc.ascii_trim_whitespace(texts)).cast(pa.int64())
        return with_columns(batch, text=texts, left_bytes=left.fill_null(0))


def _flat(lists: pa.Array) -> Spans:
    counts = pc.list_value_length(lists).fill_null(0).to_numpy().astype(np.int64)
    values = lists.flatten()
    starts, ends = (values.field(name).to_numpy().astype(np.int64) for name in ("start", "end"))
    return Spans(np.repeat(np.arange(len(lists)), counts), starts, ends)
