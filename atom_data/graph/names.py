"""Names of stages, and of the jobs below one."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from atom_data.errors import ConfigError

INNER = "/"
"""Between the name of a pass and that of a job in it."""


class Named(Protocol):
    """What has the name of a job."""

    @property
    def name(self) -> str:
        """The name of a job, or of a stage or pass."""


OfJob = TypeVar("OfJob", bound=Named)


def inner(name: str, job: str) -> str:
    """Return the name of a job that a pass needs: its folder is below that of the pass."""
    return f"{name}{INNER}{job}"


def stage_of(name: str) -> str:
    """Return the stage or pass that a job belongs to, as a person sees it: for `near/links` the pass `near`."""
    return name.partition(INNER)[0]


def gathered(jobs: Iterable[OfJob], together: Callable[[str, list[OfJob]], OfJob]) -> list[OfJob]:
    """Return things of jobs by stage or pass, in the order of the jobs: `together` makes one of those of a pass."""
    found: dict[str, list[OfJob]] = {}
    for job in jobs:
        found.setdefault(stage_of(job.name), []).append(job)
    return [parts[0] if len(parts) == 1 else together(name, parts) for name, parts in found.items()]


def file_stem(name: str) -> str:
    """Return a job's name as part of a file's name, `near.links`: no name of a stage has a dot."""
    return name.replace(INNER, ".")


def check_name(kind: str, name: str) -> None:
    """Refuse a name that a person gave to a stage or a pass and that cannot be a folder. ConfigError."""
    if not name or not all(c.isalnum() or c in "-_" for c in name):
        raise ConfigError(f"{kind} '{name}': the name is also a folder. Use letters, digits, dash and underscore.")
