"""Slurm's commands: run, and their answers read. Jobs are found by the names that a submission gave them."""

import os
import subprocess
from collections.abc import Sequence

from atom_data.errors import ConfigError, DataError

ANSWER_SECONDS = 120.0
"""How long to wait for a command; Slurm's own give up after seconds, and those that hang are ended."""


def ask(*words: str) -> str:
    """Run one of Slurm's commands and return what it prints. ConfigError without Slurm, DataError when it refuses."""
    # Inside a job, variables of that job would become settings of the new one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_JOB", "SBATCH_"))}
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, env=environment, timeout=ANSWER_SECONDS
        )
    except FileNotFoundError as error:
        raise ConfigError(
            f"{words[0]}: there is no such command here. Run this on a login node of the cluster, or with --dry-run."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise DataError(
            f"{words[0]}: timed out after {ANSWER_SECONDS:.0f} seconds. Look whether Slurm answers."
        ) from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise DataError(f"{words[0]}: {said}. Check the profile and the options against the cluster.")
    return done.stdout


def states(names: Sequence[str], numbers: Sequence[str]) -> dict[str, str]:
    """Return the state of jobs that wait or run, by number (array tasks apart), asked for by name or by number."""
    found: dict[str, str] = {}
    for option, values in (("--name", names), ("--jobs", numbers)):
        if not values:
            continue
        try:
            lines = ask(
                "squeue", "--noheader", "--array", f"{option}={','.join(values)}", "--format=%i %T"
            ).splitlines()
        except DataError as error:
            if "Invalid job id" not in str(error):  # the only job asked for is long gone
                raise
            lines = []
        found |= dict(line.split() for line in lines if line.strip())
    return found


def number_of(name: str) -> str:
    """Return the number of the job of that name, also of one that has ended just now; an empty string where there is none."""
    lines = ask("squeue", "--noheader", "--states=all", f"--name={name}", "--format=%F").split()
    return lines[0] if lines else ""
