"""Errors of the same kind: a bug in a step fails in every shard, and 5,000 tracebacks say no more than one."""

import re
from collections import Counter
from dataclasses import dataclass, field

MOST_ALIKE = 3
"""Number of shards that must fail in the same way to conclude that the others will."""
FRAME = re.compile(r'  File "(.*)", line (\d+), in (.*)')


@dataclass(slots=True)
class Alike:
    """The errors of a job so far, by kind."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    """The shard in which each kind was met first."""

    def note(self, shard: str, message: str, passing: bool) -> str:
        """Note the error of a shard; return the shard that had the same one before, or an empty string.

        `passing` errors, of a disk or a store, tell nothing of other shards unless a step raised them.
        """
        kind = kind_of(message)
        if not kind or (passing and not is_traceback(message)):
            return ""
        self.counts[kind] += 1
        before = self.first.setdefault(kind, shard)
        return before if before != shard else ""

    @property
    def most(self) -> int:
        """How many shards failed in the most frequent way."""
        return max(self.counts.values(), default=0)


def kind_of(message: str) -> str:
    """Return what errors that are alike have in common: the class and the place of what was raised; a sentence whole.

    What was raised says different things of different documents, so its words are left out.
    """
    if not is_traceback(message):
        return message.strip()
    places = FRAME.findall(message)
    return " ".join((_class(message), *(places[-1] if places else ())))


def is_traceback(message: str) -> bool:
    """Tell whether a message is the traceback of a bug, and no sentence."""
    return "Traceback (most recent call last)" in message


def _class(message: str) -> str:
    lines = message.strip().splitlines()
    last = max((number for number, line in enumerate(lines) if FRAME.match(line)), default=0)
    said = (line for line in lines[last + 1 :] if not line.startswith("  "))  # behind the frame's own line of code
    return next(said, lines[-1]).partition(":")[0]
