"""Lines that are read without typer: each command is called with what typer calls it with, or typer is left to read the line."""

import inspect
import random
import subprocess
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from importlib import import_module
from types import FunctionType
from typing import Any, get_args, get_origin

import pytest
import typer

from atom_data.commands.app import COMMANDS, HELP
from atom_data.commands.options import Log
from atom_data.commands.plain import NotPlain, plain_call, plain_values
from atom_data.commands.run import run
from tests.command import atom_data

LINES = 60
BY_TYPER_ALONE = {"train-tokenizer", "train-extractor", "dedup-eval", "mix", "dedup-index"}
"""Commands that take any number of files, or have commands of their own."""
WORDS = (
    "out",
    "a/b.py",
    "0",
    "7",
    "3.5",
    "-1",
    "text",
    "json",
    "slurm",
    "x=1",
    "",
    "--jobs",
    "nan",
    "1e3",
    "٣",
    "1_0",
    "a b",
)


def commands() -> dict[str, FunctionType]:
    found = {}
    for name, (place, _) in COMMANDS.items():
        module, _, function = place.rpartition(".")
        thing = vars(import_module(f"atom_data.commands.{module}"))[function]
        if isinstance(thing, FunctionType):
            found[name] = thing
    return found


def by_typer(function: Callable[..., object], words: list[str]) -> dict[str, Any] | None:
    """Return what typer calls a command with, and None where it refuses."""
    taken: dict[str, Any] = {}

    @wraps(function)
    def note(**values: Any) -> None:
        taken.update(values)

    app = typer.Typer(context_settings=HELP)
    app.callback()(lambda: None)
    app.command(name="it")(note)
    try:
        app(args=["it", *words], standalone_mode=False)
    except typer.BadParameter.__base__:
        return None
    return taken


def named(function: Callable[..., object]) -> list[str]:
    """Return the names of the options of a command, as its help lists them."""
    command = typer.main.get_command_from_info(
        typer.models.CommandInfo(callback=function), pretty_exceptions_short=True, rich_markup_mode=None
    )
    return [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]


def line(function: Callable[..., object], draw: random.Random) -> list[str]:
    """Return words that may be a line of this command: mostly its own options, with values of any kind."""
    choices = [
        [one.value for one in kind]
        for parameter in inspect.signature(function).parameters.values()
        for kind in get_args(parameter.annotation)[:1]
        if isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, StrEnum)
    ]
    parameters = inspect.signature(function).parameters.values()
    needed = [f"--{one.name}" for one in parameters if one.default is inspect.Parameter.empty]
    words = (
        [word for name in needed if name in named(function) for word in (name, "out")] if draw.random() < 0.8 else []
    )
    for _ in range(draw.randrange(5)):
        if draw.random() < 0.6:
            words.append(draw.choice(named(function)))
        if draw.random() < 0.8:
            words.append(
                draw.choice([*WORDS[: draw.choice((5, len(WORDS)))], *(one for each in choices for one in each)])
            )
    return words


@pytest.mark.parametrize("name", sorted(set(commands()) - BY_TYPER_ALONE))
def test_a_plain_line_means_what_typer_reads(name: str) -> None:
    function, draw, plain = commands()[name], random.Random(name), 0
    for _ in range(LINES * 5):
        words = line(function, draw)
        try:
            values = plain_values(function, words)
        except NotPlain:
            continue
        plain += 1
        defaults = {key: one.default for key, one in inspect.signature(function).parameters.items()}
        assert {**defaults, **values} == by_typer(function, words), words
        if plain == LINES:
            break
    assert plain > 2, "hardly any line is plain"


def test_what_a_run_is_given_has_its_type() -> None:
    words = "x.py -o out -w 1 --set a=b --set c= --no-progress --log json --check-hashes --tasks 3"
    assert plain_values(run, words.split()) == {
        "recipe": "x.py", "output": "out", "workers": 1, "given": ["a=b", "c="], "progress": False, "log": Log.json,
        "check_hashes": True, "tasks": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "x.py --output=out", "x.py --outp out", "x.py -oout", "x.py --", "x.py y.py", "--output out", "x.py --output",
        "x.py -o a -o b", "x.py --jobs --jobs", "x.py --workers -1", "x.py --workers 1.0", "x.py --workers x",
        "x.py --log loud", "x.py --log JSON", "x.py --help", "x.py --unknown", "x.py --no-jobs --jobs",
    ],
)  # fmt: skip
def test_what_leaves_a_question_is_left_to_typer(words: str) -> None:
    with pytest.raises(NotPlain):
        plain_values(run, words.split())


def test_completion_and_lists_of_commands_are_left_to_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plain_call(["status", "out"]) is not None
    for words in ([], ["--help"], ["nothing"], ["mix", "plan"], ["status"]):
        assert plain_call(words) is None
    monkeypatch.setenv("_ATOM_DATA_COMPLETE", "complete_bash")
    assert plain_call(["status", "out"]) is None


def test_a_plain_line_loads_no_pydantic() -> None:
    code = (
        "import sys, atom_data.cli as c\nsys.argv = ['atom-data', 'list', 'cards']\nc.main()\n"
        "sys.stderr.write(str('pydantic' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "False"
    assert done.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    for words in ("list signals", "list signals --help"):
        done = subprocess.run(
            f"{sys.executable} -m atom_data {words} | head -c 1 && echo ${{PIPESTATUS[0]}}",
            shell=True, executable="/bin/bash", capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr == ""


def test_mistakes_are_said_as_before() -> None:
    done = atom_data("status", "out", "--jbos")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such option: --jbos" in done.stderr
