"""`atom-data --help` shows every command, and imports none of them."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from atom_data.commands.app import app
from tests.command import ROOT

HEAVY = ("numba", "pyarrow", "duckdb", "numpy")


def test_list_of_commands_says_what_the_commands_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    listed, whole = (CliRunner().invoke(app(name), ["--help"]) for name in ("", "no-such-command"))
    assert listed.exit_code == whole.exit_code == 0
    assert listed.output == whole.output


def test_help_imports_nothing_heavy() -> None:
    script = f"import sys; from atom_data.commands.app import app; app('--help'); print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
