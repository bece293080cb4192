"""The server that workers are forked from. It is started before the recipe is run, and is told later what to load.

Between this process and the server there is a pair of sockets: one message goes there, what the jobs need; from
there come how many kernels are compiled so far, where they were not on disk, and an end when workers may be forked.
"""

import contextlib
import ctypes
import functools
import json
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atom_data.runner.needs import Needs

LINE = "ATOM_DATA_LINE"
"""Set in the environment of a server whose standard input is the line."""

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


class Server:
    """The server as the supervisor sees it."""

    def __init__(self, context: ForkServerContext, line: socket.socket) -> None:
        """Take the line to a server that was just started."""
        self.compile_seconds = 0.0
        """What compiling took that was waited for; no part of any task."""
        self._context = context
        self._line = line.makefile("rw", encoding="utf-8")
        self._told = self._ready = False

    @property
    def context(self) -> ForkServerContext:
        """What starts workers; a server without a list loads nothing."""
        self._tell({"modules": (), "kernels": (), "tables": ()})
        return self._context

    def load(self, needs: "Needs") -> None:
        """Tell it what to load; only the first time in a process: workers load what other recipes need besides."""
        self._tell({"modules": needs.modules, "kernels": needs.kernels, "tables": needs.tables})

    def _tell(self, needs: dict[str, tuple[str, ...]]) -> None:
        if not self._told:
            self._told = True
            with contextlib.suppress(OSError):  # it died: the next worker starts another one, which loads nothing
                self._line.write(json.dumps(needs) + "\n")
                self._line.flush()

    def wait(self, compiling: Callable[[int, int], None]) -> None:
        """Wait until it has loaded that; `compiling` is called with kernels compiled and all that must be."""
        if self._ready or not self._told:
            return
        with contextlib.suppress(OSError, ValueError):
            for message in map(json.loads, self._line):
                self.compile_seconds = message["seconds"]
                compiling(message["compiled"], message["kernels"])
        self._ready = True


@functools.cache
def server() -> Server:
    """Return the server of this process, started when it is asked for first: `multiprocessing` has one, too."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["atom_data.runner.warm"])
    resource_tracker.ensure_running()  # the server would start it, and it would hold the line for ever
    ours, theirs = socket.socketpair()
    only = {name: value for name, value in (SMALL_PAGES | {LINE: "0"}).items() if name not in os.environ}
    os.environ.update(only)
    with _short_folder(), _standard_input(theirs):
        forkserver.ensure_running()
    for name in only:
        del os.environ[name]
    return Server(context, ours)


@contextlib.contextmanager
def _standard_input(line: socket.socket) -> Iterator[None]:
    """Let the line be standard input while the server is started: of open files it inherits that one alone."""
    try:
        before = os.dup(0)
    except OSError:  # a service has none
        before = os.open(os.devnull, os.O_RDONLY)
    os.dup2(line.fileno(), 0)
    line.close()
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)


@contextlib.contextmanager
def _short_folder() -> Iterator[None]:
    """Put the server's socket into /tmp when its path in the temporary folder would be too long for a socket."""
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
    """End a worker when its server ends, which ends with the supervisor: its shard is no longer needed.

    The next run, or the supervisor with another server, makes that shard again; both would write it at the same time.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
