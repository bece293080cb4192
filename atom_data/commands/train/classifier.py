"""`train-classifier`: a quality model of your own, and how good it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from atom_data.commands.screen import console
from atom_data.errors import ConfigError
from atom_data.readers.open import source_for
from atom_data.storage.made import refuse_file
from atom_data.terminal.table import Column, print_table
from atom_data.train.beside import report_path, write_report
from atom_data.train.classifier import Options, train_classifier
from atom_data.train.report import Report, Threshold

Value = TypeVar("Value", int, str)


def train(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Output file: .bin, or .ftz with --quantize.")],
    good: Annotated[
        list[str], typer.Option(help="Documents of the first label: a file, folder or glob; may be repeated.")
    ],
    bad: Annotated[list[str], typer.Option(help="Documents of the second label, in the same way.")],
    labels: Annotated[str, typer.Option(help="The names of the two labels.")] = "hq,lq",
    text: Annotated[str, typer.Option(help="The field or column with the text, in JSON lines and Parquet.")] = "text",
    held_out: Annotated[float, typer.Option(help="The share of documents to test on, drawn by their ids.")] = 0.1,
    max_bytes: Annotated[int | None, typer.Option(min=1, help="Use only the first bytes of a text.")] = None,
    word_ngrams: Annotated[int, typer.Option(min=1, help="Maximum length of word n-grams.")] = 2,
    subwords: Annotated[str, typer.Option(help="Minimum and maximum length of character n-grams; 0,0: none.")] = "0,0",
    dimension: Annotated[int, typer.Option(min=1, help="Dimension of the vectors.")] = 100,
    buckets: Annotated[int, typer.Option(min=1, help="Number of hash buckets for n-grams.")] = 2_000_000,
    min_count: Annotated[int, typer.Option(min=1, help="Minimum count of a word.")] = 1,
    epochs: Annotated[int, typer.Option(min=1, help="Number of epochs.")] = 5,
    learning_rate: Annotated[float, typer.Option(min=0, help="Initial learning rate.")] = 0.1,
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed, for the held-out documents and the initial weights.")
    ] = 0,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Quantize the model, to about a fiftieth of its size.")
    ] = False,
) -> None:
    """Train a fastText classifier from two labeled sets, and report precision and recall on a held-out part.

    Same documents and options, same bytes. MODEL.report.json keeps the report. Needs `pip install 'atom-data[train]'`.
    """
    for file in (model, report_path(model)):
        refuse_file(file, "MODEL")
    shortest, longest = _two(subwords, "subwords", int)
    names = _two(labels, "labels", str)
    options = Options(
        seed=seed, held_out=held_out, max_bytes=max_bytes, dimension=dimension, word_ngrams=word_ngrams,
        shortest_subword=shortest, longest_subword=longest, buckets=buckets, min_count=min_count, epochs=epochs,
        learning_rate=learning_rate, quantize=quantize,
    )  # fmt: skip
    sets = [
        (name, [source_for("train-classifier", path, source="labeled", text=text) for path in paths])
        for name, paths in zip(names, (good, bad), strict=True)
    ]
    report = train_classifier(sets, model, options)
    _show(report, model, write_report(report.as_json(), model), max_bytes)


def _two(given: str, option: str, kind: Callable[[str], Value]) -> tuple[Value, Value]:
    parts = [part.strip() for part in given.split(",")]
    try:
        first, second = (kind(part) for part in parts)
    except ValueError as error:
        raise ConfigError(f"--{option}: '{given}' is not a pair. Give two with a comma between them.") from error
    if kind is str and (first == second or not all(part.isidentifier() for part in parts)):
        raise ConfigError(
            f"--{option}: '{given}'; a label is letters, digits and underscores. Give two different ones."
        )
    return first, second


def _show(report: Report, model: Path, written: Path, max_bytes: int | None) -> None:
    screen = console()
    for title, counts in (
        ("trained on", report.documents),
        ("held out", report.held_out),
        ("left out", report.left_out),
    ):
        screen.print(f"[bold]{title}[/bold]  " + ", ".join(f"{name} {count:,}" for name, count in counts.items()))
    screen.prose(f"score of '{report.label}' on documents held out")
    titles = [Column(title) for title in ("min", "kept", "precision", "recall")]
    print_table(screen, titles, [list(_cells(threshold)) for threshold in (*report.thresholds, report.best)])
    screen.prose(f"The last line has the highest F1. Area under the curve: {report.area_under_curve:.4f}")
    limit = "" if max_bytes is None else f", max_bytes={max_bytes}"
    screen.prose("\nIn a recipe, with a card that bounds quality_score:")
    screen.print(
        f'  FastTextClassifier(model=Path("{model}"), label="{report.label}"{limit})', soft_wrap=True, markup=False
    )
    screen.print(f"\nwritten: {model}, {written}", soft_wrap=True, markup=False)


def _cells(threshold: Threshold) -> tuple[str, ...]:
    precision = "" if threshold.precision is None else f"{threshold.precision:.3f}"
    return f"{threshold.score:g}", f"{threshold.kept:.1%}", precision, f"{threshold.recall:.3f}"
