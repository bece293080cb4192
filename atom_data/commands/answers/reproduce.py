"""`reproduce`: a corpus rebuilt from what its run kept."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from atom_data.audit.reproduce.prepare import prepare
from atom_data.audit.reproduce.verdict import Verdict, judge, surroundings
from atom_data.audit.root import tree_of
from atom_data.commands import options
from atom_data.commands.run import make
from atom_data.commands.screen import AsJson, OutFolder, console, require_folder
from atom_data.errors import ConfigError, DataError
from atom_data.runner.bundle.bundle import read_bundle
from atom_data.terminal.called import command_line
from atom_data.workspace import Workspace


def reproduce(
    output: OutFolder,
    into: Annotated[str, typer.Option("--into", metavar="NEW", help="Folder for the rebuilt corpus; new or empty.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="[BEFORE=]NOW", help="Where inputs lie now. May be repeated."),
    ] = None,
    workers: options.Workers = 0,
    prepare_only: Annotated[
        bool, typer.Option("--prepare", help="Only lay out NEW and say what to run: for a cluster, or to look at it.")
    ] = False,
    as_text: AsJson = False,
) -> None:
    """Make a corpus again, anywhere, with any number of workers, and say whether it is the same to the last byte.

    OUT/run has what its run was made with: the recipe and what it imports, cards, lists, tokenizers, versions, the hash of
    each file of code. NEW becomes an output folder like any other. Exit code 0: the roots are equal. Exit code 1: they are
    not, and the first thing that differs is named: an input, a card, a parameter, a file of code, a library, or how the
    processor rounds.

    reproduce OUT --into NEW --input /data/crawl=/mnt/crawl: inputs are not copied; say where they are when they moved.
    reproduce OUT --into NEW --prepare, then atom-data run NEW/run/again.py -o NEW --on slurm, then reproduce OUT --into NEW.
    """
    require_folder(output)
    workspace, new = Workspace(output), Workspace(into)
    if workspace.is_remote or new.is_remote:
        raise ConfigError("reproduce: only folders are rebuilt. Fetch the corpus, and give a folder by --into.")
    tree_of(workspace)
    recipe = prepare(workspace, new, inputs or [])
    screen = console(stderr=True)
    for line in surroundings(read_bundle(workspace)):
        screen.prose(escape(f"not as it was: {line}"))
    if prepare_only:
        for words in (("run", recipe, "-o", into), ("reproduce", output, "--into", into)):
            console().print(f"  {escape(command_line(*words))}", soft_wrap=True)
        return
    make(str(recipe), into, workers)
    _say(judge(workspace, new), output, into, as_text)


def _say(verdict: Verdict, output: str, into: str, as_text: bool) -> None:
    if as_text:
        typer.echo(json.dumps({"same": verdict.same, **asdict(verdict)}, indent=1))
    elif verdict.same:
        console().prose(f"{escape(into)}: the same corpus, to the last byte\n{verdict.root}")
        for line in verdict.inputs:
            console(stderr=True).prose(escape(f"not as it was, and of no matter: {line}"))
    first = verdict.first
    if first is not None:
        where = f"{first.stage}/{first.shard}: " if first.stage else ""
        cell = f" {first.cell}." if first.cell else ""
        raise DataError(
            f"{into}: is not the corpus of {output}: root {verdict.again[:16]}..., was {verdict.root[:16]}... The first thing that "
            f"differs is {_a(first.what)}: {where}{first.said}.{cell} More: {command_line('diff', output, into)}"
        )


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}" if noun not in ("code", "python") else noun
