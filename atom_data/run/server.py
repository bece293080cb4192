"""The server that workers are forked from. It can be started before anything that takes long to import."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

RECIPE = "ATOM_DATA_RECIPE"
"""How the server learns of the recipe: an environment variable, as its modules are imported without arguments."""

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MIMALLOC_PURGE_DELAY": "10000"}
"""What workers have where the user says nothing else: a worker is a core, so Arrow and BLAS have one thread in it, as Ray
has it too; and Arrow keeps freed memory for ten seconds in place of one, as giving it back stops all threads of a worker."""

SMALL_PAGES = {"MIMALLOC_ALLOW_THP": "0"}
"""What the server has besides: Arrow takes and leaves buffers all the time, and to clear 2 MB for each beginning of one was
a fifth of a whole job's time. Arrow's allocator forbids large pages for its whole process, so see `allow_huge_pages`."""
SET_THP_DISABLE = 41
"""PR_SET_THP_DISABLE of Linux's prctl."""

SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""

SOCKET_PATH = 107
"""So many bytes may the path of a socket have (unix(7)); a cluster's temporary folders are long."""
SOCKET_NAME = len("/pymp-12345678/listener-12345678")
"""What multiprocessing adds to the temporary folder."""


def warm_up(recipe: str = "") -> ForkServerContext:
    """Start the server, if it is not there yet; it loads what the recipe needs, or all, while the caller goes on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["atom_data.run.warm"])
    only = {name: value for name, value in (SMALL_PAGES | {RECIPE: recipe}).items() if name not in os.environ}
    os.environ.update(only)
    with _short_folder():
        forkserver.ensure_running()
    for name in only:
        del os.environ[name]
    return context


@contextlib.contextmanager
def _short_folder() -> Iterator[None]:
    """Let the server's socket lie in /tmp where its path in the temporary folder would be too long for a socket."""
    before = tempfile.gettempdir()
    if len(os.fsencode(before)) + SOCKET_NAME > SOCKET_PATH:
        tempfile.tempdir = "/tmp"
    try:
        yield
    finally:
        tempfile.tempdir = before


def allow_huge_pages() -> None:
    """Allow what Arrow's allocator forbade: large tables that are looked up at random (NumPy's, an encoder's) need them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_THP_DISABLE, 0, 0, 0, 0)


def end_with_server() -> None:
    """Have a worker ended when its server ends, which ends with the supervisor: nobody waits for its shard any more.

    The next run, or the supervisor with another server, makes that shard again; both would write it at the same time.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
