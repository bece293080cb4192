"""Profiles: what a cluster is like, in a small TOML file of its own, so that recipes run anywhere.

```toml
partition = "cpu"
tasks = 500                    # maximum number of array tasks
workers_per_task = 8           # worker processes, and cores, per array task
memory_per_worker = "2G"
time = "8:00:00"
setup = ["module load python/3.11", "source ~/corpus/.venv/bin/activate"]
command = "atom-data"          # how the setup lets it be called; the present Python when left out

[sbatch]                       # anything else that sbatch knows, without the dashes
account = "open-lm"
```
"""

import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from atom_data.errors import ConfigError
from atom_data.storage.sizes import parse_bytes

MEMORY = re.compile(r"(\d+)([KMGT]?)")
"""What sbatch takes as it is; a number alone is MiB."""
LIMIT = re.compile(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?")
WARNING_SECONDS = 120
OURS = {
    "array": "A run makes one array per stage, and deals the shards to its array tasks: --tasks is their maximum number.",
    "job-name": "A run finds its jobs again by their names, and gives each its own: name the recipe's file as you like.",
    "output": "A run finds what its jobs say in OUT/cluster/logs: atom-data logs OUT shows it.",
    "wrap": "A run submits scripts of its own: put lines of shell into `setup` of the profile.",
    "test-only": "To look before you submit, use --dry-run.",
}
"""Options of sbatch that a run sets itself, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings of a cluster."""

    partition: str = ""
    time: str = ""
    """Time limit of an array task, in Slurm's format."""
    tasks: int = 100
    workers_per_task: int = 1
    memory_per_worker: str = ""
    setup: tuple[str, ...] = ()
    """Lines of shell before the command."""
    command: str = ""
    sbatch: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no cluster takes."""
        for name in ("tasks", "workers_per_task"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: {getattr(self, name)}. Give a number from 1.")
        if self.memory_per_worker:
            self.worker_bytes  # noqa: B018 - refuses what is not a size
        for key in self.sbatch:
            if key in OURS:
                raise ConfigError(f"sbatch: '{key}={self.sbatch[key]}'. {OURS[key]}")
        for key, value in {**self.sbatch, "partition": self.partition, "time": self.time}.items():
            if not re.fullmatch(r"[a-z][a-z0-9-]*", key) or "\n" in value:
                raise ConfigError(
                    f"sbatch: '{key}={value}'. Give an option as sbatch has it, without dashes: account=lab."
                )

    def settings(self) -> dict[str, str]:
        """Return the settings as sbatch has them."""
        found = {"partition": self.partition, "time": self.time}
        if self.memory_per_worker:
            match = MEMORY.fullmatch(self.memory_per_worker)
            size, unit = (int(match[1]), match[2]) if match else (-(-self.worker_bytes // 1024), "K")
            found["mem"] = f"{size * self.workers_per_task}{unit}"
        return {key: value for key, value in found.items() if value} | self.sbatch

    @property
    def worker_bytes(self) -> int:
        """`memory_per_worker` in bytes, as sbatch counts: a number alone is MiB, K, M, G and T are powers of 1024."""
        return parse_bytes(self.memory_per_worker, "memory_per_worker", alone=1 << 20)

    @property
    def warning(self) -> int:
        """Seconds before the time limit at which an array task gets SIGUSR1; running shards have half of them to finish.

        As `signal` in [sbatch] says, or two minutes, of a short limit a quarter.
        """
        given = re.search(r"@(\d+)$", self.sbatch.get("signal", ""))
        if given:
            return int(given[1])
        limit = limit_seconds(self.sbatch.get("time", self.time))
        return min(WARNING_SECONDS, limit // 4) if limit else WARNING_SECONDS

    def alone(self) -> "Profile":
        """Return the profile of a job with one worker."""
        return replace(self, workers_per_task=1)


def limit_seconds(text: str) -> int:
    """Return the seconds of a time limit as sbatch has it: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S; 0 for anything else."""
    match = LIMIT.fullmatch(text)
    if match is None:
        return 0
    numbers = [int(number) for number in match.groups()[1:] if number is not None]
    if match[1] is None and len(numbers) < 3:  # without days, one number is minutes, and two are minutes and seconds
        numbers = [0, *numbers]
    hours, minutes, seconds = (*numbers, 0, 0)[:3]
    return ((int(match[1] or 0) * 24 + hours) * 60 + minutes) * 60 + seconds


def load_profile(path: str | None, **options: Any) -> Profile:  # noqa: ANN401 - options of the command line
    """Return a profile from a TOML file, with options that are given (not None) in place of its settings.

    ConfigError for a file that is not there, is not TOML, or has a key or a type that no profile has.
    """
    page = _page(path) if path else {}
    known = {item.name: item.type for item in fields(Profile)}
    for key, value in page.items():
        if key not in known:
            raise ConfigError(f"{path}: unknown key '{key}'. Keys allowed: {', '.join(known)}.")
        kinds = {"setup": list, "sbatch": dict, "tasks": int, "workers_per_task": int}
        if not isinstance(value, kinds.get(key, str)) or isinstance(value, bool):
            raise ConfigError(f"{path}: {key} is {value!r}. It is {kinds.get(key, str).__name__} in a profile.")
    page |= {key: value for key, value in options.items() if value is not None and key != "sbatch"}
    page["setup"] = tuple(map(str, page.get("setup", ())))
    given = options.get("sbatch") or {}
    page["sbatch"] = {key: str(value) for key, value in {**page.get("sbatch", {}), **given}.items()}
    return Profile(**page)


def _page(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Give the path of a profile.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML ({error}). Correct the profile.") from error
