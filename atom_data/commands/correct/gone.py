"""`verify --gone`: said of what was taken down."""

from pathlib import Path

import typer
from rich.markup import escape

from atom_data.commands.screen import console, printable
from atom_data.runner.claims.takedowns import refuse_begun
from atom_data.takedown.asked import read_lines
from atom_data.takedown.gone import as_json, gone, require_gone
from atom_data.terminal.table import plural
from atom_data.workspace import Workspace

LISTED = 20


def look_for(workspace: Workspace, file: Path, tokenizer: Path | None, as_text: bool) -> None:
    """Look for the ids and URLs in a file, and for passages of what was taken down. DataError where something is left."""
    refuse_begun(workspace)
    screen = console(stderr=True)
    lines = read_lines(file)
    found = gone(workspace, lines, tokenizer, lambda said: screen.prose(escape(said)))
    if as_text:
        typer.echo(as_json(found))
    else:
        for fault in found.faults:
            screen.prose(escape(printable(fault)))
        _say(found.quoted, found.files, found.passages, workspace)
    require_gone(workspace, found)


def _say(quoted: dict[str, int], files: int, passages: int, workspace: Workspace) -> None:
    screen = console()
    for identity, count in sorted(quoted.items(), key=lambda item: (-item[1], item[0]))[:LISTED]:
        screen.prose(escape(printable(f"quotes {plural(count, 'passage')}: {identity}")))
    if len(quoted) > LISTED:
        screen.prose(f"and {len(quoted) - LISTED:,} more quote something; --json has all")
    screen.prose(f"{workspace.root}: looked into {plural(files, 'file')}, for {plural(passages, 'passage')} as well")
