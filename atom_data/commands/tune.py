"""`tune`: what cards would keep with other bounds, from the signals that are stored."""

import json
from pathlib import Path
from typing import Annotated

import typer

from atom_data.commands.screen import AsJson, Run, RunOutput, console, run_of
from atom_data.errors import ConfigError
from atom_data.runner.recipe import load_recipe
from atom_data.storage.made import refuse_file
from atom_data.storage.sizes import GRAMMAR
from atom_data.terminal.called import command_line
from atom_data.tune.bounds import cards_of, read_setting, read_sweep, rules_of
from atom_data.tune.card import write_card
from atom_data.tune.page import write_page
from atom_data.tune.report import Question, Report, as_json, ask
from atom_data.tune.stored import MEMORY, open_stored
from atom_data.tune.tables import commands, print_report
from atom_data.workspace import Workspace

Names = list[str] | None
Measured = Annotated[str, typer.Option(help="The stage whose stored columns are read; best one before any card.")]
Cards = Annotated[
    Names,
    typer.Option(help="A card, by name or path; may be repeated. Default: those of the recipe from this stage on."),
]
Settings = Annotated[
    Names, typer.Option("--set", metavar="RULE.KEY=VALUE", help="Compare with another bound; =off removes the bound.")
]
Sweeps = Annotated[
    Names,
    typer.Option(
        metavar="RULE.KEY[=FROM:TO:STEP]", help="Show what is kept as one bound moves; thresholds are optional."
    ),
]
Column = Annotated[str | None, typer.Option(metavar="COLUMN", help="Also by the values of a column: language, domain.")]
Top = Annotated[int, typer.Option(min=1, max=1000, help="How many values of --by to show, the largest first.")]
Texts = Annotated[int, typer.Option(min=0, max=100, help="Number of texts to show on each side of a bound.")]
Page = Annotated[str | None, typer.Option("--html", metavar="FILE", help="Also write an HTML page with curves.")]
Written = Annotated[
    str | None, typer.Option(metavar="FILE.toml", help="Write the card with the bounds of --set to a new file.")
]
QueryMemory = Annotated[str, typer.Option(help=f"Memory for the query; what needs more goes to disk. {GRAMMAR}.")]


def tune(
    run: Run,
    output: RunOutput = None,
    stage: Measured = "measured",
    card: Cards = None,
    settings: Settings = None,
    sweep: Sweeps = None,
    by: Column = None,
    top: Top = 10,
    sample: Texts = 0,
    as_text: AsJson = False,
    page: Page = None,
    write: Written = None,
    memory: QueryMemory = MEMORY,
) -> None:
    """Show what cards would keep with other bounds, without measuring again.

    It reads the signals that a stage without cards has stored. A RULE is `card.reason`, or a reason or a column where that
    is clear; a KEY is one of min, max, above, below, one_of, none_of. A column without a rule can be set or swept, too.

    `--sweep mean_word_chars.max=4:12:0.5`  `--set word_count.min=30`  `--set language.one_of=en,de`  `--by language`
    """
    recipe, output = run_of(run, output)
    loaded = load_recipe(recipe)
    job = loaded.job(stage)
    cards = list(dict.fromkeys(card or cards_of(loaded, stage)))
    changes = tuple(read_setting(text) for text in settings or ())
    question = Question(
        rules=tuple(rules_of(cards)), settings=changes, sweeps=tuple(read_sweep(text) for text in sweep or ()),
        by=by, top=top, sample=sample,
    )  # fmt: skip
    if page is not None and not Path(page).parent.is_dir():
        raise ConfigError(f"--html: there is no folder {Path(page).parent}. Make it, or give another name.")
    for name, option in ((page, "--html"), (write, "--write")):
        if name is not None:
            refuse_file(Path(name), option)
    if write is not None and len(cards) != 1:
        raise ConfigError(f"--write: it writes one card, and there are {len(cards)}. Name one with --card.")
    with open_stored(loaded, job, Workspace(output), memory) as stored, console(stderr=True).status("reading columns"):
        report = ask(stored, question)
        said = write_card(write, cards[0], changes, stored) if write is not None else []
    if page is not None:
        Path(page).write_text(write_page(report, f"{stage} of {Path(recipe).name}"), "utf-8")
    if as_text:
        typer.echo(json.dumps(as_json(report), indent=1, ensure_ascii=False))
        return
    _show(report, command_line("tune", recipe, "-o", output, "--stage", stage), card, (write, said))


def _show(report: Report, command: str, card: Names, written: tuple[str | None, list[str]]) -> None:
    """Print the tables, where the new card is, and the commands to go on with."""
    screen, (path, said) = console(), written
    print_report(report, screen)
    if path is not None:
        screen.print(f'\nwritten: {path}, to use as keep("{path}"): {"; ".join(said)}', soft_wrap=True, markup=False)
    given = "".join(f" --card {name}" for name in card or ())
    for line in commands(report, f"{command}{given}"):
        screen.print(line, soft_wrap=True, markup=False)
