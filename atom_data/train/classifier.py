"""A fastText classifier trained from labeled documents (Joulin et al. 2017, Bag of Tricks for Efficient Text Classification)."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.errors import ConfigError, DataError
from atom_data.graph import Source
from atom_data.text.buffers import string_buffers
from atom_data.text.fasttext.model import read_model, score_label
from atom_data.train.labeled import Labeled, lines_of, write_lines
from atom_data.train.report import Report, area_under_curve, best_threshold, thresholds

_BATCH = 1_000
_FLORET_ONLY = slice(52, 60)
"""Two numbers in the head of floret's files, its mode and how many hashes: fastText's own files do not have them."""
_PLAIN = (1).to_bytes(4, "little") * 2
"""What they are where floret trains as fastText does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How to train; the defaults are fastText's own, but for the runs of two words that DCLM has (Li et al. 2024)."""

    seed: int = 0
    held_out: float = 0.1
    """The share of documents to test on, drawn by their ids."""
    max_bytes: int | None = None
    """Use only the first bytes of a text."""
    dimension: int = 100
    word_ngrams: int = 2
    shortest_subword: int = 0
    longest_subword: int = 0
    """Characters; 0 leaves subwords out."""
    buckets: int = 2_000_000
    min_count: int = 1
    epochs: int = 5
    learning_rate: float = 0.1
    quantize: bool = False
    """Write the small form, `.ftz`: 8 bits for two numbers, and the 100,000 most important words and n-grams."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if not 0 < self.held_out < 1:
            raise ConfigError(f"held_out is {self.held_out}; it is a share of the documents. Give one between 0 and 1.")
        for name in ("dimension", "word_ngrams", "buckets", "min_count", "epochs"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}. Give 1 or more.")
        if self.longest_subword < self.shortest_subword:
            raise ConfigError(
                f"longest_subword is {self.longest_subword}, shortest_subword {self.shortest_subword}. Give both, or neither."
            )


def train_classifier(
    sets: Sequence[tuple[str, Sequence[Source]]], path: Path, options: Options | None = None
) -> Report:
    """Train a model on labeled documents, write it to `path`, and report how good it is on those held out.

    `sets` are labels and their documents; the report is on the first label. Same documents and options, same bytes: one
    thread, a seed, and an order that depends on the ids alone. The lines go through a file beside `path` that is removed;
    memory is 33 bytes per document and the model: (words + buckets) * dimension * 4 bytes, twice.
    Errors: a ConfigError without the package floret, for a path that does not end as the file will, or for one that
    cannot be written; a DataError for a label without documents, in the part trained on or the part held out.
    """
    options = options or Options()
    ending = ".ftz" if options.quantize else ".bin"
    if path.suffix != ending:
        raise ConfigError(f"{path}: the model is a {ending} file. Give a path that ends so.")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}. Make it first.")
    floret = _floret()
    with tempfile.TemporaryDirectory(prefix=".train-", dir=path.parent) as folder:
        lines = Path(folder) / "lines.txt"
        labeled = write_lines(sets, lines, options.seed, options.max_bytes)
        order = np.argsort(labeled.units, kind="stable")
        held_out = labeled.units[order] < options.held_out
        trained, tested = order[~held_out], order[held_out]
        _check_parts(labeled, trained, tested)
        made = _trained(floret, lines, labeled, trained, options)
        part = Path(folder) / path.name
        part.write_bytes(made)
        scores = _scores(part, lines, labeled, tested)
        part.replace(path)
    positive = labeled.numbers[tested] == 0
    return Report(
        label=labeled.labels[0],
        documents=_counts(labeled, trained),
        held_out=_counts(labeled, tested),
        left_out=labeled.left_out,
        parameters=asdict(options),
        area_under_curve=area_under_curve(scores, positive),
        thresholds=thresholds(scores, positive),
        best=best_threshold(scores, positive),
    )


def _check_parts(labeled: Labeled, trained: npt.NDArray[np.int64], tested: npt.NDArray[np.int64]) -> None:
    for name, rows in (("to train on", trained), ("held out", tested)):
        counts = _counts(labeled, rows)
        for label, count in counts.items():
            if not count:
                raise DataError(
                    f"label '{label}': no document of it is {name}. Give more documents, or another held_out."
                )


def _counts(labeled: Labeled, rows: npt.NDArray[np.int64]) -> dict[str, int]:
    return {label: int((labeled.numbers[rows] == number).sum()) for number, label in enumerate(labeled.labels)}


def _trained(floret: Any, lines: Path, labeled: Labeled, rows: npt.NDArray[np.int64], options: Options) -> bytes:  # noqa: ANN401
    """Return the bytes of a fastText model file."""
    shuffled, made = lines.with_name("train.txt"), lines.with_name("model.floret")
    names = [f"__label__{label} ".encode() for label in labeled.labels]
    with shuffled.open("wb") as output:
        for row, line in zip(rows.tolist(), lines_of(lines, labeled, rows), strict=True):
            output.write(names[labeled.numbers[row]] + line + b"\n")
    model = floret.train_supervised(
        str(shuffled),
        lr=options.learning_rate,
        dim=options.dimension,
        epoch=options.epochs,
        minCount=options.min_count,
        minn=options.shortest_subword,
        maxn=options.longest_subword,
        wordNgrams=options.word_ngrams,
        bucket=options.buckets,
        loss="softmax",
        thread=1,
        seed=options.seed,
        verbose=0,
    )
    if options.quantize:
        model.quantize(str(shuffled), cutoff=100_000, thread=1, verbose=0)
    model.save_model(str(made))
    data = made.read_bytes()
    if data[_FLORET_ONLY] != _PLAIN:
        raise DataError(
            "floret: a model file of another form than release 0.10.5 writes. Run `pip install floret==0.10.5`."
        )
    return data[: _FLORET_ONLY.start] + data[_FLORET_ONLY.stop :]


def _scores(path: Path, lines: Path, labeled: Labeled, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the score of the first label for documents, with the kernels that will score the corpus."""
    model = read_model(path)
    label = model.labels.index(labeled.labels[0])
    parts = [score_label(model, string_buffers(batch), label) for batch in _texts(lines, labeled, rows)]
    return np.concatenate(parts)


def _texts(lines: Path, labeled: Labeled, rows: npt.NDArray[np.int64]) -> Iterator[pa.Array]:
    for start in range(0, rows.size, _BATCH):
        yield pa.array(list(lines_of(lines, labeled, rows[start : start + _BATCH])), pa.large_binary())


def _floret() -> Any:  # noqa: ANN401
    try:
        import floret  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "train-classifier: the package floret, which trains fastText models, is not installed. "
            "Run `pip install 'atom-data[train]'`."
        ) from error
    return floret
