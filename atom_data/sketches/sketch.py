"""What is counted of the documents of a shard while a stage makes it."""

from collections import Counter
from collections.abc import Mapping, Sequence
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
VALUES = ("source", "language", "page_kind", "date", "url")
"""Columns that are counted by value, or by a part of it."""
COUNTED = frozenset((REASON, RULES, *VALUES, "token_count", "word_count", REPLACED)).union(
    f"{before}copy_{what}" for before in COPIES for what in ("rank", "count")
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
    left: dict[str, list[tuple[pa.Array, pa.Array]]] = field(default_factory=dict)
    """By column of VALUES: values of documents that have left the stage, and their outcomes, until they are counted together."""
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
            these = {by: numbers[gone] for by, numbers in groups.items()}
            self._leave(batch.filter(pc.is_valid(reasons)), these, MISSED)

    def kept(self, batch: pa.RecordBatch) -> None:
        """Count the documents of a batch that the whole stage keeps."""
        self._clusters(batch)
        self._leave(batch, self._groups(batch), KEPT)
        self.seen.clear()

    def numbers(self, measure: str, values: npt.NDArray[np.float64]) -> None:
        """Count numbers of documents that are kept."""
        self.histograms.add(measure, "", None, KEPT * BINS + bins_of_numbers(values))

    def settle(self) -> None:
        """Count by value what has left since the last time: a few hundred documents take as long as one."""
        for column, parts in self.left.items():
            values, outcomes = map(_together, zip(*parts, strict=True))
            for name, some in _by_name(column, values).items():
                self.tallies[name].add(some, outcomes)
        self.left.clear()

    def value(self) -> dict[str, Any]:
        """Return what is written, as JSON."""
        self.settle()
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

    def _leave(self, batch: pa.RecordBatch, groups: Mapping[str, Integers], fate: int) -> None:
        """Count documents by what they are, once each: where they are dropped, or at the end."""
        names = batch.schema.names
        outcomes = pa.repeat("", batch.num_rows) if fate == KEPT else batch.column(REASON)
        for name in VALUES:
            if name in names and not (name in TABLES and pa.types.is_nested(batch.schema.field(name).type)):
                texts = _texts(batch.column(name))
                self.left.setdefault(name, []).append((texts, outcomes))
        for measure, numbers in _measures(batch).items():
            self._add(measure, groups, fate * BINS + bins_of_numbers(numbers))

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
    names, wanted = batch.schema.names, COUNTED if card is None else COUNTED.union(rule.column for rule in card.rules)
    columns = {name: batch.column(name) for name in names if name in wanted and name not in ("text", SIZES)}
    if "text" in names:
        columns[SIZES] = _sizes(batch.column("text"))
    if not columns:  # the number of rows is that of a column
        columns[SIZES] = pa.nulls(batch.num_rows, pa.float64())
    return pa.RecordBatch.from_arrays([*columns.values()], names=[*columns])


def _text_bytes(batch: pa.RecordBatch) -> npt.NDArray[np.float64] | None:
    if SIZES not in batch.schema.names or batch.column(SIZES).null_count:
        return None if "text" not in batch.schema.names else np.asarray(_sizes(batch.column("text")))
    return np.asarray(batch.column(SIZES))


def _sizes(texts: pa.Array) -> pa.Array:
    lengths = pc.binary_length(texts)
    return pc.cast(pc.fill_null(lengths, 0) if lengths.null_count else lengths, pa.float64())


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


def _texts(values: pa.Array) -> pa.Array:
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def _together(arrays: Sequence[pa.Array]) -> pa.Array:
    return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


def _by_name(column: str, values: pa.Array) -> dict[str, pa.Array]:
    """Return the values of a column of VALUES as they are counted: of dates the month, of URLs the domain."""
    if column == "date":
        return {"month": _part(values, _MONTH, "month")}
    if column == "url":
        hosts = _part(values, _HOST, "host")
        hosts = hosts if hosts.null_count == len(hosts) else pc.utf8_lower(hosts)
        return {"domain": hosts, "tld": _part(hosts, _TLD, "tld")}
    return {column: values}


def _part(values: pa.Array, pattern: str, name: str) -> pa.Array:
    """Return what a named group of a pattern matches in each text; null where it does not match."""
    if values.null_count == len(values):
        return values
    return pc.struct_field(pc.extract_regex(values, pattern), name)
