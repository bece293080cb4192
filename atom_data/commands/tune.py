"""`tune`: what cards would keep with other bounds, from the signals that are stored."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from atom_data.commands.screen import Run, RunOutput, console, load, run_of
from atom_data.errors import ConfigError
from atom_data.runner.recipe import recipe_parameters
from atom_data.storage.made import refuse_file
from atom_data.storage.sizes import GRAMMAR
from atom_data.terminal.called import command_line
from atom_data.tune.bounds import cards_of, read_setting, read_sweep, rules_of
from atom_data.tune.card import write_card
from atom_data.tune.page import write_page
from atom_data.tune.report import Question, as_json, ask
from atom_data.tune.stored import MEMORY, open_stored
from atom_data.tune.tables import commands, print_report
from atom_data.workspace import Workspace

Names = list[str] | None


def tune(
    run: Run,
    output: RunOutput = None,
    stage: Annotated[
        str, typer.Option(help="The stage whose stored columns answer; best one before any card.")
    ] = "measured",
    card: Annotated[
        Names,
        typer.Option(help="A card, by name or path; may be given again. Without: the recipe's from this stage on."),
    ] = None,
    settings: Annotated[
        Names,
        typer.Option(
            "--set",
            metavar="RULE.KEY=VALUE",
            help="Another bound, beside the present one; =off for none. Or NAME=VALUE: a parameter of the recipe.",
        ),
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
    memory: Annotated[
        str, typer.Option(help=f"Memory for the query; what needs more goes to disk. {GRAMMAR}.")
    ] = MEMORY,
) -> None:
    """See what cards would keep with other bounds, without measuring again.

    A stage that runs signals and applies no card stores what every later decision needs: score once, decide late.
    A RULE is `card.reason`, or a reason or a column where that is clear; a KEY is one of min, max, above, below, one_of,
    none_of. A column that no rule bounds can be set or swept too. Examples:

    `--sweep mean_word_chars.max=4:12:0.5`  `--set word_count.min=30`  `--set language.one_of=en,de`  `--by language`
    """
    recipe, output = run_of(run, output)
    parameters, bounds = _told_apart(recipe, settings or [])
    loaded = load(recipe, output, parameters)
    job = loaded.job(stage)
    cards = list(dict.fromkeys(card or cards_of(loaded, stage)))
    changes = tuple(read_setting(text) for text in bounds)
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
    screen = console()
    print_report(report, screen)
    if write is not None:
        screen.print(f'\nwritten: {write}, to use as keep("{write}"): {"; ".join(said)}', soft_wrap=True, markup=False)
    given = "".join(f" --card {name}" for name in card or ())
    for line in commands(report, f"{command_line('tune', recipe, '-o', output, '--stage', stage)}{given}"):
        screen.print(line, soft_wrap=True, markup=False)


def _told_apart(recipe: str, settings: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return of `--set` the parameters of the recipe, and the bounds."""
    names = {parameter.name for parameter in recipe_parameters(recipe)} if settings else set()
    given = [text for text in settings if text.partition("=")[0].strip() in names]
    return given, [text for text in settings if text not in given]
