"""A real Slurm on this machine: slurmctld, munged and one slurmd a virtual node, all on loopback, in a folder of their own.

It needs root and Debian's packages slurmctld, slurmd, slurm-client and munge. Every process it starts it ends by number.
"""

import contextlib
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.command import hit

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "munged")
FIRST_PORT = 17_800
CREDENTIAL_SECONDS = 5
"""How long a credential is good: the least Slurm takes; with less it says `invalid` in its log and takes 120."""
HELD_SECONDS = 2.0 + CREDENTIAL_SECONDS
"""So long a requeued job is left alone. Slurm holds it back for a reason: a slurmd has noted that the credentials up to that
second are revoked, and a batch script that comes with one of them is not started and ends its job as failed; with it goes
the chain of those that wait for it, and the queue is empty although nothing was finished."""

CONFIG = """
ClusterName=atom
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/munge.socket,cred_expire={expire}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=2,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
KillWait=4
OverTimeLimit=0
MinJobAge=600
MaxArraySize={most}
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{nodes}
PartitionName=cpu Nodes={names} Default=YES MaxTime=INFINITE PriorityTier=1 State=UP
PartitionName=urgent Nodes={names} MaxTime=INFINITE PriorityTier=9 State=UP
PartitionName=aside Nodes=aside MaxTime=INFINITE PriorityTier=1 State=UP
"""


@dataclass(slots=True)
class Cluster:
    """A running cluster: its folder, and the environment in which Slurm's commands speak to it."""

    folder: Path
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)
    """When each job that Slurm holds back was first seen to be."""

    def command(self, *arguments: object) -> str:
        """Run one of Slurm's commands and return what it prints. RuntimeError with its words when it fails."""
        done = subprocess.run(
            [str(word) for word in arguments],
            env=self.environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{arguments[0]}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def jobs(self, partition: str = "cpu,urgent") -> dict[str, str]:
        """Return the state of every job that is waiting or running, by its number (array tasks apart)."""
        lines = self.command("squeue", "--noheader", "--array", f"--partition={partition}", "--format=%i %T").split(
            "\n"
        )
        return dict(line.split() for line in lines if line)

    def wait(self, seconds: float = 240, partition: str = "cpu,urgent") -> None:
        """Wait until nothing waits or runs. RuntimeError with the queue when that takes too long."""
        end = time.monotonic() + seconds
        while self.jobs(partition):
            if time.monotonic() > end:
                raise RuntimeError(f"still there after {seconds} s:\n{self.command('squeue')}")
            self.hurry()
            time.sleep(0.3)

    def hurry(self) -> None:
        """Let jobs start that Slurm would hold back for two minutes after an accident, once their credentials have gone."""
        lines = self.command("squeue", "--noheader", "--array", "--states=PENDING", "--format=%i %r").splitlines()
        held = {name for name, _, why in (line.partition(" ") for line in lines) if why == "BeginTime"}
        self.held = {name: self.held.get(name, time.monotonic()) for name in held}
        for name, since in self.held.items():
            if time.monotonic() - since > HELD_SECONDS:
                with contextlib.suppress(RuntimeError):  # it has started meanwhile
                    self.command("scontrol", "update", f"JobId={name}", "StartTime=now")

    def start_node(self, name: str) -> None:
        """Start the slurmd of a node, also after it was killed."""
        self._start(name, ["slurmd", "-D", "-N", name])
        self._until(lambda: self._is_up(name), f"node {name} did not come up")

    def kill_node(self, name: str) -> None:
        """Kill the slurmd of a node with SIGKILL; its jobs run on until Slurm finds the node gone."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def lose_node(self, name: str) -> None:
        """Kill the slurmd of a node and all that runs on it, as when its power fails."""
        numbers = self.command("squeue", "--noheader", f"--nodelist={name}", "--format=%A").split()
        self.kill_node(name)

        def steps() -> list[int]:
            starts = tuple(f"slurmstepd: [{number}." for number in numbers)
            return [pid for pid, title in processes() if title.startswith(starts)]

        def theirs() -> list[int]:
            return [pid for pid, _ in processes() if f"SLURMD_NODENAME={name}".encode() in _variables(pid)]

        for among in (steps, theirs):
            for pid in among():
                hit(pid, signal.SIGKILL, among)

    def until_down(self, name: str) -> None:
        """Wait until Slurm has found a node gone."""
        self._until(lambda: not self._is_up(name), f"node {name} was not found gone")

    def _is_up(self, name: str) -> bool:
        state = self.command("sinfo", "--noheader", "--nodes", name, "--format=%T").strip()
        return state in ("idle", "mixed", "allocated")

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.out").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def _until(self, true: object, failed: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
                if true():  # type: ignore[operator]
                    return
            if time.monotonic() > end:
                logs = [path.read_text(errors="replace")[-1500:] for path in sorted(self.folder.glob("*.log"))]
                raise RuntimeError(f"{failed}:\n" + "\n".join(logs))
            time.sleep(0.2)

    def stop(self) -> None:
        """End what runs on the cluster, then the cluster."""
        with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
            everywhere = "cpu,urgent,aside"
            for number in {name.partition("_")[0] for name in self.jobs(everywhere)}:
                self.command("scancel", number)
            self.wait(20, everywhere)
        for process in reversed(list(self.processes.values())):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def processes() -> list[tuple[int, str]]:
    """Return number and command line of every process of this machine."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                found.append((int(entry.name), " ".join(word.decode(errors="replace") for word in words)))
    return found


def _variables(pid: int) -> list[bytes]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []


def missing() -> list[str]:
    """Return the programs that are not installed."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


@contextlib.contextmanager
def cluster(folder: Path, nodes: int = 2, cores: int = 2, most: int = 1001) -> Iterator[Cluster]:
    """Run a cluster of virtual nodes, and one `aside` for what takes its time; `most` is its MaxArraySize."""
    for name in ("munge", "state"):
        (folder / name).mkdir(parents=True)
    host, names = socket.gethostname().partition(".")[0], [f"n{number}" for number in range(1, nodes + 1)]
    port = _free_ports(nodes + 2)
    lines = [
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port + number} CPUs={size} RealMemory=8000 State=UNKNOWN"
        for number, (name, size) in enumerate([*((name, cores) for name in names), ("aside", 2 * cores)], 1)
    ]
    config = CONFIG.format(
        host=host,
        port=port,
        user=getpass.getuser(),
        folder=folder,
        nodes="\n".join(lines),
        names=",".join(names),
        most=most,
        expire=CREDENTIAL_SECONDS,
    )
    (folder / "slurm.conf").write_text(config)
    made = Cluster(folder, _environment(folder))
    try:
        _start_munge(made)
        made._start("slurmctld", ["slurmctld", "-D", "-i"])
        made._until(lambda: "is UP" in made.command("scontrol", "ping"), "slurmctld did not answer")
        for name in [*names, "aside"]:
            made.start_node(name)
        yield made
    finally:
        made.stop()


def _environment(folder: Path) -> dict[str, str]:
    environment: Mapping[str, str] = {
        name: value for name, value in os.environ.items() if not name.startswith("SLURM_")
    }
    return {**environment, "SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}


def _start_munge(made: Cluster) -> None:
    place = made.folder / "munge"
    key = place / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    place.chmod(0o755)
    made._start(
        "munged",
        [
            "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={place}/munge.socket",
            f"--pid-file={place}/munged.pid", f"--log-file={place}/munged.log", f"--seed-file={place}/munge.seed",
        ],
    )  # fmt: skip
    made._until((place / "munge.socket").exists, "munged did not start")


def _free_ports(count: int) -> int:
    for first in range(FIRST_PORT, 65_000, 97):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise RuntimeError("no free ports on loopback")
