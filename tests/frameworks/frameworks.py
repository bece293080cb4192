"""The pages of docs/loader.md for Lightning, HF Trainer, torchtitan and Grain, run with the frameworks themselves.

    make test-frameworks        or: python -m pytest tests/frameworks/frameworks.py

Not among the tests that `pytest` finds by itself: their environment takes some minutes and 2 GB.
"""

import importlib.util
import json
import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT
from tests.tokens.corpus import rows, token_run

PAGE = (ROOT / "docs" / "loader.md").read_text()
FRAMEWORKS = (
    "torch==2.13.0", "lightning==2.6.6", "transformers==5.24.0", "accelerate==1.15.0", "grain==0.2.18", "tyro>=1.0",
)  # fmt: skip
"""torch by its exact pin, because other wheels bring CUDA."""
WITHOUT = ("--no-deps", "torchtitan==0.3.0", "torchdata==0.11.0")


@cache
def python() -> Path:
    """Return the Python of the environment, with what our loader needs."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "benchmarks" / "environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    made: Path = module.environment("frameworks", (*FRAMEWORKS, *ours), WITHOUT)
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("frameworks")
    token_run(made, {f"s{i}": rows(200, f"s{i}-") for i in range(2)})
    return made


def run(word: str, folder: Path, answer: str) -> Any:
    """Run the block with a word in it as a program of its own, and return what an expression is after it, as JSON."""
    (block,) = [text for text in re.findall(r"```python\n(.*?)```", PAGE, re.S) if word in text]
    (folder / f"page_of_{word}.py").write_text(f"{block}\nimport json\n\nprint('ANSWER', json.dumps({answer}))\n")
    done = subprocess.run(
        [python(), f"page_of_{word}.py"], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.rpartition("ANSWER ")[2])


def test_lightning_resumes_exactly(folder: Path) -> None:
    assert run("lightning", folder, "model.seen") == list(range(12, 20))


def test_hf_trainer_resumes_exactly(folder: Path) -> None:
    assert run("transformers", folder, "model.seen") == list(range(12, 20))


def test_torchtitan_takes_inputs_and_labels(folder: Path) -> None:
    found = run(
        "torchtitan", folder, "[list(inputs['input'].shape), inputs['input'][0, 1:].tolist() == labels[0, :-1].tolist(), "
        "batches.state_dict()['consumed']]",
    )  # fmt: skip
    assert found == [[4, 128], True, 4]


def test_grain_reads_the_samples_of_a_rank_and_has_a_state(folder: Path) -> None:
    found = run(
        "grain", folder, "[first['sample'].tolist(), next(batches)['sample'].tolist(), "
        "(batches.set_state(state), next(batches)['sample'].tolist())[1]]",
    )  # fmt: skip
    assert found == [[1, 3, 5, 7], [9, 11, 13, 15], [9, 11, 13, 15]]
