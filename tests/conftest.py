"""Shared by all tests: one finished run of the sample."""

from pathlib import Path

import pytest

from tests.command import ROOT, atom_data


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the sample recipe once, on one worker, and return its output folder. Tests must not change it."""
    out = tmp_path_factory.mktemp("sample") / "out"
    done = atom_data("run", ROOT / "pipelines" / "sample.py", "--output", out, "--workers", 1)
    assert done.returncode == 0, done.stderr
    return out
