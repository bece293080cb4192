"""The pages of docs/loader.md for Lightning, HF Trainer, Megatron, torchtitan and Grain, run with the frameworks themselves.

    make test-frameworks        or: python -m pytest tests/frameworks/frameworks.py

Not among the tests that `pytest` finds by itself: their environments take some minutes and 4 GB.
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

from atom_data.loader import Samples, TokenShards
from tests.command import ROOT
from tests.tokens.corpus import rows, token_run

PAGE = (ROOT / "docs" / "loader.md").read_text()
FRAMEWORKS = (
    "torch==2.13.0", "lightning==2.6.6", "transformers==5.24.0", "accelerate==1.15.0", "grain==0.2.18", "tyro>=1.0",
)  # fmt: skip
"""torch by its exact pin, because other wheels bring CUDA."""
WITHOUT = ("--no-deps", "torchtitan==0.3.0", "torchdata==0.11.0")
MEGATRON = ("torch==2.13.0", "numpy", "triton", "packaging")
WITHOUT_MEGATRON = ("--no-deps", "--ignore-requires-python", "megatron-core==0.19.2")
"""It says that it needs Python 3.12, and has a wheel for 3.11; its other requirements are those of GPUs."""


@cache
def python(name: str = "frameworks") -> Path:
    """Return the Python of an environment, with what our loader needs."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "benchmarks" / "environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    first, then = (MEGATRON, WITHOUT_MEGATRON) if name == "megatron-loader" else (FRAMEWORKS, WITHOUT)
    made: Path = module.environment(name, (*first, *ours), then)
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("frameworks")
    token_run(made, {f"s{i}": rows(200, f"s{i}-") for i in range(2)})
    return made


def block_of(word: str) -> str:
    """Return the block of the page with a word in it."""
    (block,) = [str(text) for text in re.findall(r"```python\n(.*?)```", PAGE, re.S) if word in text]
    return block


def run(word: str, folder: Path, answer: str) -> Any:
    """Run the block with a word in it as a program of its own, and return what an expression is after it, as JSON."""
    block = block_of(word)
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


def megatron(folder: Path, world: int, consumed: int, steps: int) -> list[dict[str, Any]]:
    """Return what Megatron's loops got from our loader on each of the data-parallel ranks."""
    (folder / "page_of_megatron.py").write_text(block_of("megatron"))
    (folder / "rendezvous").unlink(missing_ok=True)
    script = ROOT / "tests" / "frameworks" / "run_megatron.py"
    ranks = [
        subprocess.Popen(
            [python("megatron-loader"), script, *map(str, (rank, world, consumed, steps))], cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(world)
    ]  # fmt: skip
    said = [rank.communicate(timeout=300) for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0] * world, said[0][1][-4_000:]
    return [json.loads(output.rpartition("ANSWER ")[2].splitlines()[0]) for output, _ in said]


def test_megatron_takes_the_loader_as_external_and_resumes_at_another_size(folder: Path) -> None:
    first = megatron(folder, world=2, consumed=0, steps=3)
    assert [one["samples"] for one in first] == [[[0, 1], [4, 5], [8, 9]], [[2, 3], [6, 7], [10, 11]]]
    resumed = megatron(folder, world=1, consumed=12, steps=2)
    assert resumed[0]["samples"] == [[12, 13], [14, 15]]
    names = ("labels", "loss_mask", "position_ids", "tokens")
    assert first[0]["shapes"] == [[name, 2, 128] for name in names] and first[0]["trains"]
    ours = Samples(TokenShards(str(folder / "out" / "tokens"), sequence_length=128), seed=1)
    for answer in (*first, *resumed):
        for numbers, tokens, masked in zip(answer["samples"], answer["tokens"], answer["masked"], strict=True):
            samples = [ours[number] for number in numbers]
            assert tokens == [sample["input_ids"].tolist() for sample in samples]
            assert masked == sum(int((sample["labels"] < 0).sum()) for sample in samples)
    states = sorted((folder / "saved").rglob("*.pt"))
    assert [path.name for path in states if "0000003" in str(path)] == [
        "train_dataloader_dprank000.pt",
        "train_dataloader_dprank001.pt",
    ]


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
