"""Imported once by the server that worker processes are forked from: imports and compiled kernels are paid for once.

On a fresh machine the kernels are compiled here, not in every worker.
"""

import numpy as np
import pyarrow as pa

import atom_data.run.worker
import atom_data.tokens  # noqa: F401
from atom_data.dedup import BandHashes, Lines, RemoveSpans, Substrings
from atom_data.dedup.remove import SPANS
from atom_data.dedup.rounds import Found
from atom_data.signals import CheckUrl, FastTextLanguage, count_characters, count_lines, count_words
from atom_data.text.buffers import string_buffers
from atom_data.text.copies import confirm
from atom_data.text.first_seen import Keys, Seen
from atom_data.text.groups import Forest, links, number_repeats
from atom_data.text.shingles import digests, shingle_set

BATCH = pa.record_batch({"id": ["warm"], "url": ["https://example.org/"], "text": ["Any text of a few words will do."]})

for step in (CheckUrl(), count_characters, count_words, count_lines, FastTextLanguage(), BandHashes()):
    step(BATCH)
shingles = shingle_set(string_buffers(BATCH.column("text")), 5)
alone = np.zeros(1, np.int64), np.full((1, 1), -1, np.int32)
Forest(1).link(*links(shingles.hashes[:1], np.zeros(1, np.int64)))
Forest(1).roots(0, 1)
digests(*shingles)
number_repeats([(shingles.hashes[:1], np.zeros(1, np.int64))], np.full(1, -1, np.int32), 0)
confirm(*alone, 0, shingles.hashes, shingles.offsets, min_jaccard=1.0, cap=1)

spanned = pa.record_batch({"text": ["a b"], "repeated_lines": pa.array([[{"start": 0, "end": 1}]], SPANS)})
RemoveSpans()(spanned)
for by in (Lines(), Substrings(length=16)):
    one = Found(*(np.array([value]) for value in (0, 0, 1, 1)))
    by.spans(string_buffers(BATCH.column("text")), one)
    for each in by.rounds():
        pieces = each.cut(string_buffers(BATCH.column("text")), one)
        keys = Keys(pieces.highs, pieces.lows, pieces.groups, pieces.rows.astype(np.uint64), *pieces[1:4])
        seen = Seen(0, 0)
        seen.note(keys, False)
        seen.judge(keys, 1, 1, True)
