"""`report`: a run as a page, as Markdown, as JSON; or two of them side by side."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from atom_data.audit.diff.made import made_otherwise
from atom_data.audit.diff.side import open_side
from atom_data.commands.screen import OutFolder, console, require_folder
from atom_data.errors import AtomDataError
from atom_data.report import compare, markdown, report
from atom_data.report.page.compare import write_comparison
from atom_data.report.page.page import write_page
from atom_data.report.report import CHARACTERS, SAMPLES, Report
from atom_data.runner.claims.files import others_at_work
from atom_data.runner.claims.life import me
from atom_data.runner.settings.remembered import recipe_for
from atom_data.stage import Stage
from atom_data.storage.made import refuse_file
from atom_data.storage.paths import create, write_errors
from atom_data.workspace import Workspace

PAGE = "report.html"


class Form(StrEnum):
    """What a report is written as."""

    html = "html"
    md = "md"
    json = "json"


Other = Annotated[
    str | None, typer.Argument(metavar="[B]", help="Another --output, to be shown beside it.", show_default=False)
]
Format = Annotated[Form, typer.Option("--format", help="A page, Markdown for a pull request, or JSON for programs.")]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="FILE", help=f"Where it goes. Default: {PAGE}; of md and json, the terminal."),
]
Count = Annotated[int, typer.Option("--samples", "-n", min=0, max=10_000, help="Samples per stage and reason.")]
Characters = Annotated[int, typer.Option(min=0, help="Characters of each sample's text.")]


def report_command(
    output: OutFolder,
    other: Other = None,
    form: Format = Form.html,
    to: To = None,
    samples: Count = SAMPLES,
    characters: Characters = CHARACTERS,
) -> None:
    """Show a run: what was lost where and why, how numbers lie beside their bounds, what the documents are, and samples.

    report my_corpus: one page, report.html, that needs nothing from elsewhere and can be sent or printed.
    report my_corpus --format md: tables for a pull request; --format json: everything, for programs.
    report monday tuesday: two runs side by side; `diff` says which documents differ.

    It reads receipts and sketches, which each shard has a few kB of, and for samples a few shards of each stage.
    """
    target = PAGE if to is None and form is Form.html else to
    if target is not None:
        refuse_file(Path(target), "--to")
    for folder in (output, other):
        if folder is not None:
            require_folder(folder)
    with console(stderr=True).status("reading receipts and sketches"):
        if other is None:
            written = _written(_built(output, samples, characters), form)
        else:
            made = made_otherwise(open_side(Workspace(output)), open_side(Workspace(other)))
            both = compare.side_by_side(_built(output, 0, 0), _built(other, 0, 0), made)
            written = _compared(both, form)
    if target is None:
        typer.echo(written, nl=False)
        return
    with write_errors(target), create(target, me().token) as stream:
        stream.write(written.encode("utf-8", "replace"))
    console().prose(escape(f"written: {target}"))


def _built(output: str, samples: int, characters: int) -> Report:
    """Put the report of a folder together; where its recipe cannot be loaded, without what only that can say."""
    workspace = Workspace(output)
    recipe, stages, said = workspace.recipe, dict[str, Stage](), ""
    if samples:
        try:
            jobs = recipe_for(recipe, workspace).jobs if recipe else ()
            stages = {job.name: job for job in jobs if isinstance(job, Stage)}
        except (AtomDataError, OSError) as error:
            said = f"The recipe cannot be loaded ({error}), so texts of documents that no stage wrote are not shown."
    made = report.build(workspace, recipe, stages, samples, characters)
    made.notes += [said] if said else []
    made.notes += [
        f"{claim.what} is at work in this folder: these are the numbers of what is finished."
        for claim in others_at_work(workspace)
    ]
    return made


def _written(made: Report, form: Form) -> str:
    if form is Form.html:
        return write_page(made)
    if form is Form.md:
        return markdown.write_markdown(made)
    return json.dumps(report.as_json(made), indent=1, ensure_ascii=False) + "\n"


def _compared(both: compare.SideBySide, form: Form) -> str:
    if form is Form.html:
        return write_comparison(both)
    if form is Form.md:
        return markdown.write_comparison(both)
    return json.dumps(compare.as_json(both), indent=1, ensure_ascii=False) + "\n"
