"""Quality as a fastText classifier sees it (Li et al. 2024, DataComp-LM, section 4.4, and its like)."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.signals.language import load_model
from atom_data.text.buffers import string_buffers
from atom_data.text.fasttext.model import Model, score_label
from atom_data.text.statistics.letters import letter_counts

_PREFIX = "__label__"


@dataclass(frozen=True, kw_only=True, slots=True)
class FastTextClassifier:
    """Add the score (float32, up to 1) that a fastText classifier gives one label, in a column named by `column`.

    The score is that of the library's `predict(text.replace("\\n", " "), k=-1)` for the label, within 1e-4: its share,
    which for a model of two labels is 1 less that of the other. 0 where the library leaves the label out. Line ends count
    as spaces; nothing else is changed: a model trained on lower case needs a text in lower case.

    A null, empty or blank text has a null score, which no rule accepts. Reads `text`, or the column named by `text`.
    Time: that of language identification for a model with subwords, less without. Memory: the model, read once a process.

    DCLM's classifier is `FastTextClassifier(model=Path("fasttext_oh_eli5.bin"), label="hq")` with the card
    `dclm_classifier`. `atom-data train-classifier` trains one of your own.
    Errors: a ConfigError for a model that is not there or does not classify, and for a label it does not have; a
    DataError for a damaged one.
    """

    model: Path
    """A supervised fastText model, `.bin` or `.ftz`; its bytes count in a stage's identity."""

    label: str
    """The label that is scored, with or without `__label__`."""

    column: str = "quality_score"

    text: str = "text"

    max_bytes: int | None = None
    """Look only at the first bytes of a text, if it is longer: a classifier trained on the beginning of pages wants that."""

    def __post_init__(self) -> None:
        """Refuse a model that is not a Path, whose bytes would not count, and a limit that leaves nothing."""
        if not isinstance(self.model, Path):
            raise ConfigError(
                f"FastTextClassifier: model is {self.model!r}, not a Path. Give Path({str(self.model)!r})."
            )
        if self.max_bytes is not None and self.max_bytes < 1:
            raise ConfigError(
                f"FastTextClassifier: max_bytes is {self.max_bytes}. Give a number of bytes above 0, or None."
            )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score every text of the batch."""
        texts = column(batch, self.text)
        model = load_model(self.model)
        label = self._number(model)
        if self.max_bytes is not None:
            texts = pc.binary_slice(texts.cast(pa.large_binary()), 0, self.max_bytes)
        buffers = string_buffers(texts)
        blank = letter_counts(buffers).sum(axis=1) == 0
        return with_columns(batch, **{self.column: pa.array(score_label(model, buffers, label), mask=blank)})

    def _number(self, model: Model) -> int:
        name = self.label.removeprefix(_PREFIX)
        if name not in model.labels:
            there = ", ".join(model.labels[:20]) + (", ..." if len(model.labels) > 20 else "")
            raise ConfigError(
                f"FastTextClassifier: no label '{name}' in {self.model}; labels there: {there}. Name one of them."
            )
        return model.labels.index(name)
