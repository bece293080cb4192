"""Words of a batch, found once and handed from step to step in scratch columns."""

import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.memory import read_only
from atom_data.text.words import Words, whitespace_words

_WORDS = "_words"
_TEXT = "_words_text"


def words_of(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, Buffers, Words]:
    """Return the batch, the buffers of `text` and its whitespace words; the batch carries them for the next step.

    The scratch column `_words` has hash, start and end of each word (24 bytes per word, four to twelve for a byte of text), and
    `_words_text` the text they were found in. As long as `text` is that very array, and not one that a rewrite or a
    selection of rows has made, they are taken from there and not looked for again.
    """
    text = column(batch, "text")
    buffers = string_buffers(text)
    if _WORDS in batch.schema.names and _same_memory(batch.column(_TEXT), text):
        lists = batch.column(_WORDS)
        values = (lists.values.field(name).to_numpy() for name in Words._fields[:3])
        return batch, buffers, Words(*(read_only(value) for value in (*values, lists.offsets.to_numpy())))
    words = whitespace_words(buffers)
    values = pa.StructArray.from_arrays([pa.array(value) for value in words[:3]], names=Words._fields[:3])
    lists = pa.LargeListArray.from_arrays(pa.array(words.offsets, pa.int64()), values)
    return with_columns(batch, **{_WORDS: lists, _TEXT: text}), buffers, words


def _same_memory(one: pa.Array, other: pa.Array) -> bool:
    """Tell whether two arrays are the same part of the same memory; both are alive, so an address says it."""
    places = [(array.type, array.offset, len(array), *map(_address, array.buffers())) for array in (one, other)]
    return places[0] == places[1]


def _address(buffer: pa.Buffer | None) -> int:
    return 0 if buffer is None else int(buffer.address)
