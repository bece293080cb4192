"""A stage that is watched: the same steps, and a sketch of what passes through them.

The runner watches and the stage does not know: what decides a document must not reach what draws pictures, or a change of a
picture would make every finished shard stale (see `reach`). Each batch goes on as it came.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from atom_data.errors import AtomDataError
from atom_data.graph import Job
from atom_data.rules import Keep, load_card
from atom_data.sketches.sketch import Sketch
from atom_data.sketches.store import write_sketch
from atom_data.stage import Stage
from atom_data.storage.parquet import Output, read_parquet
from atom_data.workspace import Workspace

DOCUMENTS = ".docs.parquet"
"""How the file ends that says what is in a token shard."""


@dataclass(frozen=True, slots=True)
class WatchedKeep(Keep):
    """A card whose marks are counted."""

    sketch: Sketch = field(default_factory=Sketch, repr=False, compare=False)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Mark the rows as the card does, and count them."""
        marked = Keep(self.card, self.folder)(batch)
        _count(self.sketch, marked, lambda: self.sketch.card(load_card(self.card, self.folder), marked))
        return marked


@dataclass(frozen=True, slots=True)
class End:
    """The step after the last one: it counts what is left."""

    sketch: Sketch

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch itself."""
        _count(self.sketch, batch, lambda: self.sketch.kept(batch))
        return batch


def _count(sketch: Sketch, batch: pa.RecordBatch, count: Callable[[], None]) -> None:
    """Count a batch. What fails is noted, and from there on nothing is counted: half a batch would be a wrong number."""
    if batch.num_rows and not sketch.fault:
        try:
            count()
        except (pa.ArrowException, ArithmeticError, LookupError, TypeError, ValueError) as error:
            sketch.fault = f"{type(error).__name__}: {error}"[:200]


def watched(job: Job) -> tuple[Job, Sketch | None]:
    """Return a stage as one that is watched, with the sketch that it fills. Any other job, and a class of a user, as it is."""
    if type(job) is not Stage:
        return job, None
    sketch = Sketch()
    steps = [WatchedKeep(step.card, step.folder, sketch) if type(step) is Keep else step for step in job.steps]
    return replace(job, steps=(*steps, End(sketch))), sketch


def keep_sketch(workspace: Workspace, job: Job, shard: str, sketch: Sketch | None, outputs: list[Output]) -> None:
    """Write the sketch of a shard that was made; of a token shard it is made of the numbers that stand beside it."""
    if sketch is None:
        sketch = _of_tokens(workspace, outputs)
    if sketch is not None and outputs:
        value = {"stage": job.name, "shard": shard, "sha256": outputs[0].sha256, **sketch.value()}
        write_sketch(workspace, job.name, shard, value)


def _of_tokens(workspace: Workspace, outputs: list[Output]) -> Sketch | None:
    """Return a sketch of the lengths of a token shard's documents: 12 bytes each are read of what was just written."""
    path = next((output.path for output in outputs if output.path.endswith(DOCUMENTS)), None)
    if path is None:
        return None
    sketch = Sketch()
    try:
        for batch in read_parquet(workspace.path(path), ("tokens", "text_bytes")):
            tokens, sizes = (np.asarray(batch.column(name), np.float64) for name in ("tokens", "text_bytes"))
            sketch.numbers("tokens", tokens)
            sketch.numbers(
                "bytes_per_token", np.divide(sizes, tokens, out=np.full(len(sizes), np.nan), where=tokens > 0)
            )
    except (AtomDataError, KeyError, ValueError) as error:
        sketch.fault = f"{type(error).__name__}: {error}"[:200]
    return sketch
