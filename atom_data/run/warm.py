"""Imported once by the server that worker processes are forked from: imports and compiled kernels are paid for once.

What the recipe's text does not name is left out; a worker that needs it after all loads it then. On a fresh machine the
kernels are compiled here, not in every worker. The recipe itself is not run here, as its threads would not be forked.
"""

import gc
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

import atom_data
import atom_data.run.worker
from atom_data import signals
from atom_data.extract.markup import measured
from atom_data.import_graph import import_graph
from atom_data.imports import Imported
from atom_data.run.server import RECIPE, allow_huge_pages
from atom_data.text.buffers import string_buffers
from atom_data.text.utf8 import is_utf8

allow_huge_pages()
gc.disable()  # a hundred thousand objects come to stay: looking through them again and again takes 50 ms
BATCH = pa.record_batch({"id": ["warm"], "url": ["https://example.org/"], "text": ["Any text of a few words will do."]})
STEPS = ("CheckUrl", "FastTextLanguage", "count_characters", "count_words", "count_lines")
COPIES = ("Copies", "dedup")
REPEATS = ("Repeats", "RemoveSpans")


def warm(text: str) -> None:
    """Load what a recipe of this text needs; everything for an empty text."""

    def named(*names: str) -> bool:
        return not text or any(name in text for name in names)

    for name in filter(named, atom_data.__all__):
        getattr(atom_data, name)
    for name in filter(named, STEPS):
        step = getattr(signals, name)
        (step() if isinstance(step, type) else step)(BATCH)
    if named("Parquet"):
        is_utf8(string_buffers(BATCH.column("text")))
    if named("Extract"):
        measured(b"<p>", np.zeros(1, np.int64))
    if named(*COPIES):
        warm_copies()
    if named(*REPEATS):
        warm_repeats()
    # What is loaded now is what jobs of the recipe reach, or nearly: workers need not read these sources again.
    import_graph().code(Imported(name) for name in [*sys.modules] if name.startswith("atom_data."))


def warm_copies() -> None:
    """Load what finds copies."""
    from atom_data.dedup import BandHashes  # noqa: PLC0415
    from atom_data.signals.urls import domains_of  # noqa: PLC0415
    from atom_data.text.similarity.confirm import confirm  # noqa: PLC0415
    from atom_data.text.similarity.shingles import digests, shingle_set  # noqa: PLC0415
    from atom_data.text.similarity.union_find import Forest, links, number_repeats  # noqa: PLC0415

    BandHashes()(BATCH)
    domains_of(BATCH.column("url"))
    shingles = shingle_set(string_buffers(BATCH.column("text")), 5)
    alone = np.zeros(1, np.int32), np.full((1, 1), -1, np.int32)
    Forest(1).link(*links(shingles.hashes[:1], np.zeros(1, np.int64)))
    Forest(1).roots(0, 1)
    digests(*shingles)
    number_repeats([(shingles.hashes[:1], np.zeros(1, np.int64))], np.full(1, -1, np.int32), 0)
    confirm(*alone, 0, shingles.hashes, shingles.offsets, min_jaccard=1.0, cap=1)


def warm_repeats() -> None:
    """Load what finds repeated lines and passages."""
    from atom_data.dedup import Lines, RemoveSpans, Substrings  # noqa: PLC0415
    from atom_data.dedup.repeats.remove import SPANS  # noqa: PLC0415
    from atom_data.dedup.repeats.rounds import Found  # noqa: PLC0415
    from atom_data.text.repeats.first_seen import Keys, Seen  # noqa: PLC0415

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


def recipe_text() -> str:
    """Return the text of the recipe that the server was started for; none where it cannot be read."""
    try:
        return Path(os.environ[RECIPE]).read_text("utf-8")
    except (KeyError, OSError, ValueError):
        return ""


warm(recipe_text())
gc.enable()
gc.freeze()  # what workers share, they need not look through for garbage, which would also copy its pages
