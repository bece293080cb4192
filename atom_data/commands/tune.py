"""`tune`: what cards would keep with other bounds, from the signals that are stored."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from atom_data.commands.screen import AsJson, Run, RunOutput, console, load, run_of
from atom_data.errors import ConfigError
from atom_data.runner.compiling import compile_kernels
from atom_data.runner.needs import needs
from atom_data.runner.recipe import Recipe, recipe_parameters
from atom_data.storage.made import refuse_file
from atom_data.storage.sizes import GRAMMAR
from atom_data.terminal.called import command_line
from atom_data.terminal.display import Display
from atom_data.terminal.table import plural, width_of
from atom_data.tune.again import DOCUMENTS, measured_again
from atom_data.tune.bounds import read_setting, read_sweep, rules_of
from atom_data.tune.card import write_card
from atom_data.tune.choose import Choice, choose
from atom_data.tune.page import write_page
from atom_data.tune.report import Question, Report, as_json, ask
from atom_data.tune.stored import MEMORY, Stored, open_stored
from atom_data.tune.tables import commands, print_report
from atom_data.workspace import Workspace

Names = list[str] | None
Answering = Annotated[
    str | None, typer.Option(help="The stage that answers; without it, the one that can judge most rules.")
]
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
Again = Annotated[
    int,
    typer.Option(min=1, metavar="N", help="How many documents are measured again where the run has not stored them."),
]
QueryMemory = Annotated[str, typer.Option(help=f"Memory for the query; what needs more goes to disk. {GRAMMAR}.")]


def tune(
    run: Run,
    output: RunOutput = None,
    stage: Answering = None,
    card: Cards = None,
    settings: Settings = None,
    sweep: Sweeps = None,
    by: Column = None,
    top: Top = 10,
    sample: Texts = 0,
    as_text: AsJson = False,
    page: Page = None,
    write: Written = None,
    measure: Again = DOCUMENTS,
    memory: QueryMemory = MEMORY,
) -> None:
    """See what cards would keep with other bounds.

    A stage that runs signals and applies no card stores what every later decision needs, and nothing is measured again: score
    once, decide late. Of a stage that has cards of its own, a sample of its documents is measured again.
    A RULE is `card.reason`, or a reason or a column where that is clear; a KEY is one of min, max, above, below, one_of,
    none_of. A column that no rule bounds can be set or swept too. Examples:

    `--sweep mean_word_chars.max=4:12:0.5`  `--set word_count.min=30`  `--set language.one_of=en,de`  `--by language`
    """
    recipe, output = run_of(run, output)
    parameters, bounds = _told_apart(recipe, settings or [])
    there = Workspace(output)
    loaded = load(recipe, there, parameters)
    chosen = choose(loaded, stage, card or ())
    cards = chosen.cards
    changes = tuple(read_setting(text) for text in bounds)
    question = Question(
        rules=tuple(rules_of(cards)), settings=changes, sweeps=tuple(read_sweep(text) for text in sweep or ()),
        by=by, top=top, sample=sample,
    )  # fmt: skip
    _require_files(page, write, len(cards))
    with _opened(loaded, chosen, there, memory, measure) as stored:
        report = ask(stored, question)
        said = write_card(write, cards[0], changes, stored) if write is not None else []
    if page is not None:
        Path(page).write_text(write_page(report, f"{report.stage} of {Path(recipe).name}"), "utf-8")
    if as_text:
        typer.echo(json.dumps(as_json(report), indent=1, ensure_ascii=False))
        return
    asked = f" --stage {stage}" if stage else ""
    _show(report, f"{command_line('tune', *_named(run, recipe, output))}{asked}", card, (write, said))


def _require_files(page: str | None, write: str | None, cards: int) -> None:
    """ConfigError where a file that is to be written could not be."""
    if page is not None and not Path(page).parent.is_dir():
        raise ConfigError(f"--html: there is no folder {Path(page).parent}. Make it, or give another name.")
    for name, option in ((page, "--html"), (write, "--write")):
        if name is not None:
            refuse_file(Path(name), option)
    if write is not None and cards != 1:
        raise ConfigError(f"--write: it writes one card, and there are {cards}. Name one with --card.")


def _show(report: Report, command: str, card: Names, written: tuple[str | None, list[str]]) -> None:
    """Print the tables, where the new card is, and the commands to go on with."""
    screen, (path, said) = console(), written
    print_report(report, screen)
    if path is not None:
        screen.prose(f'\nwritten: {path}, to use as keep("{path}"): {"; ".join(said)}', markup=False)
    given = "".join(f" --card {name}" for name in card or ())
    for line in commands(report, f"{command}{given}", width_of(screen)):
        screen.print(line, soft_wrap=True)


def _named(run: str, recipe: str, output: str) -> tuple[str, ...]:
    """Return how the run was named."""
    return (run,) if run == output else (recipe, "-o", output)


@contextlib.contextmanager
def _opened(recipe: Recipe, chosen: Choice, there: Workspace, memory: str, count: int) -> Iterator[Stored]:
    """Open the rows that a stage has stored; where they must be measured again, compile and measure first."""
    screen = console(stderr=True)
    if not chosen.again:
        with open_stored(recipe, chosen.stage, there, memory) as stored, screen.status("reading columns"):
            yield stored
        return
    compile_kernels(needs((chosen.stage,)).kernels, Display(screen))
    with contextlib.ExitStack() as stack:
        status = stack.enter_context(screen.status("measuring again"))

        def say(measured: int, of: int) -> None:
            status.update(f"measuring again: {min(measured, of):,} of up to {plural(of, 'document')}")

        job, folder, note = stack.enter_context(measured_again(chosen.stage, there, count, say))
        stored = stack.enter_context(open_stored(recipe, job, folder, memory, there))
        stored.notes.insert(0, note)
        yield stored


def _told_apart(recipe: str, settings: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return of `--set` the parameters of the recipe, and the bounds."""
    names = {parameter.name for parameter in recipe_parameters(recipe)} if settings else set()
    given = [text for text in settings if text.partition("=")[0].strip() in names]
    return given, [text for text in settings if text not in given]
