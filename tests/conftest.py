"""Shared by all tests: one finished run of the sample."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.command import ROOT, atom_data

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=2000, deadline=None)


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the sample recipe once, on one worker, and return its output folder. Tests must not change it."""
    out = tmp_path_factory.mktemp("sample") / "out"
    done = atom_data("run", ROOT / "pipelines" / "sample.py", "--output", out, "--workers", 1)
    assert done.returncode == 0, done.stderr
    return out


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name bytes by their argument: gzip puts the second into them, and every process must collect the same tests."""
    return argname if isinstance(val, bytes) else None
