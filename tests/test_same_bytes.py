"""Promise 1: the same recipe over the same inputs gives the same bytes, whatever happens on the way."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.command import ROOT, SAMPLE, atom_data, fingerprint, sample_recipe, start
from tests.killing import killed_runs

RECIPE = ROOT / "pipelines" / "sample.py"


@pytest.mark.parametrize("count", [2, 5])
def test_run_with_more_workers_gives_same_bytes(sample_run: Path, tmp_path: Path, count: int) -> None:
    done = atom_data("run", RECIPE, "--output", tmp_path / "out", "--workers", count)
    assert done.returncode == 0, done.stderr
    assert fingerprint(tmp_path / "out") == fingerprint(sample_run)


def test_run_with_shards_in_another_order_gives_same_bytes(sample_run: Path, tmp_path: Path) -> None:
    files = [str(path) for path in sorted(SAMPLE.glob("*.warc.gz"))]
    mixed = random.Random(7).sample(files, len(files))
    assert mixed != files
    recipe = sample_recipe(tmp_path, f'Warc(*{mixed!r}, source="sample")')
    done = atom_data("run", recipe, "--output", tmp_path / "out", "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert fingerprint(tmp_path / "out") == fingerprint(sample_run)


def test_run_shard_by_shard_as_an_array_gives_same_bytes(sample_run: Path, tmp_path: Path) -> None:
    stages = [
        "extracted",
        "clean",
        "exact/text-hash",
        "exact/groups",
        "exact",
        "exact/guard",
        "exact_deduped",
        "near/band-hashes",
        "near/links",
        "near/clusters",
        "near/candidates",
        "near/confirmed",
        "near",
        "near/guard",
        "fuzzy_deduped",
        "tokens",
    ]
    early = atom_data("run", RECIPE, "-o", tmp_path / "out", "--stage", "clean", "--part", "0/2", "-w", 1)
    assert early.returncode == 1
    assert "stage 'extracted': 6 of 6 shards are not finished" in early.stderr
    for stage in stages:
        for part in ("1/2", "0/2"):
            done = atom_data("run", RECIPE, "-o", tmp_path / "out", "--stage", stage, "--part", part, "-w", 1)
            assert done.returncode == 0, done.stderr
    assert fingerprint(tmp_path / "out") == fingerprint(sample_run)


def test_run_after_twenty_killed_workers_gives_same_bytes(sample_run: Path, tmp_path: Path) -> None:
    for out in killed_runs(tmp_path, RECIPE, kills=20, workers_each=3, rounds=11, pause=0.4, seed=20):
        assert fingerprint(out) == fingerprint(sample_run)


def test_run_interrupted_keeps_finished_shards_and_goes_on(sample_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = start("run", RECIPE, "--output", out, "--workers", 2)
    while run.poll() is None and len(list(out.glob("extracted/receipts/*.json"))) < 2:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert errors.strip().endswith("interrupted: finished shards are kept. Run the same command again to go on.")
    assert "Traceback" not in errors
    assert not list(out.rglob("*.partial"))
    before = {path: path.stat().st_mtime_ns for path in out.glob("extracted/receipts/*.json")}
    assert before
    done = atom_data("run", RECIPE, "--output", out, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before, "a finished shard was rebuilt"
    assert fingerprint(out) == fingerprint(sample_run)
