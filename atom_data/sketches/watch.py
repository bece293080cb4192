"""A stage that is watched: the same steps, and a sketch of what passes through them.

The runner watches and the stage does not know: what decides a document must not reach what draws pictures, or a change of a
picture would make every finished shard stale (see `reach`). Each batch goes on as it came.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.errors import AtomDataError
from atom_data.graph import Job
from atom_data.job import Task
from atom_data.rules import Card, Keep, load_card, mark
from atom_data.sketches.bins import is_binned
from atom_data.sketches.sketch import Sketch, counted_columns
from atom_data.sketches.store import write_sketch
from atom_data.stage import Stage
from atom_data.storage.parquet import Output, read_parquet, schema_of
from atom_data.storage.shards import Shard
from atom_data.workspace import Workspace

ROWS = 4096
END = ""
WORDS = "word_count"
Floats = npt.NDArray[np.float64]
FAILURES = (pa.ArrowException, ArithmeticError, LookupError, TypeError, ValueError)
"""What counting may fail with: a stage does not fail for a picture."""
DOCUMENTS = ".docs.parquet"
"""How the file ends that says what is in a token shard."""


@dataclass(slots=True)
class Waiting:
    """What a stage's steps saw, until it is counted for ROWS documents at once: counting takes milliseconds, of however few.

    Memory: the columns that are counted of ROWS documents and a batch, for each card of the stage; of texts their lengths.
    """

    sketch: Sketch = field(default_factory=Sketch)
    cards: dict[str, Card] = field(default_factory=dict)
    batches: dict[str, list[pa.RecordBatch]] = field(default_factory=dict)
    """By card, in the order of the steps; by END what the stage keeps."""
    rows: int = 0

    def begin(self) -> None:
        """Begin a shard: forget another one, or what a task that failed has left."""
        self.sketch, self.batches, self.rows = Sketch(), {}, 0

    def add(self, name: str, batch: pa.RecordBatch) -> None:
        """Take a batch. The first step sees every one: only there may what waits be counted, all of it or nothing."""
        if not batch.num_rows or self.sketch.fault:
            return
        if name == next(iter(self.batches), name):
            if self.rows >= ROWS:
                self.count()
            self.rows += batch.num_rows
        self.batches.setdefault(name, []).append(counted_columns(batch, self.cards.get(name)))

    def count(self) -> None:
        """Count what waits. What fails is noted, and from there on nothing is counted: half of a shard would be a wrong number."""
        try:
            for name, batches in self.batches.items():
                for batch in _together(batches):
                    if name == END:
                        self.sketch.kept(batch)
                    else:
                        self.sketch.card(self.cards[name], batch)
            self.sketch.settle()
        except FAILURES as error:
            self.sketch.fault = f"{type(error).__name__}: {error}"[:200]
        self.sketch.seen.clear()
        self.batches = {name: [] for name in self.batches}
        self.rows = 0


def _together(batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """Return batches as one, as long as no column has two GB."""
    if len(batches) == 1:
        return batches
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    whole: list[pa.RecordBatch] = pa.concat_tables(tables, promote_options="permissive").combine_chunks().to_batches()
    return whole


@dataclass(frozen=True, slots=True)
class WatchedKeep(Keep):
    """A card whose marks are counted."""

    waiting: Waiting = field(default_factory=Waiting, repr=False, compare=False)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Mark the rows as the card does, and count them."""
        cards = self.waiting.cards
        if self.card not in cards:  # it is read once a job, not once a batch
            cards[self.card] = load_card(self.card, self.folder)
        marked = mark(cards[self.card], batch)
        self.waiting.add(self.card, marked)
        return marked


@dataclass(frozen=True, slots=True)
class End:
    """The step after the last one: it counts what is left."""

    waiting: Waiting

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch itself."""
        self.waiting.add(END, batch)
        return batch


def watched(job: Job, into: Waiting | None = None) -> tuple[Job, Waiting | None]:
    """Return a stage as one that is watched, with what fills its sketch. Any other job, and a class of a user, as it is."""
    if type(job) is not Stage:
        return job, None
    waiting = into or Waiting()
    steps = [WatchedKeep(step.card, step.folder, waiting) if type(step) is Keep else step for step in job.steps]
    return replace(job, steps=(*steps, End(waiting))), waiting


def keep_sketch(workspace: Workspace, job: Job, task: Task, waiting: Waiting | None, outputs: list[Output]) -> None:
    """Write the sketch of a shard that was made; of a token shard it is made of the numbers that stand beside it."""
    if waiting is None:
        sketch = _of_tokens(workspace, task.shards, outputs)
    else:
        waiting.count()
        sketch = waiting.sketch
    if sketch is not None and outputs:
        value = {"stage": job.name, "shard": task.name, "sha256": outputs[0].sha256, **value_of(sketch)}
        write_sketch(workspace, job.name, task.name, value)


def value_of(sketch: Sketch) -> dict[str, Any]:
    """Return what was counted, or what that failed with."""
    try:
        return sketch.value()
    except FAILURES as error:
        return {"fault": f"{type(error).__name__}: {error}"[:200]}


def _of_tokens(workspace: Workspace, shards: Sequence[Shard], outputs: list[Output]) -> Sketch | None:
    """Return a sketch of the lengths of a token shard's documents: 24 bytes each are read of what was just written.

    Where the shards that it was made of say how many words each document has, these are read, too. Memory: one shard's.
    """
    path = next((output.path for output in outputs if output.path.endswith(DOCUMENTS)), None)
    if path is None:
        return None
    made = workspace.path("")
    sketch, words = Sketch(), Words({shard.name: shard for shard in shards if shard.path.startswith(made)})
    try:
        for batch in read_parquet(workspace.path(path), ("tokens", "text_bytes", "shard", "row")):
            tokens, sizes = (np.asarray(batch.column(name), np.float64) for name in ("tokens", "text_bytes"))
            sketch.numbers("tokens", tokens)
            sketch.numbers("bytes_per_token", _ratio(sizes, tokens))
            for rows, counts in words.of(batch):
                sketch.numbers("tokens_per_word", _ratio(tokens[rows], counts))
    except (AtomDataError, LookupError, ValueError) as error:
        sketch.fault = f"{type(error).__name__}: {error}"[:200]
    return sketch


def _ratio(one: Floats, other: Floats) -> Floats:
    found: Floats = np.divide(one, other, out=np.full(len(one), np.nan), where=other > 0)
    return found


@dataclass(slots=True)
class Words:
    """The words of documents, by the shards that a token shard is made of; its documents are mixed, so a batch has many of each."""

    shards: dict[str, Shard]
    """Those that a stage made: all their rows can be read, so that a row is where it is said to be."""

    def of(self, batch: pa.RecordBatch) -> Iterator[tuple[npt.NDArray[np.int64], Floats]]:
        """Yield which documents of a batch are of one shard, and how many words each of them has: a shard is read once."""
        names = batch.column("shard").fill_null("").dictionary_encode()
        codes, numbers = np.asarray(names.indices), np.asarray(batch.column("row"), np.int64)
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(names.dictionary) + 1))
        for code, name in enumerate(names.dictionary.to_pylist()):
            counts, rows = self._read(self.shards.get(name)), order[bounds[code] : bounds[code + 1]]
            if counts is not None:
                yield rows, counts[numbers[rows]]

    def _read(self, shard: Shard | None) -> Floats | None:
        if shard is None or not shard.path.endswith(".parquet"):
            return None
        schema = schema_of(shard.path)
        if WORDS not in schema.names or not is_binned(schema.field(WORDS).type):
            return None
        columns = [batch.column(WORDS).cast(pa.float64()) for batch in read_parquet(shard.path, (WORDS,))]
        return np.asarray(pa.chunked_array(columns, pa.float64()).fill_null(np.nan), np.float64)
