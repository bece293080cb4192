"""The server that workers are forked from is killed: its workers end, others take their place, and nothing is lost."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

import pytest

from atom_data.errors import DataError
from atom_data.runner.needs import Needs
from atom_data.runner.pool import Pool
from atom_data.runner.worker import Orders
from tests.command import ROOT, atom_data, children, fingerprint, hit, recipe, start, workers

RECIPE = """
    import os
    import time
    from pathlib import Path

    from atom_data import Jsonl, Stage

    def slowly(batch):
        if batch.num_rows and not os.path.exists({quick!r}):
            time.sleep(900)
        return batch

    def stages():
        return (Stage(name="first", reads=Jsonl({folder!r}), steps=(slowly,)),)
"""


def until(true: object, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_of_a_killed_server_end_and_others_take_their_place(tmp_path: Path, number: int) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.jsonl").write_text(json.dumps({"id": name, "text": "text"}) + "\n")
    path = recipe(tmp_path, RECIPE.format(folder=str(tmp_path / "in"), quick=str(tmp_path / "quick")))
    run = start("run", path, "-o", tmp_path / "out", "-w", 2)
    until(lambda: len(list((tmp_path / "out" / "first").glob("*.partial"))) == 2)
    before = workers(run)
    assert len(before) == 2
    (tmp_path / "quick").touch()
    [server] = servers(run.pid)
    assert hit(server, number, lambda: servers(run.pid))
    until(lambda: not any(is_there(pid) for pid in before))
    _, said = run.communicate(timeout=300)
    assert run.returncode == 0, said
    assert not list((tmp_path / "out").rglob("*.partial"))
    assert fingerprint(tmp_path / "out")
    assert atom_data("verify", tmp_path / "out").stderr == ""


def test_a_server_that_dies_whenever_it_starts_a_worker_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped first, so that it cannot answer before it is killed."""
    connect, asked = forkserver.connect_to_new_process, []

    def to_a_dying_server(files: list[int]) -> object:
        forkserver.ensure_running()
        pid = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
        os.kill(pid, signal.SIGSTOP)
        made = connect(files)
        os.kill(pid, signal.SIGKILL)
        asked.append(pid)
        return made

    monkeypatch.setattr("multiprocessing.forkserver.connect_to_new_process", to_a_dying_server)
    monkeypatch.setattr("atom_data.runner.pool.START_SECONDS", 0.5)
    pool = Pool(Orders(str(tmp_path / "recipe.py"), str(tmp_path / "out")), 1, Needs((), (), ()))
    with pytest.raises(DataError, match=r"ended 5 times while it started a worker .* finished shards are kept"):
        pool._start()
    assert len(set(asked)) == 5


SWALLOWED = """
import ctypes, os, signal, sys, time
from atom_data.runner import worker

worker.end_when_told()
back = ctypes.CFUNCTYPE(None)(lambda: os.kill(os.getpid(), signal.SIGTERM))
back()
print("not ended yet", flush=True)
time.sleep(60)
"""


def test_a_worker_ends_although_the_exception_was_thrown_away() -> None:
    """Where a library calls back, as llvmlite does when it loads a kernel, Python prints an exception and goes on."""
    ended = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + signal.SIGTERM, "not ended yet\n", "")


def servers(parent: int) -> list[int]:
    found = []
    for pid in children(parent):
        with contextlib.suppress(OSError):
            if any(b"forkserver" in Path(f"/proc/{pid}/{file}").read_bytes() for file in ("cmdline", "comm")):
                found.append(pid)
    return found


FORKED_FOR_NOTHING = """
import os, sys
from multiprocessing import forkserver
from atom_data.runner.server import server
server().context
reading, writing = forkserver.connect_to_new_process([])
forkserver.read_signed(reading)
os.close(writing)
print(forkserver.read_signed(reading))
"""


def test_a_worker_that_nobody_gives_a_task_ends_without_a_word() -> None:
    """A server or supervisor that is killed between the fork and the task: that a pipe is empty is no fault to read of."""
    done = subprocess.run(
        [sys.executable, "-c", FORKED_FOR_NOTHING], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("1", "")
