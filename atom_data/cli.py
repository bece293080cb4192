"""The command line: every command, in the order in which `--help` shows them.

Options say where; recipes and cards say what. Exit code 0: done; 1: data; 2: recipe, card or option; 130: interrupted.
"""

import gc
import sys
from typing import Any

import typer

from atom_data.commands import (
    classifier,
    cluster,
    dedup,
    export,
    index,
    look,
    mix,
    plan,
    run,
    tokenizer,
    tokens,
    tune,
)
from atom_data.errors import AtomDataError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="From crawl shards to training batches, with a receipt for every shard and a reason for every drop.",
    epilog="Start with: atom-data check pipelines/sample.py",
)

for command in (
    run.check,
    plan.plan,
    run.run,
    look.status,
    cluster.logs,
    cluster.cancel,
    look.peek,
    tune.tune,
    look.verify,
    look.fingerprint,
    tokenizer.train_tokenizer,
    export.export,
    export.merge,
    export.pack,
    tokens.batches,
    tokens.trace,
    dedup.minhash_explain,
    dedup.dedup_eval,
):
    app.command()(command)
app.command(name="train-classifier")(classifier.train)
app.add_typer(index.app, name="dedup-index")

app.add_typer(mix.app, name="mix")

UsageError: Any = typer.BadParameter.__base__
"""What is wrong with an option; typer carries a click of its own, and BadParameter is the name it gives out."""

INTERRUPTED = 130


def main() -> None:
    """Run the command line; errors come as one sentence, bugs keep their traceback."""
    gc.set_threshold(
        100_000, 20, 20
    )  # plans of 100,000 shards have no cycles, and looking for them is a quarter of the time
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
