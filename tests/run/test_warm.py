"""What the workers' server loads is what its workers need: they load no kernel of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import ROOT

NEAR = """
from atom_data import Copies, MinHash, Parquet, Stage, keep

def stages():
    copies = Copies(of=Parquet("documents"), by=MinHash())
    return (Stage(name="unique", reads=copies, steps=(keep("first_near_copy"),), writes=("id", "text")),)
"""

RUN = """
import os, sys
from numba.core.dispatcher import Dispatcher
import atom_data.run.warm
from atom_data.run.recipe import load_recipe
from atom_data.run.worker import do_task
from atom_data.workspace import Workspace

def loaded():
    kernels = {kernel for name, module in [*sys.modules.items()] if name.startswith("atom_data")
               for kernel in vars(module).values() if isinstance(kernel, Dispatcher)}
    return {f"{kernel.py_func.__name__}{signature}" for kernel in kernels for signature in kernel.signatures}

before = loaded()
for job in load_recipe(os.environ["ATOM_DATA_RECIPE"]).jobs:
    for task in job.tasks(Workspace("out")):
        do_task(job, task, Workspace("out", "token"), lambda *_: None)
print(*sorted(loaded() - before), sep="\\n")
"""


@pytest.mark.parametrize("recipe", ["near", "sample"])
def test_workers_load_no_kernel_that_the_server_has_not(tmp_path: Path, recipe: str) -> None:
    path = ROOT / "pipelines" / "sample.py"
    if recipe == "near":
        (tmp_path / "documents").mkdir()
        texts = [" ".join(f"word{number % 7 * step}" for step in range(40)) for number in range(20)]
        pq.write_table(pa.table({"text": texts}), tmp_path / "documents" / "part.parquet")
        path = tmp_path / "near.py"
        path.write_text(NEAR, "utf-8")
    environment = {**os.environ, "ATOM_DATA_RECIPE": str(path)}
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


LARGE = """
import ctypes, os
from atom_data.run.server import warm_up

def look(connection):
    import pyarrow as pa
    connection.send((os.environ.get("MIMALLOC_ALLOW_THP"), ctypes.CDLL(None).prctl(42, 0, 0, 0, 0),
                     pa.default_memory_pool().backend_name))

if __name__ == "__main__":
    context = warm_up()
    ours, theirs = context.Pipe()
    process = context.Process(target=look, args=(theirs,))
    process.start()
    print(ours.recv(), "MIMALLOC_ALLOW_THP" in os.environ, "ATOM_DATA_RECIPE" in os.environ)
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
