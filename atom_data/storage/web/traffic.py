"""How a server is asked for a file, what was asked, and what came."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How a server is asked."""

    seconds: float = 1800.0
    """All pauses of one file together, before its shard fails."""
    pause: float = 1.0
    """Before the second attempt; twice as long before each further one that brings nothing, at most 64 times as long."""
    stall: float = 60.0
    """Seconds without an answer, or with less than 1 kB per second, after which a request is given up and repeated."""
    requests: int = 8
    """At one host at the same time, of all processes of a user on a machine."""


@dataclass(slots=True)
class Traffic:
    """What was asked of a server for one file."""

    counts: Counter[str] = field(default_factory=Counter)
    """`requests`; `bytes` received; `again`: requests that were repeated."""
    waited: float = 0.0
    """Seconds of pauses."""
    bearer: str = field(default="", repr=False)
    """A token for the server itself; not sent on to where it leads."""


@dataclass(slots=True)
class Answer:
    """A part of a file."""

    data: bytes
    total: int
    """Size of the whole file."""
    etag: str
    """What the server calls this version (else when it was modified last); empty where it does not say."""


WHOLE = -1
"""Instead of the size of a file: its server gives no parts."""
