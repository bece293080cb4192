"""What the workers' server loads is what its workers need: they load no kernel of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT
from tests.runner.kinds import KINDS


@pytest.fixture(scope="module")
def loaded_by_workers() -> dict[str, list[str]]:
    """Return what the workers of a recipe of each kind load that the server has not."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.runner.kinds", "all"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("kind", ["sample", *KINDS])
def test_workers_load_no_kernel_that_the_server_has_not(kind: str, loaded_by_workers: dict[str, list[str]]) -> None:
    assert loaded_by_workers[kind] == [], "run `make kernels` when a kernel or what it takes is new"


LARGE = """
import ctypes, os
from atom_data.runner.server import server

def look(connection):
    import pyarrow as pa
    connection.send((os.environ.get("MIMALLOC_ALLOW_THP"), ctypes.CDLL(None).prctl(42, 0, 0, 0, 0),
                     pa.default_memory_pool().backend_name))

if __name__ == "__main__":
    context = server().context
    ours, theirs = context.Pipe()
    process = context.Process(target=look, args=(theirs,))
    process.start()
    print(ours.recv(), "MIMALLOC_ALLOW_THP" in os.environ, "ATOM_DATA_LINE" in os.environ)
    process.join()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="pages of 2 MB are Linux's")
def test_only_arrow_does_without_large_pages_in_workers(tmp_path: Path) -> None:
    (tmp_path / "look.py").write_text(LARGE, "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "MIMALLOC_ALLOW_THP"}
    done = subprocess.run(
        [sys.executable, "look.py"], cwd=tmp_path, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "('0', 0, 'mimalloc') False False"
