"""What is published, read by the libraries that read it: mlcroissant and the hub's `datasets`, in an environment of their own.

    make test-publish        or: python -m pytest tests/publish/peers.py

Not among the tests that `pytest` finds by itself: the environment takes a minute and 0.6 GB.
"""

import importlib.util
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from atom_data.publish.folder import How, publish
from atom_data.workspace import Workspace
from tests.command import ROOT
from tests.publish.corpus import KINDS, WIDE, make_run, passport, with_hidden

LIBRARIES = ("mlcroissant[parquet]==1.1.1", "datasets==5.2.0")


@cache
def python() -> Path:
    """Return the Python of the environment."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "benchmarks" / "environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Path = module.environment("publish", LIBRARIES)
    return made


def ask(hub: Path, scratch: Path) -> dict[str, Any]:
    """Return what the libraries say of a folder."""
    script = Path(__file__).parent / "read_published.py"
    variables = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(scratch), "PATH": "/usr/bin:/bin", "HOME": str(scratch)}
    done = subprocess.run([python(), script, hub], capture_output=True, text=True, check=False, env=variables)
    assert done.returncode == 0, done.stderr[-4_000:]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@pytest.mark.parametrize("hidden", [False, True])
def test_a_small_corpus(tmp_path: Path, hidden: bool) -> None:
    hub = tmp_path / "hub"
    said = passport(tmp_path, with_hidden() if hidden else KINDS, corpus__biases='"none"', corpus__doi='"10.1/2"')
    made = publish(Workspace(str(make_run(tmp_path))), str(hub), said, How(copy=True))
    found = ask(hub, tmp_path / "home")
    assert found["errors"] == [] and found["warnings"] == []
    rows = sum(file.rows for file in made.facts.published)
    assert found["croissant_rows"] == found["hub_rows"] == rows
    assert (rows == made.facts.documents) is not hidden
    assert {name.partition("/")[2] for name in found["croissant_columns"]} >= set(WIDE.names)
    assert set(found["hub_columns"]) == set(found["file_columns"])
    assert found["croissant_texts"] == found["hub_texts"]
    assert found["biases"] == ["none"]


def test_the_sample(sample_run: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    made = publish(Workspace(str(sample_run)), str(hub), passport(tmp_path, {}), How(copy=True))
    found = ask(hub, tmp_path / "home")
    assert found["errors"] == [] and found["warnings"] == []
    assert found["croissant_rows"] == found["hub_rows"] == made.facts.documents
    assert found["croissant_texts"] == found["hub_texts"]
