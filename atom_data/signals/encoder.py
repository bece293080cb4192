"""Quality as a transformer encoder sees it (Penedo et al. 2024, FineWeb-Edu, section 4), from an ONNX file."""

import glob
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError, DataError
from atom_data.text.buffers import string_buffers
from atom_data.text.statistics.letters import letter_counts

ACTIVATIONS = ("none", "sigmoid", "softmax")
CHARACTERS = 32
"""Bytes of text per token that is used: only this much is tokenized, so that a text of 100 MB costs no more than others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnnxClassifier:
    """Add one number (float32) that an encoder gives a text, in a column named by `column`.

    The number is `output` of the model's first result, a matrix of texts times numbers: of FineWeb-Edu's regression the
    only one, of a classifier the logit of a label, or its share with `activation`. Read are the first `max_tokens` tokens
    of a text, of its first 32 * `max_tokens` characters; the rest says nothing. A null, empty or blank text has a null,
    which no rule accepts. Reads `text`, or the column named by `text`.

    Texts of about the same length go together, at most `batch_tokens` tokens with their padding. The same batch of rows
    has the same numbers on the same kind of processor, for one thread as for many workers; a text among others may
    differ from the text alone in the sixth digit, because of the padding.

    Speed is that of the model: some ten to a hundred documents per second and core for the small ones. Put cheaper rules
    first. Memory: the model, and a batch of `batch_tokens` through it.

    Needs `pip install 'atom-data[onnx]'`. Errors: a ConfigError without that package, for a file that is not there or no
    model, for inputs other than `input_ids`, `attention_mask` and `token_type_ids`, for a result of another shape.
    """

    model: Path
    """An ONNX file, as `optimum-cli export onnx` makes it. Its bytes count in a stage's identity, and those of files of
    weights beside it, which have its name and more (`model.onnx_data`)."""

    tokenizer: Path
    """The `tokenizer.json` that belongs to it."""

    column: str = "encoder_score"

    text: str = "text"

    output: int = 0

    activation: str = "none"
    """`none`, `sigmoid` of the number, or its `softmax` among the numbers of its row."""

    max_tokens: int = 512

    batch_tokens: int = 16_384

    weights: tuple[Path, ...] = field(init=False, default=(), repr=False)
    """The files of weights beside the model."""

    def __post_init__(self) -> None:
        """Refuse files that are not Paths, whose bytes would not count, and numbers that mean nothing."""
        for name, path in (("model", self.model), ("tokenizer", self.tokenizer)):
            if not isinstance(path, Path):
                raise ConfigError(f"OnnxClassifier: {name} is {path!r}, not a Path. Give Path({str(path)!r}).")
        beside = sorted(self.model.parent.glob(f"{glob.escape(self.model.name)}?*"))
        object.__setattr__(self, "weights", tuple(path for path in beside if path.is_file()))
        if self.activation not in ACTIVATIONS:
            raise ConfigError(
                f"OnnxClassifier: activation is '{self.activation}'; there are {', '.join(ACTIVATIONS)}. Take one."
            )
        if not 0 < self.max_tokens <= self.batch_tokens:
            raise ConfigError(
                f"OnnxClassifier: max_tokens is {self.max_tokens}, batch_tokens {self.batch_tokens}. "
                "Give 1 or more, and a batch that holds a text."
            )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score every text of the batch."""
        texts = column(batch, self.text)
        encoder = _encoder(self.model, self.tokenizer, self.max_tokens)
        data, offsets = buffers = string_buffers(texts)
        blank = letter_counts(buffers).sum(axis=1) == 0
        rows = np.flatnonzero(~blank)
        limit = CHARACTERS * self.max_tokens
        heads = [_head(data[offsets[row] : offsets[row + 1]], limit) for row in rows.tolist()]
        tokens = [one.ids for one in encoder.tokenizer.encode_batch(heads)]
        order = sorted(range(len(tokens)), key=lambda place: (len(tokens[place]), place))
        scores = np.zeros(batch.num_rows, np.float32)
        for part in _parts(order, tokens, self.batch_tokens):
            scores[rows[part]] = self._scores(encoder, [tokens[place] for place in part])
        return with_columns(batch, **{self.column: pa.array(scores, mask=blank)})

    def _scores(self, encoder: "_Encoder", tokens: list[list[int]]) -> npt.NDArray[np.float32]:
        width = max(1, *map(len, tokens))
        ids = np.full((len(tokens), width), encoder.padding, np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)], mask[row, : len(one)] = one, 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        found = np.asarray(encoder.session.run(None, {name: given[name] for name in encoder.inputs})[0], np.float32)
        if found.shape == (len(tokens),):
            found = found[:, None]
        if found.ndim != 2 or len(found) != len(tokens) or self.output >= found.shape[1]:
            raise ConfigError(
                f"OnnxClassifier: {self.model} gives {list(found.shape)} numbers for {len(tokens)} texts, and output is "
                f"{self.output}. Give a model with a row for each text, and the number of a column."
            )
        if self.activation == "softmax":
            found = np.exp(found - found.max(axis=1, keepdims=True))
            found /= found.sum(axis=1, keepdims=True)
        scores: npt.NDArray[np.float32] = found[:, self.output]
        return (1 / (1 + np.exp(-scores))).astype(np.float32) if self.activation == "sigmoid" else scores


class _Encoder(NamedTuple):
    session: Any
    tokenizer: Any
    inputs: tuple[str, ...]
    padding: int


@cache
def _encoder(model: Path, tokenizer: Path, max_tokens: int) -> _Encoder:
    try:
        import onnxruntime  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "OnnxClassifier: the package onnxruntime is not installed. Run `pip install 'atom-data[onnx]'`."
        ) from error
    from tokenizers import Tokenizer  # noqa: PLC0415

    for path in (model, tokenizer):
        if not path.is_file():
            raise ConfigError(
                f"OnnxClassifier: no file {path}. Give the paths of an ONNX file and of its tokenizer.json."
            )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has an exception for each kind of fault, without a class they share
        raise DataError(
            f"OnnxClassifier: {model} is not an ONNX model ({_first_line(error)}). Export it again."
        ) from error
    try:
        cut = Tokenizer.from_file(str(tokenizer))
    except Exception as error:  # tokenizers raises a plain Exception
        raise DataError(
            f"OnnxClassifier: {tokenizer} is not a tokenizer ({_first_line(error)}). Download it again."
        ) from error
    inputs = tuple(one.name for one in session.get_inputs())
    unknown = set(inputs) - {"input_ids", "attention_mask", "token_type_ids"}
    if unknown:
        raise ConfigError(
            f"OnnxClassifier: {model} wants {', '.join(sorted(unknown))}; there are input_ids, attention_mask and "
            "token_type_ids. Export a model for the classification of text."
        )
    padding = cut.padding["pad_id"] if cut.padding else 0
    cut.no_padding()
    cut.enable_truncation(max_tokens)
    return _Encoder(session, cut, inputs, padding)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _head(text: npt.NDArray[np.uint8], characters: int) -> str:
    """Return the beginning of a text, without decoding more of it than that takes; broken UTF-8 becomes U+FFFD."""
    return text[: 4 * characters].tobytes().decode("utf-8", "replace")[:characters]


def _parts(order: list[int], tokens: list[list[int]], most: int) -> list[list[int]]:
    """Return runs of `order`, whose longest text times their number is at most `most`; lengths grow along `order`."""
    parts: list[list[int]] = []
    for place in order:
        if not parts or (len(parts[-1]) + 1) * max(len(tokens[place]), 1) > most:
            parts.append([])
        parts[-1].append(place)
    return parts
