"""The command line: `atom-data check | run | status | peek | verify | batches | trace`.

Options say where; recipes and cards say what. Exit code 0: done; 1: data; 2: recipe, card or option; 130: interrupted.
"""

import os
import re
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from atom_data.errors import AtomDataError, ConfigError, DataError
from atom_data.publish.batches import draw
from atom_data.publish.trace import find_document, stations
from atom_data.run.display import Display
from atom_data.run.local import Options, check_out, warm_up
from atom_data.run.local import run as run_jobs
from atom_data.run.peek import peek as peek_documents
from atom_data.run.recipe import load_recipe
from atom_data.run.status import JobStatus, job_status, print_status
from atom_data.run.verify import verify as verify_folder

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="From crawl shards to training batches, with a receipt for every shard and a reason for every drop.",
    epilog="Start with: atom-data check pipelines/sample.py",
)

UsageError: Any = typer.BadParameter.__base__
"""What is wrong with an option; typer carries a click of its own, and BadParameter is the name it gives out."""

RecipePath = Annotated[str, typer.Argument(metavar="RECIPE", help="Path of a Python file with a function stages().")]
Output = Annotated[str, typer.Option("--output", "-o", help="Folder of the run; made if it is not there.")]
DEFAULT_OUT = "out"
INTERRUPTED = 130


def console(stderr: bool = False) -> Console:
    """Return a console as wide as the terminal, or 160 columns where there is none."""
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, width=None if terminal else 160)


@app.command()
def check(recipe: RecipePath) -> None:
    """Try a recipe on zero rows: wrong order, missing columns, unknown cards and misspelt names show in a second."""
    loaded = load_recipe(recipe)
    lines = [(job, job.check()) for job in loaded.jobs]
    screen = console()
    for job, schema in lines:
        screen.print(
            f"[bold]{job.name}[/bold]  {escape(', '.join(f'{f.name}: {f.type}' for f in schema))}", soft_wrap=True
        )
    screen.print(f"{recipe}: {len(lines)} stages, each reads what the one before it writes")


@app.command()
def run(
    recipe: RecipePath,
    output: Output = DEFAULT_OUT,
    workers: Annotated[int, typer.Option("--workers", "-w", min=0, help="Worker processes; 0: one a core.")] = 0,
    retries: Annotated[int, typer.Option(min=0, help="Tries more for a shard whose worker died.")] = 2,
    stage: Annotated[str | None, typer.Option(help="Run this stage only; what it reads must be finished.")] = None,
    part: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Only shards I, I+N, I+2N, ... of --stage: one element of an array job."),
    ] = None,
    accept_code: Annotated[
        bool, typer.Option("--accept-code", help="Keep finished shards that another version of the code made.")
    ] = False,
) -> None:
    """Run a recipe: what is finished is kept, what has changed is made again, what fails is listed.

    The same recipe over the same inputs gives the same bytes for any number of workers, in any order, after any crash.
    """
    check_out(output)
    options = Options(
        out=output, workers=workers or len(os.sched_getaffinity(0)), retries=retries,
        stage=stage, part=_part(part, stage), accept_code=accept_code,
    )  # fmt: skip
    warm_up()
    loaded = load_recipe(recipe)
    display = Display(console(stderr=True))
    failures = run_jobs(loaded, options, display)
    screen = console()
    statuses = [job_status(job, output) for job in loaded.jobs]
    print_status(statuses, screen)
    if failures:
        names = ", ".join(f"{failure.stage}/{failure.shard}" for failure in failures[:10])
        raise DataError(
            f"{output}: {len(failures)} shards failed ({names}); their reasons stand above. "
            "Mend the cause and run again: finished shards are kept."
        )
    if part is None:
        for line in _next_commands(recipe, output, statuses):
            screen.print(line, soft_wrap=True)


def _part(text: str | None, stage: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or int(match[1]) >= int(match[2]):
        raise ConfigError(f"--part: '{text}' is no I/N with I from 0 to N - 1. For the first of ten tasks give 0/10.")
    if stage is None:
        raise ConfigError(
            "--part: it needs --stage, for a later stage may only start when the whole one before is done."
        )
    return int(match[1]), int(match[2])


def _next_commands(recipe: str, output: str, statuses: list[JobStatus]) -> list[str]:
    most = max(statuses, key=lambda status: status.dropped.total())
    lines = [("atom-data verify " + output, "every file against its receipt")]
    if most.dropped:
        reason = most.dropped.most_common(1)[0][0]
        look = f"atom-data peek {recipe} -o {output} --stage {most.name} --reason {reason}"
        lines.insert(0, (look, "what was dropped most, and why"))
    if statuses[-1].tokens:
        lines.append((f"atom-data batches {output}/{statuses[-1].name}", "what a training loop would see"))
    else:
        lines.append((f"atom-data peek {recipe} -o {output} --stage {statuses[-1].name}", "what was kept"))
    width = max(len(command) for command, _ in lines)
    return ["\nNext:", *(f"  {command:{width}}  {why}" for command, why in lines)]


@app.command()
def status(recipe: RecipePath, output: Output = DEFAULT_OUT) -> None:
    """Show how far a run has come: documents in, kept and dropped by reason, bytes, tokens, time, speed."""
    loaded = load_recipe(recipe)
    print_status([job_status(job, output) for job in loaded.jobs], console())


@app.command()
def peek(
    recipe: RecipePath,
    output: Output = DEFAULT_OUT,
    stage: Annotated[str, typer.Option(help="The stage to look into.")] = "clean",
    reason: Annotated[
        str | None, typer.Option(help="Documents dropped for this: card.reason, or a card's name.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 3,
    characters: Annotated[int, typer.Option(min=0, help="How much of each text.")] = 400,
) -> None:
    """Look at documents: those a stage kept, or those it dropped for one reason, with the numbers that decided it."""
    screen = console()
    for sight in peek_documents(load_recipe(recipe).job(stage), output, reason, count):
        screen.print(f"[bold]{sight.id}[/bold]  {escape(sight.url)}", soft_wrap=True)
        if sight.reason:
            screen.print(f"  [red]{sight.reason}[/red]  {escape(sight.numbers)}", soft_wrap=True)
        screen.print(escape(_printable(sight.text[:characters])) + "\n", soft_wrap=True)


def _printable(text: str) -> str:
    """Crawled text must not move the cursor or set colors."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


@app.command()
def verify(output: Annotated[str, typer.Argument(metavar="OUT", help="The --output of a run.")]) -> None:
    """Check every file against its receipt; silent and exit code 0 when all is well, else each fault by name."""
    verdict = verify_folder(output)
    if verdict.faults:
        for fault in verdict.faults:
            console(stderr=True).print(escape(fault), soft_wrap=True)
        raise DataError(
            f"{output}: {len(verdict.faults)} faults in {verdict.files:,} files. "
            "Run the recipe again: it makes again what is missing or damaged; delete orphans yourself."
        )


@app.command()
def fingerprint(output: Annotated[str, typer.Argument(metavar="OUT", help="The --output of a run.")]) -> None:
    """Print one hash over the content of all shards: equal for equal corpora."""
    verdict = verify_folder(output)
    if verdict.faults:
        raise DataError(f"{output}: {verdict.faults[0]}. Run atom-data verify for the rest.")
    console().print(verdict.fingerprint)


@app.command()
def batches(
    tokens: Annotated[str, typer.Argument(metavar="OUT/TOKENS", help="A finished tokens folder.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many batches.")] = 3,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples in a batch.")] = 4,
    length: Annotated[int, typer.Option(min=1, help="Tokens in a sample.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the order.")] = 0,
) -> None:
    """Draw the first batches as a training loop would see them, and show where a document of each came from."""
    screen = console()
    for number, batch in enumerate(
        draw(tokens, count=count, batch_size=batch_size, sequence_length=length, seed=seed), 1
    ):
        rows, columns = batch.shape
        screen.print(
            f"[bold]batch {number}[/bold]  {rows} x {columns} tokens, samples {batch.samples}, {batch.documents} documents"
        )
        screen.print(
            f"  begins with {batch.first_tokens}; to resume after it: {escape(str(batch.state))}", soft_wrap=True
        )
        origin = batch.origin
        screen.print(
            f"  sample {batch.samples[0]} is token {origin['sample_start']:,} on of {origin['token_shard']}; "
            f"{origin['tokens_here']} of its tokens are of document {origin['id']}"
        )
        screen.print(f"    {escape(_source(origin))}", soft_wrap=True)
    screen.print(f"\nAll of its way: atom-data trace {tokens} {origin['id']}", soft_wrap=True)


def _source(row: dict[str, object]) -> str:
    where = (
        f"record at byte {row['offset']:,} of {row['file']}"
        if "offset" in row and "file" in row
        else f"shard {row['shard']}"
    )
    return f"{row.get('url') or '(no address)'}   {where}"


@app.command()
def trace(
    tokens: Annotated[str, typer.Argument(metavar="OUT/TOKENS", help="A finished tokens folder.")],
    document: Annotated[str, typer.Argument(metavar="ID", help="The id of a document in it.")],
) -> None:
    """Follow a document from its tokens back through every stage to the record it came from."""
    shard, row = find_document(tokens, document)
    screen = console()
    screen.print(f"[bold]tokens[/bold]  {row['tokens']:,} tokens in {shard}")
    for station in stations(tokens, shard, row):
        values = ", ".join(f"{name} {value}" for name, value in station.columns.items() if name != "id")
        screen.print(f"[bold]{station.stage}[/bold]  {escape(_printable(values))}", soft_wrap=True)
    screen.print(f"[bold]source[/bold]  {escape(_source(row))}", soft_wrap=True)


def main() -> None:
    """Run the command line; errors come as one sentence, bugs keep their traceback."""
    try:
        code = app(prog_name="atom-data", standalone_mode=False)
    except AtomDataError as error:
        _fail(str(error), error.exit_code)
    except UsageError as error:
        _fail(_usage(error), 2)
    else:
        if code == INTERRUPTED:
            _fail("interrupted: finished shards are kept. Run the same command again to go on.", INTERRUPTED)


def _usage(error: Any) -> str:  # noqa: ANN401
    where = error.ctx.command_path if error.ctx else "atom-data"
    text = error.format_message().strip().rstrip(".")
    return f"{where}: {text[:1].lower()}{text[1:]}. Try: {where} --help"


def _fail(text: str, code: int) -> None:
    sys.stderr.write(f"{text}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
