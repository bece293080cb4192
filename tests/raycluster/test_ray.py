"""A recipe on a real Ray cluster of two nodes: the same bytes as here, and failures that end in exit code 1."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import POISON, ROOT, Done, atom_data, fingerprint, poisoned, recipe
from tests.own import write_page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A head node and a second one, each with one core."""
    from ray.cluster_utils import Cluster

    nodes = {"num_cpus": 1, "object_store_memory": 100 << 20, "env_vars": {"PYTHONPATH": str(ROOT)}}
    os.environ["PYTHONPATH"] = str(ROOT)
    cluster = Cluster(initialize_head=True, head_node_args=nodes)
    cluster.add_node(**nodes)
    cluster.wait_for_nodes()
    yield cluster.address
    cluster.shutdown()


def on_ray(address: str, path: Path, out: Path, *more: object) -> Done:
    """Run the command as a process of its own, which joins the cluster."""
    command = [sys.executable, "-m", "atom_data.cli", "run", path, "-o", out, "--on", "ray", *more]
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, "RAY_ADDRESS": address, "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return poisoned(tmp_path)


def test_sample_on_two_nodes_gives_the_same_bytes(address: str, sample_run: Path, tmp_path: Path) -> None:
    done = on_ray(address, ROOT / "pipelines" / "sample.py", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert fingerprint(tmp_path / "out") == fingerprint(sample_run)


def test_a_source_and_a_pass_of_ones_own_give_the_same_bytes(address: str, tmp_path: Path) -> None:
    path = write_page(tmp_path)
    for name in ("forum/*.db", "few_per_domain.toml"):  # workers are elsewhere
        path.write_text(path.read_text().replace(name, str(tmp_path / name)))
    done = on_ray(address, path, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert atom_data("run", path, "-o", tmp_path / "here", "-w", 1).returncode == 0
    assert fingerprint(tmp_path / "out") == fingerprint(tmp_path / "here")


def test_shard_that_raises_is_reported(address: str, folder: Path) -> None:
    path = recipe(folder, POISON.format(step="divide", what="1 / 0", folder=str(folder / "in")))
    done = on_ray(address, path, folder / "out")
    assert done.returncode == 1
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "1 shard failed (first/part-1.jsonl)" in done.stderr
    assert len(list((folder / "out" / "first" / "receipts").glob("*.json"))) == 3
    assert not (folder / "out" / "second").exists()


def test_killed_worker_is_tried_again_and_reported(address: str, folder: Path) -> None:
    path = recipe(folder, POISON.format(step="die", what="os.kill(os.getpid(), 9)", folder=str(folder / "in")))
    done = on_ray(address, path, folder / "out", "--retries", 1)
    assert done.returncode == 1
    assert "first/part-1.jsonl: Ray lost its process" in done.stderr
    assert "(tried 2 times)" in done.stderr
    assert not (folder / "out" / "second").exists()


def test_worker_killed_once_costs_nothing(address: str, folder: Path) -> None:
    mark = folder / "died"
    what = f"os.path.exists({str(mark)!r}) or (open({str(mark)!r}, 'w').close(), os.kill(os.getpid(), 9))"
    path = recipe(folder, POISON.format(step="die_once", what=what, folder=str(folder / "in")))
    done = on_ray(address, path, folder / "out", "--retries", 1)
    assert done.returncode == 0, done.stderr
    assert mark.exists()
    assert len(list((folder / "out" / "second" / "receipts").glob("*.json"))) == 4


def test_interrupt_ends_the_run(address: str, folder: Path) -> None:
    what = "__import__('time').sleep(60)"
    path = recipe(folder, POISON.format(step="sleep", what=what, folder=str(folder / "in")))
    command = [sys.executable, "-m", "atom_data.cli", "run", str(path), "-o", str(folder / "out"), "--on", "ray"]
    environment = {**os.environ, "RAY_ADDRESS": address, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    end = time.monotonic() + 90
    while len(list((folder / "out").glob("first/receipts/*.json"))) < 3 and time.monotonic() < end:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted: finished shards are kept" in errors
