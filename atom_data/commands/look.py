"""`peek`, `verify`: what a run has made."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from atom_data.audit.difference import Difference
from atom_data.audit.faults import advice
from atom_data.audit.repair import repair
from atom_data.audit.root import Tree
from atom_data.audit.verify import Verdict, verify as verify_folder
from atom_data.commands.options import GoneFile, TakeOver, TokenizerFile, Workers
from atom_data.commands.screen import (
    AsJson,
    OutFolder,
    Run,
    RunOutput,
    Set,
    console,
    load,
    printable,
    recipe_of,
    run_of,
)
from atom_data.errors import ConfigError, DataError, Incomplete
from atom_data.runner.claims.hold import claimed
from atom_data.status.stale import said_left_over
from atom_data.terminal.called import command_line
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import plural
from atom_data.workspace import Workspace

CHANGES, SHOWN = 5, 120
"""Differences of a copy to show, and characters of each."""


def peek(
    run: Run,
    output: RunOutput = None,
    given: Set = None,
    stage: Annotated[
        str | None,
        typer.Option(
            help="The stage to look into; by default the first one with that reason, and without a reason 'clean'."
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(help="Documents dropped for this reason: card.rule, a card, a rule, or a reason of dead letters."),
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 3,
    characters: Annotated[int, typer.Option(min=0, help="Characters to show of each text.")] = 400,
) -> None:
    """Show documents: those a stage kept, or those it dropped for one reason, with the bound that each missed.

    They are sampled by a hash of their ids. For a copy it names the kept document and the words that differ; records that could
    not be read are shown by their reason (`--reason jsonl.bad_json`).
    """
    from atom_data.audit import peek as peeking  # noqa: PLC0415 - readers, which verify does without

    screen = console()
    path, output = run_of(run, output)
    workspace = Workspace(output)
    recipe = load(path, workspace, given)
    stage = stage or (peeking.stage_with(reason, recipe.jobs, workspace) if reason else None) or "clean"
    for sight in peeking.peek(recipe.job(stage), workspace, reason, count):
        screen.prose(f"[bold]{escape(sight.id)}[/bold]  {escape(sight.url)}")
        if sight.reason:
            screen.prose(f"  [red]{sight.reason}[/red]  {escape(printable('; '.join(sight.missed)))}")
        if sight.kept:
            screen.prose(f"  kept instead: {escape(sight.kept)}{_compared(sight.difference)}")
        _print_changes(screen, sight.difference, "    ")
        screen.prose(escape(printable(sight.text[:characters])) + "\n")


def print_difference(screen: Screen, found: Difference | None, indent: str) -> None:
    """Print where the text of a copy differs from that of the document that was kept."""
    screen.prose(f"{indent}{_compared(found).lstrip(';, ')}")
    _print_changes(screen, found, indent)


def _print_changes(screen: Screen, found: Difference | None, indent: str) -> None:
    for change in found.changes[:CHANGES] if found else ():
        before, kept, dropped, after = map(_short, change)
        differs = f"[red]- {kept}[/red] [green]+ {dropped}[/green]"
        screen.prose(f"{indent}[dim]{before}[/dim] {differs} [dim]{after}[/dim]")


def _compared(found: Difference | None) -> str:
    if found is None:
        return " (its text is in another stage)"
    if not found.changes:
        return ", with the same words"
    more = f", the first {CHANGES} of {len(found.changes):,} places:" if len(found.changes) > CHANGES else ":"
    return f"; {found.differing:,} of {found.words:,} words differ (- kept, + dropped){more}"


def _short(text: str) -> str:
    return escape(printable(text if len(text) <= SHOWN else f"{text[:SHOWN]}..."))


def verify(
    output: OutFolder,
    recipe: Annotated[
        str | None, typer.Argument(metavar="RECIPE", help="With --repair: also run the recipe.", show_default=False)
    ] = None,
    given: Set = None,
    mend: Annotated[bool, typer.Option("--repair", help="Remove what is damaged, so that it is rebuilt.")] = False,
    workers: Workers = 0,
    take_over: TakeOver = False,
    gone: GoneFile = None,
    tokenizer: TokenizerFile = None,
    as_text: AsJson = False,
) -> None:
    """Check every file against its receipt: no output and exit code 0 when all is well, else a list of faults.

    `--repair` removes the receipts of damaged shards, so that the next run rebuilds them, and names what it cannot
    repair; with a recipe it runs it, and looks again. Exit code 3: no faults except shards that were allowed to fail.

    `--gone` reads everything: tables, receipts, texts and decoded tokens. What other documents quote of removed texts is listed,
    and is not a fault.
    """
    workspace = Workspace(output)
    if gone is not None:
        _look_for(workspace, gone, tokenizer, as_text)
        return
    if recipe and not mend:
        raise ConfigError(f"{recipe}: verify needs no recipe, unless it is to repair: --repair.")
    if mend:
        _repair(workspace, recipe, take_over)
        if recipe is None:
            return
        from atom_data.commands.run import make  # noqa: PLC0415 - who only looks need not load what runs

        make(recipe, output, workers, given)
    verdict = verify_folder(workspace)
    if as_text:
        value = {name: item for name, item in asdict(replace(verdict, tree=Tree())).items() if name != "tree"}
        typer.echo(json.dumps(value, indent=1))
    elif verdict.left_over:
        console(stderr=True).prose(escape(said_left_over(workspace, verdict.left_over)))
    _say_faults(verdict, output, recipe_of(workspace))
    if verdict.left_out:
        for line in verdict.left_out:
            console(stderr=True).prose(escape(line))
        raise Incomplete(
            f"{output}: without fault, but finished without {plural(len(verdict.left_out), 'shard')} that failed. "
            "The next run tries them again."
        )


def _look_for(workspace: Workspace, gone: Path, tokenizer: Path | None, as_text: bool) -> None:
    from atom_data.commands.correct.gone import look_for  # noqa: PLC0415 - it loads tokenizers

    look_for(workspace, gone, tokenizer, as_text)


def _say_faults(verdict: Verdict, output: str, recipe: str) -> None:
    """Raise a DataError that says what to do about each kind of fault."""
    if not verdict.faults:
        return
    for fault in verdict.faults:
        console(stderr=True).prose(escape(str(fault)))
    found = f"{output}: {plural(len(verdict.faults), 'fault')} in {plural(verdict.files, 'file')}. "
    if verdict.at_work:
        who = verdict.at_work[0]
        raise DataError(f"{found}{who.what} is at work there ({who.who}): look again when it is done.")
    raise DataError(found + advice(verdict.faults, output, recipe))


def _repair(workspace: Workspace, recipe: str | None, take_over: bool) -> None:
    """Remove what is damaged; report what was done, and what is left to do."""
    screen, out = console(), workspace.root
    with claimed(workspace, f"atom-data verify {out} --repair", take_over=take_over, note=screen.print):
        verdict = verify_folder(workspace)
        done = repair(workspace, verdict.faults)
    for line in done.lines():
        screen.prose(escape(line))
    if not verdict.faults:
        screen.prose(f"{out}: nothing to repair")
    elif recipe is None:
        if done.again or any(fault.stage for fault in verdict.faults if fault.cure != "yours"):
            again = command_line("run", recipe_of(workspace) or "RECIPE", "-o", out)
            screen.prose(f"\nNext:\n  {escape(again)}")
        if done.left:
            raise DataError(f"{out}: {plural(len(done.left), 'fault')} cannot be repaired, named above.")
