"""The recipes that `scale.py` runs: documents drawn with known copies, as many as SCALE_DOCUMENTS says.

`signatures`: MinHash signatures are drawn, not computed, so that all that comes after them can be measured at a size for
which there is no text here. `texts`: texts of 150 words, clusters as of the signatures, confirmed. `template`: a template
with two numbers that have few values, `pages`: a longer one with two that no other page has; all share buckets.
`same` and `equal`: one text, exact and near. `large` and `odd`: the documents of SCALE_FILE.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scale_draw import NEAR, PAGE, TEMPLATE, clusters, draw, layout, page, texts

from atom_data import Copies, MinHash, Parquet, SameText
from atom_data.batch import column, with_columns
from atom_data.dedup.near.minhash import BANDS, ROWS
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.text.similarity.minhash import bands
from atom_data.workspace import Workspace

DOCUMENTS = int(os.environ.get("SCALE_DOCUMENTS", "1000000"))
WHAT = os.environ.get("SCALE_WHAT", "signatures")
MEMORY = os.environ.get("SCALE_MEMORY", "1GB")
SHARD_ROWS = 1_000_000
BATCH_ROWS = 65_536


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A source of numbered documents."""

    count: int
    text: str = ""
    """The text of every document, see `page`; `drawn` for drawn ones; nothing for no text."""
    name: str = "numbers"

    def schema(self) -> pa.Schema:
        """Id, source and number; a text where that is asked for."""
        more = [("text", pa.string())] if self.text else []
        return pa.schema([("id", pa.string()), ("source", pa.string()), ("number", pa.int64()), *more])

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """Shards of a million."""
        starts = range(0, self.count, SHARD_ROWS)
        return tuple(
            Shard(f"{start // SHARD_ROWS:05}", "", min(SHARD_ROWS, self.count - start) * 8) for start in starts
        )

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """Nothing but the number of documents decides."""
        return (Input(path=f"{self.count}/{shard.name}", bytes=shard.bytes, sha256="drawn"),)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield the documents of a shard."""
        intake.inputs.extend(self.current(shard, workspace))
        first = int(shard.name) * SHARD_ROWS
        last = min(first + SHARD_ROWS, self.count)
        for start in range(first, last, BATCH_ROWS):
            numbers = np.arange(start, min(start + BATCH_ROWS, last))
            given = {
                "id": pa.array([f"{number:011}" for number in numbers.tolist()]),
                "source": pa.array(["drawn"] * len(numbers)),
                "number": pa.array(numbers),
            }
            if self.text == "drawn":
                given["text"] = texts(numbers, self.count)
            elif self.text:
                given["text"] = pa.array([page(self.text, number) for number in numbers.tolist()])
            intake.bytes_read += 8 * len(numbers)
            yield pa.RecordBatch.from_pydict({name: array for name, array in given.items() if name in columns})

    def identity(self) -> dict[str, object]:
        """How many."""
        return {"numbers": self.count, "text": self.text}


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """Add `band_hashes` of drawn signatures, through the band kernel that real ones go through."""

    count: int

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Draw."""
        numbers = column(batch, "number").to_numpy()
        rows = np.empty((len(numbers), BANDS * ROWS), np.uint32)
        draw(numbers, clusters(numbers, self.count, layout(self.count)), rows)
        hashes = bands(rows, BANDS, ROWS)
        offsets = pa.array(np.arange(len(hashes) + 1, dtype=np.int32) * BANDS)
        lists = pa.ListArray.from_arrays(offsets, pa.array(hashes.ravel()))
        return with_columns(batch, band_hashes=lists, text_bytes=pa.array(np.zeros(len(hashes), np.int64)))


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnMinHash(MinHash):
    """MinHash, but for how the signatures come about."""

    count: int = 0

    @property
    def measure(self) -> Drawn:
        """Draw instead of reading."""
        return Drawn(count=self.count)


def stages() -> tuple[object, ...]:
    """Return the pass that is measured."""
    limits = {"allow_loss": 1.0, "memory": MEMORY}
    if WHAT in ("template", "pages"):
        source = Numbers(count=DOCUMENTS, text=TEMPLATE if WHAT == "template" else PAGE)
        return (Copies(of=source, by=MinHash(min_jaccard=NEAR), **limits),)
    if WHAT == "texts":
        return (Copies(of=Numbers(count=DOCUMENTS, text="drawn"), by=MinHash(), **limits),)
    if WHAT in ("same", "equal"):
        source = Numbers(count=DOCUMENTS, text="The same text every time.")
        return (Copies(of=source, by=SameText() if WHAT == "same" else MinHash(), **limits),)
    if WHAT in ("large", "odd"):
        distinct = Copies(of=Parquet(os.environ["SCALE_FILE"]), by=SameText(), **limits)
        return (Copies(of=distinct, by=MinHash(), **limits),)
    by = DrawnMinHash(count=DOCUMENTS, bands=BANDS, rows=ROWS, confirm=False)
    return (Copies(of=Numbers(count=DOCUMENTS), by=by, **limits),)
