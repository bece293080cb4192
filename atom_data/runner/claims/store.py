"""A claim on an object store, which lists nothing: claims/run.json, or claims/STAGE.N.RECIPE.I.json for an array task run by hand.

Read, put where it is still what was read, read again; and once a minute read and put, with the time: its age is measured by the
clocks of two machines, which must agree to a minute or so. Not covered: on stores without conditional writes (S3 has them),
of two that put in the same moment both may go on until the first looks again, for up to a minute, and then that one ends;
and a whole run does not see array tasks that were started by hand with --part.
"""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from atom_data.errors import DataError
from atom_data.runner.claims.claim import FOLDER, Claim, Part, fate, refusal
from atom_data.runner.claims.heart import Heart
from atom_data.runner.claims.life import Who, same_process
from atom_data.storage.conditional import version, write_unless_changed
from atom_data.storage.paths import join, without_secrets
from atom_data.workspace import Workspace

BEAT_SECONDS = 60.0
WHOLE = join(FOLDER, "run.json")


class ObjectClaim:
    """The claim of this process on an object store."""

    def __init__(self, workspace: Workspace, what: str, part: Part | None) -> None:
        """Write nothing yet."""
        self.workspace, self.claim = workspace, Claim.mine(what)
        self.name = join(FOLDER, f"{part.group}.{part.index}.json") if part else WHOLE
        self.heart: Heart | None = None

    def begin(self, take_over: bool, note: Callable[[str], None], gone: Callable[[Who], bool]) -> None:
        """Look, write the claim, look again. DataError names who is at work."""
        seen = version(self.workspace.path(self.name))  # before it is read
        for name in dict.fromkeys((WHOLE, self.name)):
            found = self._other(name)
            if found is None or gone(found[0].who):
                continue
            claim, age = found
            judged = fate(claim.who, age)
            if judged == "alive" or (judged == "silent" and not take_over):
                raise refusal(self.workspace, claim, age)
            note(
                f"{without_secrets(self.workspace.root)}: an earlier run ended without a final message ({claim.who}); going on"
            )
        if not self._write_first(seen):
            self._refuse_other()
            self._write()  # ours already, and the answer was lost; or the other one was faster, and is done
        self._refuse_other()
        self.heart = Heart(self._beat, BEAT_SECONDS, self._key)

    @property
    def _key(self) -> str:
        return f"claim {self.workspace.root} {self.name}"

    def _other(self, name: str) -> tuple[Claim, float] | None:
        """Return the claim of another process and the seconds since its last sign of life; None where there is none."""
        value = self.workspace.read_json(name)
        if not value:
            return None
        claim = Claim.read(value, self.workspace.path(name))
        if same_process(claim.who, self.claim.who) and (claim.since == self.claim.since or not Heart.beats(self._key)):
            return None  # ours, or left by an earlier run of this process that could not remove it
        return claim, _age(value)

    def _refuse_other(self) -> None:
        found = self._other(self.name)
        if found is not None:
            raise refusal(self.workspace, *found)

    def _write(self) -> None:
        self.workspace.write_json(self.name, self._value())

    def _write_first(self, seen: str | None) -> bool:
        """Write the claim unless somebody else has written one since a version was seen; False where somebody has."""
        data = json.dumps(self._value(), indent=1).encode()
        return write_unless_changed(self.workspace.path(self.name), data, seen, self.workspace.token)

    def _value(self) -> dict[str, Any]:
        return self.claim.value() | {"held": True, "seen": datetime.now(UTC).isoformat(timespec="seconds")}

    def _beat(self) -> bool:
        if self._other(self.name) is not None:
            return False
        self._write()
        return True

    def release(self) -> None:
        """Let others in; an object that says nothing takes its place, for stores are not asked to delete."""
        if self.heart is not None:
            self.heart.stop()
        with contextlib.suppress(DataError, OSError):
            if self.heart is None or not self.heart.lost:
                self.workspace.write_json(self.name, {})


def _age(value: dict[str, Any]) -> float:
    try:
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(value["seen"])).total_seconds())
    except (KeyError, TypeError, ValueError):
        return float("inf")
