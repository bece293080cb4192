"""Worker processes on this machine: a supervisor that hands out tasks and survives the death of any worker."""

import contextlib
import os
import signal
import socket
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from atom_data.errors import DataError
from atom_data.job import Task
from atom_data.runner.needs import Needs
from atom_data.runner.progress import Progress
from atom_data.runner.server import server
from atom_data.runner.worker import Orders, worker_main
from atom_data.storage.partials import sweep
from atom_data.storage.paths import join
from atom_data.terminal.display import Display

STARTS, START_SECONDS = 5, 0.2
"""How often a worker is started where its server dies over it, and the pause between."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    token: str
    task: Task | None = None
    standing: tuple[int, int, int] = (0, 0, 0)


class Workers(Protocol):
    """The workers that do tasks: processes of this machine, or of a Ray cluster."""

    @property
    def leaving(self) -> bool:
        """Tell whether they were asked to stop."""

    def leave(self, seconds: float) -> None:
        """Take no more tasks; those that run get some seconds."""

    def announce(self, display: Display) -> None:
        """Report what will delay the first task."""

    def prepare(self, display: Display) -> None:
        """Prepare for tasks; what takes long is reported, and not counted as time of a task."""

    def run_job(self, name: str, identity: str, progress: Progress) -> None:
        """Do the waiting tasks of a job, until all are finished or failed, or the workers have to leave."""

    def close(self) -> None:
        """End all that runs."""


class Pool:
    """Worker processes that are replaced when they die."""

    def __init__(self, orders: Orders, workers: int, needs: Needs) -> None:
        """Tell the server what to load; workers are started when there is a task for them."""
        self.orders = orders
        self.most = workers
        self.workers: list[_Worker] = []
        self.count = 0
        self.job = ""
        self.leave_at: float | None = None
        self.needs, self.announced = needs, False
        self.server = server()
        self.server.load(needs)

    def announce(self, display: Display) -> None:
        """Say at once where the server will have to compile kernels before workers can start."""
        if self.announced or not self.needs.kernels:
            return
        from atom_data.runner.compiling import said_of_compiling  # noqa: PLC0415 - Numba, which is loaded where there are kernels
        from atom_data.text.signatures import not_compiled  # noqa: PLC0415

        self.announced = True
        if missing := not_compiled(self.needs.kernels):
            display.compiling(0, len(missing), said_of_compiling(len(missing)))

    def prepare(self, display: Display) -> None:
        """Wait until workers can be started, and show how far kernels are that have to be compiled."""
        self.announce(display)
        self.server.wait(lambda compiled, kernels: display.compiling(compiled, kernels, ""))

    def leave(self, seconds: float) -> None:
        """Hand out no more tasks; those that run get some seconds to finish, then they are left for the next run."""
        if self.leave_at is None:
            self.leave_at = time.monotonic() + seconds

    @property
    def leaving(self) -> bool:
        """Tell whether the pool was asked to stop."""
        return self.leave_at is not None

    def run_job(self, name: str, identity: str, progress: Progress) -> None:
        """Run the waiting tasks of a job, until all are finished or failed, or the pool has to leave."""
        self.job = name
        while (progress.waiting and not self.leaving) or any(worker.task for worker in self.workers):
            self._hand_out(name, identity, progress)
            self._listen(progress)
            busy = [worker.standing for worker in self.workers if worker.task]
            progress.show(busy)
            if self.leave_at is not None and time.monotonic() > self.leave_at:
                break

    def _hand_out(self, name: str, identity: str, progress: Progress) -> None:
        if self.leaving:
            return
        wanted = min(self.most, len(progress.waiting) + sum(1 for worker in self.workers if worker.task))
        while len(self.workers) < wanted:
            self.workers.append(self._start())
        for worker in self.workers:
            if worker.task is None and progress.waiting:
                worker.task, worker.standing = progress.waiting.pop(), (0, 0, 0)
                with contextlib.suppress(OSError):  # a worker that just died is met in _listen
                    worker.connection.send((name, worker.task, identity))

    def _start(self) -> _Worker:
        """Start a worker. A server that was killed is started again, but first it must be seen to be gone."""
        for _ in range(STARTS):
            with contextlib.suppress(EOFError, OSError):
                return self._fork()
            time.sleep(START_SECONDS)
        raise DataError(
            f"the server that workers are forked from ended {STARTS} times while it started a worker (out of memory, or of "
            "processes?). Give it more memory or fewer workers, then run again: finished shards are kept."
        )

    def _fork(self) -> _Worker:
        ours, theirs = self.server.context.Pipe()
        self.count += 1
        token = f"{socket.gethostname()}-{os.getpid()}-{self.count}"
        process = self.server.context.Process(target=worker_main, args=(theirs, self.orders, token), daemon=True)
        try:
            process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return _Worker(process, ours, token)

    def _listen(self, progress: Progress) -> None:
        handles: list[Any] = [worker.connection for worker in self.workers]
        handles += [worker.process.sentinel for worker in self.workers]
        ready = wait(handles, timeout=0.5)
        for worker in list(self.workers):
            if worker.connection in ready:
                self._receive(worker, progress)
            elif worker.process.sentinel in ready:
                self._bury(worker, progress)

    def _receive(self, worker: _Worker, progress: Progress) -> None:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(worker, progress)
            return
        task = worker.task
        if task is None:
            return
        if message[0] == "progress":
            worker.standing = message[1:]
            return
        worker.task = None
        if message[0] == "done":
            progress.done(task, message[1])
        else:
            progress.failed(task, message[2].strip(), again=message[1])

    def _bury(self, worker: _Worker, progress: Progress) -> None:
        worker.process.join()
        self.workers.remove(worker)
        worker.connection.close()
        if worker.task is not None:
            sweep(join(self.orders.out, self.job), worker.token)
            progress.failed(worker.task, _death(worker.process.exitcode), again=True)

    def close(self) -> None:
        """End all workers at once; only unfinished shards are lost, and each worker removes what it had begun."""
        for worker in self.workers:
            if worker.process.is_alive():  # its server reaps it, and its number may be another's by now
                worker.process.terminate()
        for worker in self.workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.connection.close()
            if worker.task is not None and (worker.process.exitcode or 0) < 0:
                sweep(join(self.orders.out, self.job), worker.token)
        self.workers = []


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in signal.Signals._value2member_map_ else f"signal {-code}"
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"the worker was ended by {name}{hint}. Give it more memory or fewer workers, then run again."
    return f"the worker ended with exit code {code}. Look at the lines above, then run again."
