"""Ray: the tasks of a recipe on the cluster that RAY_ADDRESS names, or on this machine where it names none.

Ray only carries tasks. What is done is said by receipts; a failed task is a failure here and ends in exit code 1.
"""

import os
import socket
import time
from functools import cache
from pathlib import Path
from typing import Any

from atom_data.errors import ConfigError
from atom_data.job import Task
from atom_data.runner.needs import needs
from atom_data.runner.progress import Progress
from atom_data.runner.recipe import load_recipe
from atom_data.runner.settings.parameters import as_values
from atom_data.runner.worker import Orders, do_task, judged, unchanged_job
from atom_data.terminal.display import Display
from atom_data.text.signatures import load
from atom_data.workspace import Workspace

try:
    import ray
    from ray.exceptions import RayError
except ImportError as missing:
    raise ConfigError("--on ray: Ray is not installed. Run: pip install 'atom-data[ray]'.") from missing


class RayWorkers:
    """Tasks on a Ray cluster, one core each; a task whose process dies is handed out again."""

    def __init__(self, orders: Orders, workers: int) -> None:
        """Join the cluster; `workers` tasks run at a time, or as many as it has cores when 0."""
        ray.init(log_to_driver=False, ignore_reinit_error=True)
        self.orders = orders
        self.most = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        self.remote = ray.remote(num_cpus=1, max_retries=0)(_do)
        self.running: dict[Any, Task] = {}
        self.leave_at: float | None = None

    @property
    def leaving(self) -> bool:
        """Tell whether the workers were asked to stop."""
        return self.leave_at is not None

    def leave(self, seconds: float) -> None:
        """Hand out no more tasks; those that run get some seconds to finish."""
        if self.leave_at is None:
            self.leave_at = time.monotonic() + seconds

    def announce(self, display: Display) -> None:
        """Nothing: see `prepare`."""

    def prepare(self, display: Display) -> None:
        """Nothing: each process of the cluster loads kernels before its first task."""

    def run_job(self, name: str, identity: str, progress: Progress) -> None:
        """Run the waiting tasks of a job, until all are finished or failed, or the time is up."""
        while (progress.waiting and not self.leaving) or self.running:
            while progress.waiting and len(self.running) < self.most and not self.leaving:
                task = progress.waiting.pop()
                self.running[self.remote.remote(self.orders, str(Path.cwd()), name, task, identity)] = task
            ready, _ = ray.wait(list(self.running), num_returns=1, timeout=0.5)
            for reference in ready:
                self._receive(self.running.pop(reference), reference, progress)
            progress.show([(0, 0, 0)] * len(self.running))
            if self.leave_at is not None and time.monotonic() > self.leave_at:
                break

    def _receive(self, task: Task, reference: Any, progress: Progress) -> None:  # noqa: ANN401 - a type of Ray
        try:
            answer = ray.get(reference)
        except RayError as error:
            what = (str(error).strip().splitlines() or [type(error).__name__])[0]
            progress.failed(task, f"Ray lost its process: {what}", again=True)
            return
        if answer[0] == "done":
            progress.done(task, answer[1])
        else:
            progress.failed(task, answer[2].strip(), again=answer[1])

    def close(self) -> None:
        """End what runs, and leave the cluster."""
        for reference in self.running:
            ray.cancel(reference, force=True)
        self.running = {}
        ray.shutdown()


def _do(orders: Orders, folder: str, name: str, task: Task, identity: str) -> tuple[Any, ...]:
    """Do one task in a process of the cluster; paths of the recipe are relative to `folder`, as on the driver."""
    os.chdir(folder)
    workspace = Workspace(orders.out, f"{socket.gethostname()}-{ray.get_runtime_context().get_task_id()}")
    try:
        recipe = load_recipe(orders.recipe, orders.given)
        job = unchanged_job(recipe, name, identity)
        _load(orders.recipe, tuple(orders.given.items()))
        done = do_task(job, task, workspace, lambda documents, read, kept: None, as_values(recipe.values), identity)
        return ("done", done.slim())
    except Exception as error:
        return ("failed", *judged(error, task, workspace))


@cache
def _load(recipe: str, given: tuple[tuple[str, str], ...]) -> None:
    """Load the kernels of a recipe once in a process, before the time of its first task begins."""
    for kernel in needs(load_recipe(recipe, dict(given)).jobs).kernels:
        load(kernel)
