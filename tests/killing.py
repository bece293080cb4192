"""Runs whose workers are killed, at times that a seed draws."""

import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from tests.command import hit, start, workers


def killed_runs(
    folder: Path, recipe: Path, *, kills: int, workers_each: int, rounds: int, pause: float, seed: int
) -> Iterator[Path]:
    """Run a recipe until so many workers were killed, and yield the folder of each run: it must have ended well all the same."""
    chance, killed = random.Random(seed), 0
    for number in range(rounds):
        out = folder / f"out-{number}"
        run = start("run", recipe, "-o", out, "-w", workers_each, "--retries", 100)
        while run.poll() is None and killed < kills:
            time.sleep(chance.uniform(0.01, pause))
            alive = workers(run)
            if alive:
                killed += hit(chance.choice(alive), signal.SIGKILL, lambda run=run: workers(run))
        _, errors = run.communicate(timeout=300)
        assert run.returncode == 0, errors
        yield out
        shutil.rmtree(out)
        if killed >= kills:
            return
    raise AssertionError("the runs end before their workers can be killed")
