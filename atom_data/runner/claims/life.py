"""Whether the process that wrote a claim is still alive: by its process id on this machine, by its last sign of life elsewhere.

A process number alone is not enough, because numbers are reused: with it goes when the process began, in ticks since the
machine was booted (proc_pid_stat(5), field 22), and in which boot and which namespace of process numbers that was.
"""

import contextlib
import os
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SLURM = ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A process, so that no other one is taken for it."""

    host: str
    pid: int
    started: str = ""
    """Ticks between the machine's boot and the process's start; empty where the system does not say."""
    boot: str = ""
    """This boot of the machine and the namespace of process numbers, for containers have their own."""
    slurm: str = ""
    """The job that it is on a Slurm cluster: `123`, or `123_4` for an array task."""
    restarts: int = 0
    """How often Slurm had put that job back into the queue."""

    @property
    def token(self) -> str:
        """How the names of its half-written files begin, behind the name of the file."""
        return f"{self.host}-{self.pid}"

    def __str__(self) -> str:
        """Return it as a sentence has it."""
        job = f"Slurm job {self.slurm}, " if self.slurm else ""
        return f"{job}process {self.pid} on {self.host}"


def me() -> Who:
    """Return this process."""
    job, array, element = (os.environ.get(name, "") for name in SLURM)
    return Who(
        host=socket.gethostname(),
        pid=os.getpid(),
        started=_started(os.getpid()),
        boot=_boot(),
        slurm=f"{array}_{element}" if array and element else job,
        restarts=int(os.environ.get("SLURM_RESTART_COUNT") or 0),
    )


def same_place(one: Who, other: Who) -> bool:
    """Tell whether two processes are of one machine, one boot and one namespace, so that numbers can be compared."""
    return (one.host, one.boot) == (other.host, other.boot)


def same_process(one: Who, other: Who) -> bool:
    """Tell whether two are one process."""
    return same_place(one, other) and (one.pid, one.started) == (other.pid, other.started)


def is_running(who: Who) -> bool:
    """Tell whether a process of this machine is there, and is no other one under its number. A zombie is not there."""
    if sys.platform == "linux":
        return _started(who.pid) == who.started != ""
    try:
        os.kill(who.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def is_former_self(who: Who, now: Who) -> bool:
    """Tell whether it is the same job of Slurm before it was put back into the queue: Slurm runs only one of them."""
    return bool(now.slurm) and who.slurm == now.slurm and who.restarts < now.restarts


def uptime() -> float:
    """Return for how many seconds this machine is up; infinite where the system does not say."""
    try:
        return float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return float("inf")


def _started(pid: int) -> str:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]


@cache
def _boot() -> str:
    found = []
    with contextlib.suppress(OSError):
        found.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        found.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 - no path, but a name of the kernel's
    return " ".join(found)
