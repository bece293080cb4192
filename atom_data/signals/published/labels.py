"""What a page is about, and of what kind, as a fastText classifier of many labels says it (WebOrganizer)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.signals.language import load_model
from atom_data.text.buffers import string_buffers
from atom_data.text.fasttext.model import predict
from atom_data.text.statistics.letters import letter_counts

_PREFIX = "__label__"


@dataclass(frozen=True, kw_only=True, slots=True)
class FastTextLabel:
    """Add the best label (string, without `__label__`) of a fastText classifier as `column`, and its score (float32) as
    `COLUMN_score`. Reads `text`.

    Both are those of the library's `predict(text.replace("\\n", " "))`, the score within 1e-4. A null, empty or blank text has
    null, and so has one of which the model says nothing. Memory: the model, read once a process.

    For WebOrganizer's topics and formats (Wettig et al. 2025, Organize the Web), which Dolma 3 mixes by: the models
    `allenai/dolma3-fasttext-weborganizer-topic-classifier` and its like, given by path. `Quantiles(within=("topic",))` tells how
    good a document is among those of its topic.
    """

    model: Path
    """A supervised fastText model, `.bin` or `.ftz`; its bytes count in a stage's identity."""

    column: str = "topic"

    max_bytes: int | None = None
    """Look only at the first bytes of a longer text."""

    def __post_init__(self) -> None:
        """Refuse a model that is not a Path, whose bytes would not count."""
        if not isinstance(self.model, Path):
            raise ConfigError(f"FastTextLabel: model is {self.model!r}, not a Path. Give Path({str(self.model)!r}).")
        if self.max_bytes is not None and self.max_bytes < 1:
            raise ConfigError(f"FastTextLabel: max_bytes is {self.max_bytes}. Give a number above 0, or None.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Label every text of a batch."""
        texts, model = column(batch, "text"), load_model(self.model)
        if self.max_bytes is not None:
            texts = pc.binary_slice(texts.cast(pa.large_binary()), 0, self.max_bytes)
        buffers = string_buffers(texts)
        found = predict(model, buffers)
        unknown = (letter_counts(buffers).sum(axis=1) == 0) | (found.labels < 0)
        names = pa.array([label.removeprefix(_PREFIX) for label in model.labels], pa.string())
        labels = names.take(pa.array(found.labels.astype(np.int32), mask=unknown))
        return with_columns(
            batch, **{self.column: labels, f"{self.column}_score": pa.array(found.scores, mask=unknown)}
        )
