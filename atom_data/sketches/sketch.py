"""What is counted of the documents of a shard while a stage makes it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import REPLACED
from atom_data.rules import REASON, RULES, Card
from atom_data.sketches.bins import BINS, Integers, bins_of, bins_of_numbers, is_binned
from atom_data.sketches.cells import KEPT, MISSED, OTHER, Groups, Histograms
from atom_data.sketches.tally import Tally

SPLIT = ("language", "source")
"""Columns whose values have histograms of their own."""
TABLES = {"source": 64, "language": 64, "page_kind": 16, "month": 64, "tld": 64, "domain": 64}
"""What is counted by value, and how many values of each a sketch keeps."""
COPIES = ("", "near_")
"""Before `copy_rank` and `copy_count`: the columns of copies by text, and of near copies."""
TEXT_BYTES = "text_bytes"
SIZES = "_sketch_text_bytes"
COUNTED = (
    *(REASON, RULES, "source", "language", "page_kind", "date", "url", "token_count", "word_count", REPLACED),
    *(f"{before}copy_{what}" for before in COPIES for what in ("rank", "count")),
)
"""Columns that are counted whatever a card looks at."""

_HOST = r"^\s*[A-Za-z][A-Za-z0-9+.\-]*://(?:[^/?#\\@]*@)?(?:[Ww]{3}\.)?(?P<host>[^/?#:@\\\s]+)"
_TLD = r"\.(?P<tld>[^.0-9\[\]]+)\.?$"
_MONTH = r"^(?P<month>(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2]))(?:[^0-9]|$)"

Bools = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Sketch:
    """Counts of one shard. Memory: see `Tally` and `Histograms`, some MB at most; nothing of it grows with the shard."""

    rules: dict[str, Counter[str]] = field(default_factory=dict)
    """By rule: documents that missed it, that it alone of its card dropped, that are counted for it, and bytes of these."""
    columns: dict[str, str] = field(default_factory=dict)
    """The column that each rule bounds."""
    groups: dict[str, Groups] = field(default_factory=dict)
    histograms: Histograms = field(default_factory=Histograms)
    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally(top) for name, top in TABLES.items()})
    seen: set[str] = field(default_factory=set)
    """What is counted of the present batch already, of all its documents."""
    fault: str = ""
    """Why it is not whole: what counting failed with. A stage does not fail for a picture."""

    def card(self, card: Card, batch: pa.RecordBatch) -> None:
        """Count documents that a card has marked: by rule, and for each of its rules the numbers that it looks at."""
        self._clusters(batch)
        reasons = batch.column(REASON)
        gone = np.asarray(pc.is_valid(reasons))
        missed = _missed(batch.column(RULES), card)
        self._rules(card, batch, missed, gone)
        groups = self._groups(batch)
        for rule in card.rules:
            name = f"{card.name}.{rule.reason}"
            self.columns[name] = rule.column
            if rule.column in batch.schema.names and is_binned(batch.schema.field(rule.column).type):
                values = batch.column(rule.column)
                fates = np.where(missed[name], MISSED, np.where(gone, OTHER, KEPT))
                self._add(name, groups, fates * BINS + bins_of(values))
        if gone.any():
            self._leave(batch, gone, reasons, MISSED)

    def kept(self, batch: pa.RecordBatch) -> None:
        """Count the documents of a batch that the whole stage keeps."""
        self._clusters(batch)
        everything = np.ones(batch.num_rows, np.bool_)
        self._leave(batch, everything, pa.nulls(batch.num_rows, pa.string()), KEPT)
        self.seen.clear()

    def numbers(self, measure: str, values: npt.NDArray[np.float64]) -> None:
        """Count numbers of documents that are kept."""
        self.histograms.add(measure, "", None, KEPT * BINS + bins_of_numbers(values))

    def value(self) -> dict[str, Any]:
        """Return what is written, as JSON."""
        return {
            "rules": {
                name: {"column": self.columns.get(name, ""), **dict(sorted(counts.items()))}
                for name, counts in sorted(self.rules.items())
            },
            "cells": self.histograms.value(self.groups),
            "tables": {name: tally.value() for name, tally in self.tallies.items() if tally.counts},
            **({"fault": self.fault} if self.fault else {}),
        }

    def _rules(self, card: Card, batch: pa.RecordBatch, missed: Mapping[str, Bools], gone: Bools) -> None:
        misses = sum((mask.astype(np.int64) for mask in missed.values()), np.zeros(batch.num_rows, np.int64))
        sizes = _text_bytes(batch)
        first = np.zeros(batch.num_rows, np.bool_)
        for rule in card.rules:
            name = f"{card.name}.{rule.reason}"
            mask = missed[name]
            mine = mask & ~first
            first |= mask
            counts = self.rules.setdefault(name, Counter(missed=0, alone=0, first=0, bytes=0))
            counts["missed"] += int(mask.sum())
            counts["alone"] += int((mask & (misses == 1)).sum())
            counts["first"] += int(mine.sum())
            counts["bytes"] += int(sizes[mine].sum()) if sizes is not None else 0

    def _groups(self, batch: pa.RecordBatch) -> dict[str, Integers]:
        """Return the group of each document, for each column that splits; of a batch each is counted once."""
        found = {}
        for name in SPLIT:
            if name in batch.schema.names:
                groups = self.groups.setdefault(name, Groups())
                found[name] = groups.numbers(batch.column(name), f"group {name}" not in self.seen)
                self.seen.add(f"group {name}")
        return found

    def _add(self, measure: str, groups: Mapping[str, Integers], codes: Integers) -> None:
        self.histograms.add(measure, "", None, codes)
        for by, numbers in groups.items():
            self.histograms.add(measure, by, numbers, codes)

    def _leave(self, batch: pa.RecordBatch, which: Bools, outcomes: pa.Array, fate: int) -> None:
        """Count documents by what they are, once each: where they are dropped, or at the end."""
        rows = pa.array(which)
        outcomes = pc.fill_null(outcomes.filter(rows), "")
        for name, values in _values(batch, rows).items():
            self.tallies[name].add(values, outcomes)
        groups = {name: numbers[which] for name, numbers in self._groups(batch).items()}
        for measure, numbers in _measures(batch).items():
            self._add(measure, groups, fate * BINS + bins_of_numbers(numbers[which]))

    def _clusters(self, batch: pa.RecordBatch) -> None:
        """Count each cluster of copies once, by its size: at the document that is its first."""
        for before in COPIES:
            rank, count = f"{before}copy_rank", f"{before}copy_count"
            if rank in batch.schema.names and count in batch.schema.names and count not in self.seen:
                self.seen.add(count)
                first = batch.column(count).filter(pc.equal(batch.column(rank), 0))
                self.histograms.add(f"{before}copies", "", None, KEPT * BINS + bins_of(first))


def _missed(rules: pa.Array, card: Card) -> dict[str, Bools]:
    """Return for each rule of a card the documents that missed it."""
    rows, names = np.asarray(pc.list_parent_indices(rules)), pc.list_flatten(rules)
    found = {f"{card.name}.{rule.reason}": np.zeros(len(rules), np.bool_) for rule in card.rules}
    for name, mask in found.items():
        mask[rows[np.asarray(pc.equal(names, name))]] = True
    return found


def counted_columns(batch: pa.RecordBatch, card: Card | None) -> pa.RecordBatch:
    """Return what is counted of a batch: no text, but how long each is."""
    names = {*COUNTED, *(rule.column for rule in (card.rules if card else ()))} - {"text"}
    chosen = [name for name in batch.schema.names if name in names and not name.startswith(SIZES)]
    columns = [batch.column(name) for name in chosen]
    sizes = _text_bytes(batch)
    if sizes is not None:
        chosen, columns = [*chosen, SIZES], [*columns, pa.array(sizes)]
    if not chosen:  # the number of rows is that of a column
        chosen, columns = [SIZES], [pa.nulls(batch.num_rows, pa.float64())]
    return pa.RecordBatch.from_arrays(columns, names=chosen)


def _text_bytes(batch: pa.RecordBatch) -> npt.NDArray[np.float64] | None:
    if SIZES in batch.schema.names:
        return None if batch.column(SIZES).null_count else np.asarray(batch.column(SIZES))
    if "text" not in batch.schema.names:
        return None
    return np.asarray(pc.fill_null(pc.binary_length(batch.column("text")), 0), np.float64)


def _column(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.float64] | None:
    if name not in batch.schema.names or not is_binned(batch.schema.field(name).type):
        return None
    return np.asarray(pc.fill_null(pc.cast(batch.column(name), pa.float64(), safe=False), np.nan), np.float64)


def _measures(batch: pa.RecordBatch) -> dict[str, npt.NDArray[np.float64]]:
    """Return numbers of each document that a report shows whether or not a card looks at them."""
    sizes = _text_bytes(batch)
    found = {} if sizes is None else {TEXT_BYTES: sizes}
    tokens, words = _column(batch, "token_count"), _column(batch, "word_count")
    if tokens is not None and words is not None:
        found["tokens_per_word"] = np.divide(tokens, words, out=np.full(len(words), np.nan), where=words > 0)
    replaced = _column(batch, REPLACED)
    return found if replaced is None else {**found, REPLACED: replaced}


def _values(batch: pa.RecordBatch, rows: pa.Array) -> dict[str, pa.Array]:
    """Return the columns that are counted by value, as text, of some documents."""
    names, found = batch.schema.names, {}
    for name in ("source", "language", "page_kind"):
        if name in names and not pa.types.is_nested(batch.schema.field(name).type):
            found[name] = batch.column(name).filter(rows)
    if "date" in names:
        dates = batch.column("date").filter(rows).cast(pa.string())
        found["month"] = pc.struct_field(pc.extract_regex(dates, _MONTH), "month")
    if "url" in names:
        hosts = pc.utf8_lower(
            pc.struct_field(pc.extract_regex(batch.column("url").filter(rows).cast(pa.string()), _HOST), "host")
        )
        found["domain"] = hosts
        found["tld"] = pc.struct_field(pc.extract_regex(hosts, _TLD), "tld")
    return found
