"""`train-extractor`: models for main text of your own, and how good they are."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from atom_data.commands.screen import console
from atom_data.errors import ConfigError
from atom_data.storage.made import refuse_file
from atom_data.train.beside import report_path, write_report
from atom_data.train.extraction import Options, Part, Report, train_extractor

Licenses = Annotated[
    list[str] | None,
    typer.Option(
        "--license",
        help="The license of a set's labels, in the order of the sets: it is kept in the model. `unknown` without.",
    ),
]


def train(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Where to write it: an .npz file.")],
    sets: Annotated[
        list[Path],
        typer.Argument(
            metavar="SET...",
            help="Pages with their text: NAME.warc.gz with NAME.truth.jsonl.gz beside it, or a folder or .tar file with html/ "
            "and ground-truth/ or truth.jsonl.",
        ),
    ],
    licenses: Licenses = None,
    validate: Annotated[
        bool,
        typer.Option("--validate/--no-validate", help="Train models on a part of the sites to score the others."),
    ] = True,
    blind: Annotated[
        float,
        typer.Option(
            help="The share of pages trained on without address, structured data, and the words of text and classes."
        ),
    ] = Options().blind,
    folds: Annotated[
        int, typer.Option(min=2, help="Into so many parts the sites are put for --validate.")
    ] = Options().folds,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes other folds and other trees.")] = 0,
) -> None:
    """Train the models that tell main text from the rest of a page, and report F1 by kind of page on sites held out.

    Same sets and options, same bytes. MODEL.report.json keeps the report. Needs `pip install 'atom-data[train]'`.
    """
    refuse_file(model, "MODEL")
    refuse_file(report_path(model), "MODEL")
    licenses = licenses or []
    if len(licenses) > len(sets):
        raise ConfigError(f"--license is given {len(licenses)} times; there are {len(sets)} sets. Give one a set.")
    pairs = [(path, licenses[index] if index < len(licenses) else "unknown") for index, path in enumerate(sets)]
    screen = console()
    report = train_extractor(
        pairs,
        model,
        Options(seed=seed, folds=folds, blind=blind),
        validate=validate,
        say=lambda line: screen.print(line, soft_wrap=True, markup=False, highlight=False),
    )
    _show(report, model, write_report(report.as_json(), model))


def _show(report: Report, model: Path, written: Path) -> None:
    screen = console()
    if report.all is not None:
        table = Table(
            "pages of", "pages", "F1", "precision", "recall", title="words of pages on sites held out, mean per page"
        )
        for groups in (report.kinds, report.languages, report.by_set):
            if len(groups) > 1:
                for name, part in groups.items():
                    table.add_row(*_cells(name, part))
                table.add_section()
        table.add_row(*_cells("all", report.all))
        screen.print(table)
    screen.print(f"written: {model} ({model.stat().st_size:,} bytes), {written}", soft_wrap=True, markup=False)


def _cells(name: str, part: Part) -> tuple[str, ...]:
    return name, f"{part.pages:,}", f"{part.f1:.3f}", f"{part.precision:.3f}", f"{part.recall:.3f}"
