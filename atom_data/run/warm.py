"""Imported once by the server that worker processes are forked from: imports and compiled kernels are paid for once.

On a fresh machine the kernels are compiled here, not in every worker.
"""

import pyarrow as pa

import atom_data.run.worker
import atom_data.tokens  # noqa: F401
from atom_data.batch import empty
from atom_data.dedup import BandHashes
from atom_data.signals import count_characters, count_lines, count_words

for step in (count_characters, count_words, count_lines, BandHashes()):
    step(empty(pa.schema([("id", pa.string()), ("text", pa.string())])))
