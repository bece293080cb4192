"""A recipe runs as its file stands, and nothing is left beside it: Python's own bytecode goes by second and size."""

import os
import sys
from pathlib import Path

import pytest

from atom_data.runner.recipe import load_recipe
from tests.command import recipe

RECIPE = """
    from atom_data import Jsonl, Stage

    def stages():
        return (Stage(name={name!r}, reads=Jsonl("data/*.jsonl"), steps=(), writes=("id", "text")),)
"""


def test_an_edit_of_the_same_second_and_size_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = recipe(tmp_path, RECIPE.format(name="first"))
    at = path.stat()
    assert [job.name for job in load_recipe(str(path)).jobs] == ["first"]
    recipe(tmp_path, RECIPE.format(name="other"))
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns))
    assert path.stat().st_size == at.st_size
    assert [job.name for job in load_recipe(str(path)).jobs] == ["other"]
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
