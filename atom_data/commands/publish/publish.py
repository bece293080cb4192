"""`publish`: a folder ready for a hub, with the papers of a corpus."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from atom_data.commands.publish.grading import print_grade
from atom_data.commands.screen import AsJson, OutFolder, console, require_folder
from atom_data.errors import ConfigError
from atom_data.publish.facts.run import source_names
from atom_data.publish.folder import How, Published, known_of, publish as write_folder, refuse_remote
from atom_data.publish.grade.grade import grade as grade_parts
from atom_data.publish.passport.read import read_passport
from atom_data.publish.passport.write import blank, write_blank
from atom_data.publish.summary.fields import parts_of
from atom_data.runner.claims.life import me
from atom_data.storage.beside import PASSPORT
from atom_data.storage.sizes import parse_bytes
from atom_data.terminal.called import command_line
from atom_data.terminal.table import plural, printable
from atom_data.workspace import Workspace

To = Annotated[str | None, typer.Option("--to", metavar="FOLDER", help="The folder to write; created if missing.")]
Init = Annotated[bool, typer.Option("--init", help="Write passport.toml, with every question explained, to fill in.")]
Grading = Annotated[
    bool, typer.Option("--grade", help="Say how far a public rubric of EU summaries is answered, and what is open.")
]
Stages = Annotated[
    list[str] | None,
    typer.Option("--stage", metavar="STAGE", help="Publish this stage; the last ones if left out. May be repeated."),
]


def publish(
    output: OutFolder,
    to: To = None,
    init: Init = False,
    grade: Grading = False,
    passport: Annotated[
        Path | None, typer.Option("--passport", metavar="FILE", help=f"What people know. Default: OUT/{PASSPORT}.")
    ] = None,
    stage: Stages = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the shards, and check their hashes; else they are links.")
    ] = False,
    memory: Annotated[str, typer.Option(help="What counting may use; the rest goes to disk.")] = "2GB",
    scratch: Annotated[str | None, typer.Option(metavar="FOLDER", help="Where what does not fit goes.")] = None,
    as_text: AsJson = False,
) -> None:
    """Write a folder ready for a hub: data, hub card, Croissant, EU summary of training content, citation, checksums, root.

    Numbers come from receipts and one count over the documents, the rest from a passport.toml that people fill in: what
    neither has is said to be not measured, never guessed. A source may be hidden; every paper then says so.

    **1.** publish OUT --init writes OUT/passport.toml. **2.** publish OUT --grade says what is open, and what it weighs: a
    self-assessment. **3.** publish OUT --to FOLDER. A FOLDER that holds the same corpus is brought up to date.
    See docs/publish.md.
    """
    require_folder(output)
    if [init, grade, to is not None].count(True) != 1:
        raise ConfigError("publish: give one of --init, --grade and --to FOLDER.")
    workspace = Workspace(output, me().token)
    refuse_remote(workspace)
    place = passport or workspace.local(PASSPORT)
    if init:
        _init(workspace, place, passport, tuple(stage or ()))
        return
    how = How(
        stages=tuple(stage or ()),
        memory=parse_bytes(memory, "--memory", at_least=100_000_000),
        scratch=scratch,
        copy=copy,
    )
    answers = read_passport(place)
    if grade:
        with known_of(workspace, answers, how) as (known, _):
            print_grade(grade_parts(parts_of(known)), known, as_text)
        return
    assert to is not None
    _say(write_folder(workspace, to, answers, how), output, to, as_text)


def _init(workspace: Workspace, place: Path, passport: Path | None, stages: tuple[str, ...]) -> None:
    write_blank(place, blank(workspace, source_names(workspace, stages)), workspace.token)
    given = ("--passport", place) if passport else ()
    console().prose(escape(f"{place}: fill it in; then {command_line('publish', workspace.root, *given, '--grade')}"))


def _say(done: Published, output: str, to: str, as_text: bool) -> None:
    facts = done.facts
    if as_text:
        page = {"to": to, "files": done.files, "withheld": done.withheld, "papers": done.papers, "root": facts.root}
        typer.echo(json.dumps(page, indent=1, ensure_ascii=False))
        return
    screen = console()
    tokens = "" if facts.token_count is None else f", {facts.token_count:,} tokens"
    how = f"{done.copied_bytes:,} bytes copied" if done.copied_bytes else "linked"
    screen.prose(
        escape(
            printable(
                f"{to}: {plural(facts.documents, 'document')}{tokens} of {', '.join(facts.configs)}; "
                f"{plural(done.files, 'shard')} {how}; papers: {', '.join(done.papers)}"
            )
        )
    )
    if done.withheld:
        where = "it" if done.withheld == 1 else "them"
        screen.prose(f"{plural(done.withheld, 'shard')} withheld: documents of a hidden source are in {where}.")
    empty = [name for name, said in facts.origins.items() if said.startswith("not measured")]
    if empty:
        screen.prose(f"not measured, and said so: {', '.join(empty)}")
    if not done.noted:
        screen.prose(escape(f"{output}: may not be written, so a takedown will not know of {to}."))
    screen.print(f"\nroot {facts.root}", soft_wrap=True)
    screen.prose(escape(f"What is open: {command_line('publish', output, '--grade')}"))
