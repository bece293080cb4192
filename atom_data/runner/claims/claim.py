"""What a process records about its work in a folder, which processes that keeps out, and what they report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self

from atom_data.errors import DataError
from atom_data.runner.claims.life import Who, is_former_self, is_running, me, same_place, uptime
from atom_data.storage.paths import without_secrets
from atom_data.workspace import Workspace

FOLDER = "claims"
BEAT_SECONDS = 15.0
SILENT_SECONDS = 300.0
"""A claim of another machine that gave no sign of life for so long may be taken over."""
REBOOT_SECONDS = 60.0
FORMAT = 1

Fate = Literal["alive", "silent", "gone"]


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of an array a process does."""

    stage: str
    index: str
    """The number of the array task, or `close`."""
    of: str
    """The number of array tasks; `close` for the job that closes the stage."""
    recipe: str
    """SHA-256 of the recipe."""

    @property
    def group(self) -> str:
        """The folder of all that do not exclude one another."""
        return f"{self._stage}.{self.of}.{self.recipe[:12]}"

    @property
    def _stage(self) -> str:
        return self.stage.replace("/", "+")  # near/links, a job in a pass, is one name here

    def excludes(self, group: str) -> bool:
        """Tell whether it excludes other groups: those of another recipe, or of this stage with another number of parts."""
        stage, _, others = group.partition(".")
        return group != self.group and (stage == self._stage or others.rpartition(".")[2] != self.recipe[:12])


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who is at work in a folder, since when, and with what."""

    who: Who
    since: str
    """UTC by that machine's clock: for people, and for who goes first of those that begin at once."""
    what: str
    held: bool = False
    """Whether its writer has checked for other claims and found none."""

    @classmethod
    def mine(cls, what: str) -> Self:
        """Return the claim of this process as it begins."""
        return cls(who=me(), since=datetime.now(UTC).isoformat(timespec="milliseconds"), what=what)

    @classmethod
    def read(cls, value: Mapping[str, Any], path: str) -> Self:
        """Make one of what stands in a file. DataError for what is none."""
        try:
            who = Who(**value["who"])
            return cls(who=who, since=value["since"], what=value["what"], held=value["held"])
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{path}: is not a claim of a run ({type(error).__name__}: {error}). Delete it when nothing runs in that folder."
            ) from error

    @property
    def name(self) -> str:
        """The name of its file: no other process has it, nor will have."""
        return f"{self.who.host}-{self.who.pid}-{self.who.started or 0}.json"

    @property
    def order(self) -> tuple[str, str]:
        """Who goes first of those that begin at once."""
        return self.since, self.name

    def value(self) -> dict[str, Any]:
        """Return what stands in the file."""
        return {"format": FORMAT, **asdict(self)}


def fate(who: Who, age: float) -> Fate:
    """Tell what has become of a process that gave its last sign of life `age` seconds ago.

    Gone: its job was put back into Slurm's queue and is this process; its number is free or another's, on this machine; or
    this machine was booted since. A process of another machine cannot be checked: it is alive, or after five minutes silent.
    """
    now = me()
    if is_former_self(who, now):
        return "gone"
    if same_place(who, now):
        return "alive" if is_running(who) else "gone"
    if who.host == now.host and who.boot.split()[:1] != now.boot.split()[:1] and age > max(uptime(), REBOOT_SECONDS):
        return "gone"
    return "silent" if age > SILENT_SECONDS else "alive"


def refusal(workspace: Workspace, claim: Claim, age: float) -> DataError:
    """Return what is said to who is kept out: who is at work, since when, and what to do."""
    who, folder = claim.who, without_secrets(workspace.root)
    head = f"{folder}: {claim.what} is at work there ({who}, since {claim.since[:19].replace('T', ' ')} UTC"
    if fate(who, age) == "silent":
        return DataError(
            f"{head}; its last sign of life was {minutes(age)} ago). If that process is gone, run again with --take-over; "
            "if not, wait for it."
        )
    here = same_place(who, me())
    end = f"end it (kill {who.pid})" if here else f"end it (kill {who.pid} on {who.host})"
    if who.slurm:
        end = f"end it (atom-data cancel -o {folder}, or scancel {who.slurm})"
    later = "" if here else f" --take-over is for a process that was silent for {minutes(SILENT_SECONDS)}."
    return DataError(
        f"{head}). Two in one folder would undo each other's work: wait for it, {end}, or give another --output.{later}"
    )


def minutes(seconds: float) -> str:
    """Return a duration in words."""
    if seconds < 2 * 60:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 2 * 3600 else f"{seconds / 3600:.0f} hours"
