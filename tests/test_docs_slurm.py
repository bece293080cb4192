"""docs/slurm.md says nothing that the command line does not know; its blocks run in tests/slurm/test_page.py."""

import re
from pathlib import Path

import pytest

from atom_data.cluster.profile import load_profile
from tests.command import ROOT, atom_data

PAGE = (ROOT / "docs" / "slurm.md").read_text()
SAID = sorted(set(re.findall(r"atom-data ([a-z-]+)([^`\n#]*)", PAGE)))


def test_every_option_that_the_page_names_is_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    commands = {name for name, _ in SAID}
    assert {"check", "run", "status", "logs", "cancel", "verify", "fingerprint", "peek"} <= commands
    known = {name: atom_data(name, "--help").stdout for name in commands}
    for name, rest in SAID:
        for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", known[name]), f"atom-data {name} has no {option}"
    for option in re.findall(r"`(--[a-z-]+)", PAGE):
        assert f"{option} " in known["run"] + known["status"] + known["logs"], option


def test_profile_of_the_page_is_one(tmp_path: Path) -> None:
    text = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    assert len(text) == 1
    (tmp_path / "cluster.toml").write_text(text[0])
    profile = load_profile(str(tmp_path / "cluster.toml"))
    assert (profile.tasks, profile.workers_per_task, profile.settings()["mem"]) == (500, 8, "16G")


def test_messages_that_the_page_quotes_are_said_somewhere() -> None:
    sources = "".join(path.read_text() for path in sorted((ROOT / "atom_data").rglob("*.py")))
    for message in (
        "the worker was ended by", "(out of memory?)", "the time is up", "Trying again.", "cannot be written",
        "the recipe is not the one that was submitted", "jobs of it are still in the queue", "input changed",
    ):  # fmt: skip
        assert message in PAGE
        assert message in sources, message
