"""Every command and where it lives, in the order in which `--help` shows them. A command imports what it alone needs.

Options say where; recipes and cards say what.
"""

from importlib import import_module
from typing import Any

import typer

COMMANDS = {
    "check": "run.check",
    "plan": "plan.plan",
    "run": "run.run",
    "status": "look.status",
    "logs": "cluster.logs",
    "cancel": "cluster.cancel",
    "peek": "look.peek",
    "tune": "tune.tune",
    "verify": "look.verify",
    "fingerprint": "look.fingerprint",
    "clean": "clean.clean",
    "train-tokenizer": "tokenizer.train_tokenizer",
    "export": "export.export",
    "merge": "export.merge",
    "pack": "export.pack",
    "batches": "tokens.batches",
    "trace": "tokens.trace",
    "minhash-explain": "dedup.minhash_explain",
    "dedup-eval": "dedup.dedup_eval",
    "train-classifier": "classifier.train",
    "dedup-index": "index.app",
    "mix": "mix.app",
}

UsageError: Any = typer.BadParameter.__base__
"""What is wrong with an option; typer carries a click of its own, and BadParameter is the name it gives out."""


def app(name: str) -> typer.Typer:
    """Return the app with the command `name`, or with all of them where there is none of that name."""
    made = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        help="From crawl shards to training batches, with a receipt for every shard and a reason for every drop.",
        epilog="Start with: atom-data check pipelines/sample.py",
    )
    made.callback()(lambda: None)  # a single command keeps its name, too
    for command in [name] if name in COMMANDS else COMMANDS:
        module, _, function = COMMANDS[command].partition(".")
        found = getattr(import_module(f"atom_data.commands.{module}"), function)
        if isinstance(found, typer.Typer):
            made.add_typer(found, name=command)
        else:
            made.command(name=command)(found)
    return made
