"""A fork of this process in place of a new Python, for the two processes that multiprocessing starts for itself.

These are the server that workers are forked from, and one that tidies up what processes share. Each is a line of Python that
`multiprocessing.util.spawnv_passfds` hands to a new interpreter, with the files that it may have. A fork runs the same line and
has everything imported that this process has. A Python that starts them in another way starts them as it does.
"""

import contextlib
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from multiprocessing import forkserver, resource_tracker, util
from pathlib import Path
from typing import Any, NoReturn

TASKS = Path("/proc/self/task")
STANDARD = (0, 1, 2)
NAME = 15
"""So many bytes has the name of a process (proc_pid_comm(5))."""


def can_fork() -> bool:
    """Tell whether a fork is known to work: on Linux, where this process has one thread, and where Python has what is replaced.

    Other threads would not be in the fork, and what they hold would stay locked there.
    """
    places: tuple[tuple[Any, str], ...] = (
        (util, "spawnv_passfds"),
        (forkserver, "_forkserver"),
        (resource_tracker, "_resource_tracker"),
    )
    if sys.platform != "linux" or not all(name in vars(place) for place, name in places):
        return False
    try:
        return len([*TASKS.iterdir()]) == 1
    except OSError:
        return False


@contextlib.contextmanager
def forked() -> Iterator[None]:
    """Have multiprocessing fork this process where it would start a Python."""
    before = util.spawnv_passfds
    util.spawnv_passfds = _fork
    try:
        yield
    finally:
        util.spawnv_passfds = before


def _fork(path: object, args: Sequence[Any], passfds: Sequence[int]) -> int:
    """Fork, and return the number of the child, which runs the line behind `-c`. What the arguments are named, Python says."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()  # or the child would write it once more
    return os.fork() or _become(args[-1], passfds)


def _become(line: str, files: Sequence[int]) -> NoReturn:
    """Run a line as a new Python would that was given these files; never return, for what called this belongs to the parent."""
    code = 1
    try:
        _close_others(files)
        with contextlib.suppress(OSError):
            Path("/proc/self/comm").write_text(_name(line))
        _forget()
        exec(line, {})
        code = 0
    except SystemExit:
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _close_others(files: Sequence[int]) -> None:
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number not in STANDARD and number not in files:
            with contextlib.suppress(OSError):  # that of the folder just listed
                os.close(number)


def _name(line: str) -> str:
    """Return what a list of processes shows: the module that the line is from."""
    return line.split()[1].rpartition(".")[2][:NAME]


def _forget() -> None:
    """Drop what this process knows of the processes that it started, locks that it holds, and where its temporary files are."""
    for known in (vars(forkserver)["_forkserver"], vars(resource_tracker)["_resource_tracker"]):
        known.__init__()
    tempfile.tempdir = None
