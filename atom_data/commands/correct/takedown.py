"""`takedown`: documents out of a finished folder, for good."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from atom_data.commands.options import TakeOver, Workers
from atom_data.commands.run import make
from atom_data.commands.screen import AsJson, OutFolder, console, printable, recipe_of, require_folder
from atom_data.errors import ConfigError
from atom_data.runner.claims.hold import claimed
from atom_data.runner.claims.life import me
from atom_data.runner.claims.takedowns import JOURNAL
from atom_data.takedown.asked import Asked, Copies, Tokens, read_lines
from atom_data.takedown.clusters import Patches, patches_of
from atom_data.takedown.folder import Folder
from atom_data.takedown.published import published_of
from atom_data.takedown.search import Found, refuse_many, search
from atom_data.takedown.survey import Survey, survey
from atom_data.takedown.takedown import Takedown, takedown as take_down
from atom_data.terminal.called import command_line
from atom_data.terminal.table import Column, plural, print_table
from atom_data.workspace import Workspace

LISTED = 10

Ids = Annotated[Path | None, typer.Option("--ids", metavar="FILE", help="A text file with an id or a URL per line.")]
Domain = Annotated[
    list[str] | None, typer.Option("--domain", metavar="DOMAIN", help="With all below it; may be repeated.")
]
Prefix = Annotated[
    list[str] | None, typer.Option("--url-prefix", metavar="URL", help="The beginning of URLs; may be repeated.")
]
Matching = Annotated[
    list[str] | None,
    typer.Option("--matching", metavar="TEXT", help="What a text holds, letter by letter; reads all texts."),
]
HowCopies = Annotated[
    str,
    typer.Option(
        "--copies", metavar="leave|promote", help="leave: copies of what goes leave too. promote: the next is kept."
    ),
]
HowTokens = Annotated[
    str, typer.Option("--tokens", metavar="rewrite|mask", help="mask: same offsets, so that a run in flight may go on.")
]


def takedown(
    output: OutFolder,
    ids: Ids = None,
    domain: Domain = None,
    url_prefix: Prefix = None,
    matching: Matching = None,
    copies: HowCopies = "leave",
    tokens: HowTokens = "rewrite",
    reason: Annotated[str, typer.Option("--reason", help="Why, for the receipt.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who asked for it, for the receipt.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go, from where, and what it costs.")
    ] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Remove more than half of all documents.")] = False,
    workers: Workers = 0,
    take_over: TakeOver = False,
    as_text: AsJson = False,
) -> None:
    """Take documents out of a finished folder: rows, ledgers, dead letters, what passes found, tokens, exports, packings.

    Only the shards that hold them are written again; all others keep their hashes. What went stands on the removal list
    (OUT/removals/list.parquet, keyed hashes), so that building again, or the next crawl with run --removals, does not bring it
    back. A takedown that was killed goes on with `atom-data takedown OUT`. See docs/takedown.md.

    **--tokens mask** keeps order and offsets: a training run goes on with its state, and the loader leaves masked tokens out of
    the loss. Other loaders would train on the end tokens there, unless they read SHARD.masked.

    **--copies leave**, for rights, takes along the copies of a document that was the kept one, and all of the same URLs.
    **promote**, for quality, removes what was asked alone, and runs the recipe so that the next copy is kept.
    """
    workspace = Workspace(output, me().token)
    if workspace.is_remote:
        raise ConfigError(f"{output}: documents are taken down from folders only. Copy the run to one, or mount it.")
    require_folder(output)
    asked = Asked(
        ids=read_lines(ids) if ids else (), domains=tuple(domain or ()), prefixes=tuple(url_prefix or ()),
        matching=tuple(matching or ()), copies=_copies(copies), tokens=_tokens(tokens), reason=reason, by=by,
    )  # fmt: skip
    count = workers or len(os.sched_getaffinity(0))
    if dry_run:
        _dry_run(workspace, asked, count, accept, as_text)
        return
    with claimed(workspace, f"atom-data takedown {output}", take_over=take_over, note=_note):
        done = take_down(workspace, asked, count, accept, _note)
    _say(done, output, as_text)
    if done.put.again:
        _run_again(workspace, done, output, count)


def _note(said: str) -> None:
    console(stderr=True).prose(escape(said))


def _copies(text: str) -> Copies:
    if text not in ("leave", "promote"):
        raise ConfigError(f"--copies: '{text}' is not known; there are leave and promote. Give one of them.")
    return "promote" if text == "promote" else "leave"


def _tokens(text: str) -> Tokens:
    if text not in ("rewrite", "mask"):
        raise ConfigError(f"--tokens: '{text}' is not known; there are rewrite and mask. Give one of them.")
    return "mask" if text == "mask" else "rewrite"


def _dry_run(workspace: Workspace, asked: Asked, workers: int, accept: bool, as_text: bool) -> None:
    if workspace.local(JOURNAL).is_file() or asked.is_empty:
        raise ConfigError(
            f"{workspace.root}: nothing is asked for, or a takedown is not finished. Give what is to go, or finish it first: "
            f"atom-data takedown {workspace.root}"
        )
    folder = Folder(workspace)
    found = search(folder, asked, workers)
    patches, lines = patches_of(folder, found.documents.keys(), workers), survey(folder, found)
    if as_text:
        typer.echo(json.dumps(_values(found, patches, lines), indent=1))
        return
    screen = console()
    columns = (Column("stage", left=True), Column("shards"), Column("documents"), Column("tokens"), Column("MB again"))
    rows = [
        [
            escape(one.job),
            f"{one.shards:,} of {one.of:,}",
            f"{one.documents:,}",
            f"{one.tokens:,}",
            f"{one.bytes / 1e6:,.1f}",
        ]
        for one in lines
    ]
    print_table(screen, columns, rows)
    _say_documents(found, patches)
    seconds = sum(one.bytes for one in lines) / survey_rate(workers)
    screen.prose(f"about {max(seconds, 1):,.0f} s with {plural(workers, 'worker')}, and as much disk again meanwhile")
    refuse_many(folder, found, accept)
    screen.print("This was a dry run: nothing was changed.")


def survey_rate(workers: int) -> float:
    """Return how many bytes are written again per second (benchmarks/takedown.py)."""
    return 30e6 * workers


def _say_documents(found: Found, patches: Patches) -> None:
    screen, why = console(), Counter(one.why for one in found.documents.values())
    said = ", ".join(f"{count:,} {name}" for name, count in sorted(why.items()))
    screen.prose(f"{len(found.documents):,} of {found.looked_at:,} documents go: {said or 'none'}")
    for one in [one for one in found.documents.values() if one.why != "asked"][:LISTED]:
        screen.prose(escape(printable(f"  {one.why}: {one.id} {one.url or ''}")))
    _say_lists(found.nowhere, patches)


def _say_lists(nowhere: list[str], patches: Patches) -> None:
    screen = console()
    lists = (
        ("are nowhere in the folder, and on the removal list all the same", nowhere),
        ("lose the one they were copies of, and are decided about anew", patches.undecided),
        ("stay, though what goes was a copy of theirs: they have nearly the same text", patches.quoting),
    )
    for said, names in lists:
        if names:
            more = ", ..." if len(names) > LISTED else ""
            screen.prose(escape(printable(f"{len(names):,} {said}: {', '.join(names[:LISTED])}{more}")))


def _values(found: Found, patches: Patches, lines: list[Survey]) -> dict[str, Any]:
    return {
        "documents": [
            {"id": one.id, "url": one.url, "why": one.why, "stage": one.job, "shard": one.shard}
            for _, one in sorted(found.documents.items())
        ],
        "looked_at": found.looked_at,
        "nowhere": found.nowhere,
        "decided_anew": patches.undecided,
        "stay": patches.quoting,
        "stages": [
            {
                "stage": one.job,
                "shards": one.shards,
                "of": one.of,
                "documents": one.documents,
                "tokens": one.tokens,
                "bytes": one.bytes,
            }
            for one in lines
        ],
    }


def _say(done: Takedown, output: str, as_text: bool) -> None:
    screen, journal = console(), done.journal
    tokens = sum(one.tokens for one in done.done)
    shards = [one for one in done.done if one.files and one.shard != "inner"]
    if as_text:
        value: dict[str, Any] = {
            "number": journal.number,
            "documents": done.documents,
            "tokens": tokens,
            "shards": len(shards),
        }
        value |= {"copies": [line[0] for line in journal.documents if line[2] == "copy"], "nowhere": journal.nowhere}
        value |= {
            "decided_anew": journal.patches.undecided,
            "stay": journal.patches.quoting,
            "exports": done.put.exports,
        }
        typer.echo(json.dumps(value, indent=1))
        return
    why = Counter(line[2] for line in journal.documents)
    said = ", ".join(f"{count:,} {name}" for name, count in sorted(why.items()))
    verb = "masked" if journal.tokens == "mask" else "removed"
    screen.prose(
        f"{output}: takedown {journal.number}: {plural(done.documents, 'document')} removed ({said or 'none'}), "
        f"{tokens:,} tokens {verb}, {plural(len(shards), 'shard')} written again"
    )
    _say_lists(journal.nowhere, journal.patches)
    for line in done.put.exports:
        screen.prose(escape(f"rebuilt: {line}"))
    for folder in published_of(Workspace(output)):
        again = command_line("publish", output, "--to", folder)
        screen.prose(escape(f"{folder} was published and still holds what went; publish it anew: {again}"))
    if journal.tokens == "mask" and tokens:
        screen.prose(
            "Our loader leaves masked tokens out of the loss. Any other would train on them: give it the ranges in "
            "SHARD.masked (docs/takedown.md), or take down with --tokens rewrite."
        )


def _run_again(workspace: Workspace, done: Takedown, output: str, workers: int) -> None:
    """Let the recipe decide anew about copies of what went."""
    recipe = recipe_of(workspace)
    if not recipe or not Path(recipe).is_file():
        raise ConfigError(
            f"{output}: {', '.join(done.put.again)} must be decided anew, and the recipe is not where the folder says. Run it: "
            f"{command_line('run', 'RECIPE', '-o', output)}"
        )
    make(recipe, output, workers)
