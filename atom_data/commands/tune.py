"""`tune`: what cards would keep with other bounds, from the signals that are stored."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from atom_data.commands.screen import Run, RunOutput, console, run_of
from atom_data.errors import ConfigError
from atom_data.runner.compiling import compile_kernels
from atom_data.runner.needs import needs
from atom_data.runner.recipe import Recipe, load_recipe
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
from atom_data.tune.report import Question, as_json, ask
from atom_data.tune.stored import MEMORY, Stored, open_stored
from atom_data.tune.tables import commands, print_report
from atom_data.workspace import Workspace

Names = list[str] | None


def tune(
    run: Run,
    output: RunOutput = None,
    stage: Annotated[
        str | None, typer.Option(help="The stage that answers; without it, the one that can judge most rules.")
    ] = None,
    card: Annotated[
        Names,
        typer.Option(help="A card, by name or path; may be given again. Without: the recipe's from the stage on."),
    ] = None,
    settings: Annotated[
        Names,
        typer.Option("--set", metavar="RULE.KEY=VALUE", help="Another bound, beside the present one; =off for none."),
    ] = None,
    sweep: Annotated[
        Names,
        typer.Option(
            metavar="RULE.KEY[=FROM:TO:STEP]", help="What is kept as one bound moves; thresholds are optional."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Also by the values of a column: language, domain.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many values of --by, the largest.")] = 10,
    sample: Annotated[
        int, typer.Option(min=0, max=100, help="Texts just inside and as many just outside of a bound.")
    ] = 0,
    as_text: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    page: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Also write it as a page with curves.")
    ] = None,
    write: Annotated[
        str | None, typer.Option(metavar="FILE.toml", help="Write the card with the bounds of --set to a new file.")
    ] = None,
    measure: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="So many documents are measured again where the run has not stored them."
        ),
    ] = DOCUMENTS,
    memory: Annotated[
        str, typer.Option(help=f"Memory for the query; what needs more goes to disk. {GRAMMAR}.")
    ] = MEMORY,
) -> None:
    """See what cards would keep with other bounds.

    A stage that runs signals and applies no card stores what every later decision needs, and nothing is measured again: score
    once, decide late. Of a stage that has cards of its own, a sample of its documents is measured again.
    A RULE is `card.reason`, or a reason or a column where that is clear; a KEY is one of min, max, above, below, one_of,
    none_of. A column that no rule bounds can be set or swept too. Examples:

    `--sweep mean_word_chars.max=4:12:0.5`  `--set word_count.min=30`  `--set language.one_of=en,de`  `--by language`
    """
    recipe, output = run_of(run, output)
    loaded, there = load_recipe(recipe), Workspace(output)
    chosen = choose(loaded, stage, card or ())
    cards = chosen.cards
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
    with _opened(loaded, chosen, there, memory, measure) as stored:
        report = ask(stored, question)
        said = write_card(write, cards[0], changes, stored) if write is not None else []
    if page is not None:
        Path(page).write_text(write_page(report, f"{report.stage} of {Path(recipe).name}"), "utf-8")
    if as_text:
        typer.echo(json.dumps(as_json(report), indent=1, ensure_ascii=False))
        return
    screen = console()
    print_report(report, screen)
    if write is not None:
        screen.prose(f'\nwritten: {write}, to use as keep("{write}"): {"; ".join(said)}', markup=False)
    given = "".join(f" --card {one}" for one in card or ())
    asked = f" --stage {stage}" if stage else ""
    for line in commands(
        report, f"{command_line('tune', *_named(run, recipe, output))}{asked}{given}", width_of(screen)
    ):
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
