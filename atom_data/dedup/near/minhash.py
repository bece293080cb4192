"""Near copies: MinHash proposes, the text itself confirms.

Broder 1997 (resemblance as the Jaccard index of shingle sets); banding as in Leskovec, Rajaraman and Ullman, Mining of
Massive Datasets, section 3.4: two texts of Jaccard index s share a band with probability 1 - (1 - s^rows)^bands.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.dedup.corpus import Corpus
from atom_data.dedup.near.candidates import Candidates
from atom_data.dedup.near.clusters import Clusters, Links
from atom_data.dedup.near.confirm import Confirmed
from atom_data.dedup.near.curve import best_curve
from atom_data.dedup.near.survivor import DatatroveSurvivor
from atom_data.errors import ConfigError
from atom_data.graph import Job, Source
from atom_data.stage import Step
from atom_data.text.buffers import string_buffers
from atom_data.text.similarity.character_shingles import UNITS, Unit, character_signatures, shingles_by
from atom_data.text.similarity.datasketch import Scheme, datasketch_signatures
from atom_data.text.similarity.datatrove import datatrove_signatures
from atom_data.text.similarity.minhash import bands as band_hashes, has_shingles, signatures

Compatible = Literal["", "datasketch", "datasketch-legacy", "datatrove"]
SCHEMES: dict[str, Scheme] = {"datasketch": "affine32", "datasketch-legacy": "legacy"}
COMPATIBLE = (*SCHEMES, "datatrove")
BANDS, ROWS = 20, 6


@dataclass(frozen=True, kw_only=True, slots=True)
class BandHashes:
    """Add `band_hashes` (list of uint64, one per band; null for a text without shingles) and `text_bytes` (int64)."""

    ngram: int = 5
    bands: int = BANDS
    rows: int = ROWS
    seed: int = 1
    unit: Unit = "words"
    """What `ngram` counts: `words`, in lower case, or `characters`, where a run of white space is one space."""
    compatible: Compatible = ""
    """`datasketch`: the permutations of `datasketch.MinHash` since 2.0.0, `datasketch-legacy`: those before; `datatrove`: its
    words and hashes. All are slower."""

    def __post_init__(self) -> None:
        """Refuse what there is not."""
        check_shingles(self.unit, self.compatible)

    def signatures(self, text: pa.Array) -> npt.NDArray[np.uint32] | npt.NDArray[np.uint64]:
        """Return a row of `bands * rows` numbers per text: with `compatible`, the other library's of the same text."""
        buffers, permutations = string_buffers(text), self.bands * self.rows
        if self.compatible == "datatrove":
            return datatrove_signatures(text, self.ngram, permutations, self.seed)
        if self.compatible:
            return datasketch_signatures(buffers, self.ngram, permutations, self.seed, SCHEMES[self.compatible])
        sign = signatures if self.unit == "words" else character_signatures
        return sign(buffers, self.ngram, permutations, self.seed)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Hash the n-grams of `text`; a text of fewer words or characters has one shingle of all."""
        text = column(batch, "text")
        found = self.signatures(text)
        hashes = band_hashes(found, self.bands, self.rows)
        offsets = pa.array(np.arange(len(hashes) + 1, dtype=np.int32) * self.bands)
        lists = pa.ListArray.from_arrays(offsets, pa.array(hashes.ravel()), mask=pa.array(~has_shingles(found)))
        return with_columns(batch, band_hashes=lists, text_bytes=pa.array(np.diff(string_buffers(text).offsets)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Sketch:
    """Add `band_hashes` and `text_bytes` as `BandHashes` does, and `shingles` (large_list of uint64, sorted, distinct).

    `shingles` are the hashes of the n-grams, none for a null text or one without any. All that finding and
    confirming near copies takes, eight bytes per word of text: the text is not needed after it.
    """

    ngram: int = 5
    bands: int = BANDS
    rows: int = ROWS
    seed: int = 1
    unit: Unit = "words"
    """What `ngram` counts: `words` or `characters`."""

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Hash the n-grams of `text`; a null text has none."""
        hashes, offsets = shingles_by(self.unit, string_buffers(column(batch, "text")), self.ngram)
        lists = pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(hashes))
        bands = BandHashes(ngram=self.ngram, bands=self.bands, rows=self.rows, seed=self.seed, unit=self.unit)
        return with_columns(bands(batch), shingles=lists)


def check_shingles(unit: str, compatible: str) -> None:
    """Validate `unit` and `compatible`. ConfigError for unknown ones."""
    if unit not in UNITS:
        raise ConfigError(f"MinHash: unit is '{unit}'; units: {', '.join(UNITS)}. Name one of these.")
    if compatible and compatible not in COMPATIBLE:
        raise ConfigError(f"MinHash: compatible is '{compatible}'; it takes {', '.join(COMPATIBLE)}, or nothing.")
    if compatible and unit != "words":
        raise ConfigError(f"MinHash: compatible='{compatible}' is for unit='words', not '{unit}'. Give one of the two.")


def measured_before(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch, which must have `band_hashes` and `text_bytes` already."""
    column(batch, "band_hashes")
    column(batch, "text_bytes")
    return batch


@dataclass(frozen=True, kw_only=True, slots=True)
class MinHash:
    """Compares by word or character n-grams. Adds `near_copy_rank` (int32, 0: kept) and `near_copy_count` (int32, 1: no copy), and
    where there are copies `near_copy_of` (id of the kept one; null for itself), `near_copy_jaccard`,
    `near_copy_containment` (float32, of a copy with the kept one) and `near_copy_cluster` (id of the kept one for all).

    A document is a near copy (rank > 0) only when it shares a band and enough n-grams, counted on the texts, with a
    document that is kept. A text without any is not a copy of anything. `keep("first_near_copy")` keeps one of each.
    Defaults: 20 bands of 6 rows, which propose 98.0 % of pairs with a Jaccard index of 0.75 and 99.8 % at 0.8; the 14 of 8
    of FineWeb (Penedo et al. 2024, section 3.4) propose 77 % and 92 %. They cost 120 hashes per document in place of 112, 160
    bytes of band hashes in place of 112, and more comparisons, whose texts refuse what is below `min_jaccard`.
    """  # fmt: skip

    ngram: int = 5
    bands: int = 0
    """0: what `threshold` asks for, or 20. Two texts with one equal band are compared."""
    rows: int = 0
    """0: what `threshold` asks for, or 6. Places in a band."""
    seed: int = 1
    threshold: float | None = None
    """In place of `bands` and `rows`: the Jaccard index for which datasketch would choose them (`best_curve`, with at most
    128 hashes). Of pairs at 0.8 it compares 40 % then; what is a copy is up to `min_jaccard`."""
    unit: Unit = "words"
    """What `ngram` counts: `words`, in lower case, or `characters`, where a run of white space is one space."""
    compatible: Compatible = ""
    """`datasketch`: its permutations since 2.0.0, `datasketch-legacy`: those before; `datatrove`: the words, hashes and buckets of
    its 0.10 for English, with `HashConfig(hash_fc="sha1", precision=64)`, and with `confirm=False` the survivor that it keeps,
    the root of a union by size, before all that `keep` says. All are slower."""
    min_jaccard: float | None = 0.75
    """Minimum Jaccard index of the two sets of n-grams; a pair that reaches this"""
    min_containment: float | None = None
    """**or** this share of the copy's n-grams in the kept document is a copy. None: only `min_jaccard` counts."""
    confirm: bool = True
    """False trusts the bands, unconfirmed and transitively, as other tools do: one document per connected component is kept."""
    bucket_cap: int = 64
    """Maximum number of kept documents of one bucket to compare a document with: time stays linear in large buckets."""
    shingles: str = ""
    """A column that already has the sorted distinct n-grams' hashes, beside `band_hashes` and `text_bytes`: then no text
    is needed. An index has one."""

    name: ClassVar[str] = "near"
    measured: ClassVar[str] = "band_hashes"
    record: ClassVar[pa.Schema] = pa.schema([("hash", pa.uint64()), ("row", pa.uint32())])
    added: ClassVar[pa.Schema] = pa.schema(
        [
            ("near_copy_rank", pa.int32()),
            ("near_copy_count", pa.int32()),
            ("near_copy_of", pa.string()),
            ("near_copy_jaccard", pa.float32()),
            ("near_copy_containment", pa.float32()),
            ("near_copy_cluster", pa.string()),
        ]
    )

    def __post_init__(self) -> None:
        """Choose bands and rows; validate parameters."""
        check_shingles(self.unit, self.compatible)
        self._choose()
        for name in ("ngram", "bands", "rows", "bucket_cap"):
            if getattr(self, name) < 1:
                raise ConfigError(f"MinHash: {name} is {getattr(self, name)}. Give a whole number from 1.")
        bounds = {"min_jaccard": self.min_jaccard, "min_containment": self.min_containment}
        for name, bound in bounds.items():
            if bound is not None and not 0 < bound <= 1:
                raise ConfigError(f"MinHash: {name} is {bound}. Give a number in (0, 1].")
        if self.confirm and self.min_jaccard is None and self.min_containment is None:
            raise ConfigError("MinHash: neither min_jaccard nor min_containment. Give one, or set confirm=False.")

    def _choose(self) -> None:
        chosen = {"bands": BANDS, "rows": ROWS}
        if self.threshold is not None:
            curve = best_curve(self.threshold)
            chosen = {"bands": curve.bands, "rows": curve.rows}
        for name, value in chosen.items():
            given = getattr(self, name)
            if self.threshold is not None and given not in (0, value):
                raise ConfigError(
                    f"MinHash: threshold={self.threshold} asks for {chosen['bands']} bands of {chosen['rows']} rows, and "
                    f"{name} is {given}. Give either threshold, or bands and rows."
                )
            object.__setattr__(self, name, given or value)

    @property
    def _survivor(self) -> DatatroveSurvivor | None:
        """Who chooses the survivors by their signatures; None where `keep` does."""
        if self.compatible != "datatrove" or self.confirm or self.shingles:
            return None
        return DatatroveSurvivor(ngram=self.ngram, bands=self.bands, rows=self.rows, seed=self.seed)

    @property
    def measure(self) -> Step:
        """The step that hashes the bands of each text."""
        if self.shingles:
            return measured_before
        return BandHashes(
            ngram=self.ngram,
            bands=self.bands,
            rows=self.rows,
            seed=self.seed,
            unit=self.unit,
            compatible=self.compatible,
        )

    def records(self, documents: pa.RecordBatch, measured: pa.Array, first: int) -> pa.RecordBatch:
        """Return a record for each band of each document that has any."""
        rows = np.flatnonzero(np.asarray(measured.is_valid())) + first
        numbers = np.repeat(rows.astype(np.uint32), self.bands)
        return pa.RecordBatch.from_arrays([measured.drop_null().flatten(), pa.array(numbers)], schema=self.record)

    def finds(self, corpus: Corpus, source: Source) -> Job:
        """Return the last of the jobs that find the copies: equal bands, connected components, their texts, the decision."""
        clusters = Clusters(links=Links(corpus=corpus))
        return Confirmed(
            candidates=Candidates(
                clusters=clusters,
                source=source,
                ngram=self.ngram if self.confirm else 0,
                column=self.shingles or "text",
                unit=self.unit,
                survivor=self._survivor,
            ),
            schema=self.added,
            confirm=self.confirm,
            min_jaccard=self.min_jaccard,
            min_containment=self.min_containment,
            bucket_cap=self.bucket_cap,
        )
