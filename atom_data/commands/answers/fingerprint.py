"""`fingerprint`: one hash over all that a run has made, and proofs for its parts."""

import json
from typing import Annotated

import typer
from rich.markup import escape

from atom_data.audit.root import Tree, proof, tree_of
from atom_data.audit.verify import verify as verify_folder
from atom_data.commands.screen import AsJson, OutFolder, console, require_folder
from atom_data.errors import DataError
from atom_data.terminal.table import Column, plural, print_table
from atom_data.workspace import Workspace

COLUMNS = (Column("stage", left=True), Column("shards"), Column("files", 2), Column("MB", 1), Column("root", left=True))
DIGITS = 16
"""Of a stage's root that a table has room for; --json has all of them."""


def fingerprint(
    output: OutFolder,
    tree: Annotated[bool, typer.Option("--tree", help="A line for each stage, with its own root.")] = False,
    shard: Annotated[
        str | None, typer.Option(metavar="STAGE/SHARD", help="Print a proof that a shard is part of the root, as JSON.")
    ] = None,
    receipts: Annotated[
        bool, typer.Option("--receipts", help="Take the hashes that stand in receipts; read no shard.")
    ] = False,
    as_text: AsJson = False,
) -> None:
    """Print the root of a corpus: one hash over the content of all shards, equal for equal corpora.

    It is a Merkle tree (RFC 6962) over the shards of each stage, and over the stages: docs/root.md has it byte for byte, with
    a short checker that needs nothing of atom-data. Every file is read and held against its receipt first.
    Stages that the recipe has no more, and what passes found on their way, count for nothing.
    """
    require_folder(output)
    workspace = Workspace(output)
    found = tree_of(workspace) if receipts else _verified(workspace)
    if shard is not None:
        typer.echo(json.dumps(proof(found, workspace, shard), indent=1))
        return
    if as_text:
        typer.echo(json.dumps(found.value(), indent=1))
        return
    screen = console()
    if tree:
        rows = [
            [
                escape(one.name),
                f"{len(one.shards):,}",
                f"{one.files:,}",
                f"{one.size / 1e6:,.1f}",
                one.root.hex()[:DIGITS],
            ]
            for one in found.ordered
        ]
        print_table(screen, COLUMNS, rows)
        screen.print()
    screen.prose(found.root)


def _verified(workspace: Workspace) -> Tree:
    """Return the tree of a folder whose files are as their receipts say."""
    verdict = verify_folder(workspace)
    if verdict.faults:
        raise DataError(f"{workspace.root}: {verdict.faults[0]}. Run atom-data verify for the rest.")
    if verdict.left_out:
        count = plural(len(verdict.left_out), "shard")
        left = f"{workspace.root}: this leaves out {count} that failed; see atom-data verify {workspace.root}"
        console(stderr=True).prose(escape(left))
    return verdict.tree
