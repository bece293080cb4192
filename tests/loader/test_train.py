"""A training run on the sample, stopped and resumed at another world size, has the losses of one that never stopped."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT

pytest.importorskip("torch")


def train(tokens: Path, losses: Path, *options: object) -> list[float]:
    command = [
        sys.executable,
        ROOT / "pipelines" / "train_tiny.py",
        tokens,
        "--losses",
        losses,
        "--length",
        32,
        *options,
    ]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    found: list[float] = json.loads(losses.read_text())
    return found


@pytest.mark.slow
def test_resumed_at_another_world_size_the_losses_are_the_same(sample_run: Path, tmp_path: Path) -> None:
    tokens, half = sample_run / "tokens", tmp_path / "half.pt"
    whole = train(tokens, tmp_path / "whole.json", "--steps", 16, "--world", 2)
    first = train(tokens, tmp_path / "first.json", "--steps", 8, "--world", 2, "--save", half)
    second = train(tokens, tmp_path / "second.json", "--steps", 16, "--world", 3, "--load", half, "--workers", 1)
    assert (len(whole), len(first), len(second)) == (16, 8, 8)
    # Rounding alone differs: the same numbers are added in another order.
    assert first + second == pytest.approx(whole, rel=1e-5)
    assert whole[-1] < whole[0] - 0.3, "it learns"
