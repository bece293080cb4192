"""Every command and where it lives, in the order in which `--help` shows them. A command imports what it alone needs.

Options say where; recipes and cards say what.
"""

import ast
import os
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

COMMANDS = {
    "init": ("init.init", "Build"),
    "check": ("run.check", "Build"),
    "plan": ("plan.plan", "Build"),
    "run": ("run.run", "Build"),
    "warm": ("machine.warm", "Build"),
    "train-tokenizer": ("train.tokenizer.train_tokenizer", "Build"),
    "train-classifier": ("train.classifier.train", "Build"),
    "train-extractor": ("train.extractor.train", "Build"),
    "list": ("catalog.list_entries", "Look"),
    "show": ("catalog.show", "Look"),
    "status": ("status.status", "Look"),
    "report": ("report.report.report_command", "Look"),
    "peek": ("look.peek", "Look"),
    "why": ("answers.why.why", "Look"),
    "tune": ("tune.tune", "Look"),
    "diff": ("answers.diff.diff", "Look"),
    "batches": ("tokens.batches", "Look"),
    "trace": ("tokens.trace", "Look"),
    "verify": ("look.verify", "Check"),
    "fingerprint": ("answers.fingerprint.fingerprint", "Check"),
    "reproduce": ("answers.reproduce.reproduce", "Check"),
    "clean": ("clean.clean", "Check"),
    "doctor": ("machine.doctor", "Check"),
    "takedown": ("correct.takedown.takedown", "Correct"),
    "export": ("export.export", "Hand on"),
    "merge": ("export.merge", "Hand on"),
    "pack": ("export.pack", "Hand on"),
    "publish": ("publish.publish.publish", "Hand on"),
    "mix": ("mix.app", "Hand on"),
    "minhash-explain": ("dedup.minhash_explain", "Deduplication"),
    "dedup-eval": ("dedup.dedup_eval", "Deduplication"),
    "dedup-index": ("index.app", "Deduplication"),
    "logs": ("cluster.logs", "Cluster"),
    "cancel": ("cluster.cancel", "Cluster"),
}
"""Where each command lives, and the group in which `--help` shows it."""

HELP = {"help_option_names": ["-h", "--help"]}

COMPLETE = "_ATOM_DATA_COMPLETE"
"""Set where a shell asks for completions, which need every command's options."""

UsageError: Any = typer.BadParameter.__base__
"""What is wrong with an option; typer carries a click of its own, and BadParameter is the name it gives out."""


def app(name: str) -> typer.Typer:
    """Return the app with the command `name`, or with all of them where there is none of that name."""
    made = typer.Typer(
        context_settings=HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        help="From crawl shards to training batches, with a receipt for every shard and a reason for every drop.",
        epilog="Start with: atom-data init jsonl my_corpus",
    )
    made.callback()(_version)  # a single command keeps its name, too
    listed = name in ("", *HELP["help_option_names"]) and COMPLETE not in os.environ
    for command in [name] if name in COMMANDS else COMMANDS:
        place, group = COMMANDS[command]
        module, _, function = place.rpartition(".")
        if listed:
            made.command(name=command, rich_help_panel=group, help=_help(module, function))(_nothing)
            continue
        found = getattr(import_module(f"atom_data.commands.{module}"), function)
        if isinstance(found, typer.Typer):
            made.add_typer(found, name=command, rich_help_panel=group, context_settings=HELP)
        else:
            made.command(name=command, rich_help_panel=group, context_settings=HELP)(found)
    return made


def _nothing() -> None:
    """A placeholder for a command in the list of all."""


def _help(module: str, function: str) -> str:
    """Return the `--help` text of a command from its source: importing all commands takes half a second.

    Of a group of commands that is the docstring of its callback.
    """
    tree = ast.parse((Path(__file__).parent / f"{module.replace('.', '/')}.py").read_bytes())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            group = any(ast.unparse(one) == f"{function}.callback()" for one in node.decorator_list)
            if node.name == function or group:
                return ast.get_docstring(node) or ""
    raise LookupError(f"{module}.{function}: no such command")


def _version(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    """Answer --version, which `cli` does before anything is imported where nothing else is asked for."""
