"""What a takedown took out: which one it was, when and why, as far as that can be told without saying what went."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from atom_data.ledger import removals_in
from atom_data.runner.claims.takedowns import name_of, numbers, read_takedown
from atom_data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Takedown:
    """A takedown, as its receipt has it."""

    number: int
    receipt: str
    when: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Removed:
    """An id or URL on the removal list: its text, and all else of it, is gone."""

    id: str
    """As it was asked for: the list knows hashes alone."""
    was_here: bool
    """Whether a ledger has the line of a document that went; of a URL, which ledgers do not keep, False."""
    takedowns: tuple[Takedown, ...]
    """The one that took it out, or those that may have: a receipt names shards, and no document."""
    outcome: str = "removed"


def removed(workspace: Workspace, query: str) -> Removed | None:
    """Return what is known of an id or URL that is on the removal list of a folder; None of one that is not."""
    removals = removals_in(workspace)
    if not removals or not (removals.matches(query, None) or removals.matches(None, query)):
        return None
    line = removals.name(query)

    def has_line(one: dict[str, Any]) -> bool:
        drops = [path for path in one["files"] if path.split("/")[1] == "drops"]
        return any(_has_line(workspace, path, line) for path in drops)

    there = tuple(_takedowns(workspace, has_line))
    return Removed(query, bool(there), there or tuple(_takedowns(workspace, lambda one: True)))


def masked_by(workspace: Workspace, folder: str, shard: str) -> tuple[Takedown, ...]:
    """Return the takedowns that masked tokens of a shard; none where the run and its receipts are not there."""

    def masks(one: dict[str, Any]) -> bool:
        return (
            one["stage"] == folder and one["shard"] == shard and any(path.endswith(".masked") for path in one["files"])
        )

    return tuple(_takedowns(workspace, masks))


def takedowns_text(found: tuple[Takedown, ...]) -> str:
    """Return takedowns as words: number, when, by whom and why."""
    said = [_text(one) for one in found]
    return said[0] if len(said) == 1 else f"one of {len(said)}: {'; '.join(said)}"


def _text(one: Takedown) -> str:
    who = f" by {one.by}" if one.by else ""
    return f"takedown {one.number} ({one.when}{who}{': ' if one.reason else ''}{one.reason})"


def _takedowns(workspace: Workspace, wanted: Callable[[dict[str, Any]], bool]) -> Iterator[Takedown]:
    """Yield the takedowns of which some shard is wanted."""
    for number in numbers(workspace):
        value = read_takedown(workspace, number)
        if any(wanted(one) for one in value["shards"]):
            yield Takedown(number, name_of(number), value["when"], value["by"], value["reason"])


def _has_line(workspace: Workspace, path: str, line: str) -> bool:
    file = workspace.local(path)
    if not file.is_file():
        return False
    found: bool = pc.any(pc.equal(pq.read_table(file, columns=["id"])["id"], line)).as_py()
    return bool(found)
