"""The receipt of a takedown, as it is written; `runner.claims.takedowns` reads the chain of them."""

from collections.abc import Sequence

from atom_data.runner.claims.takedowns import file_of, hash_of, name_of, numbers
from atom_data.storage.paths import create
from atom_data.storage.receipts import seal
from atom_data.storage.removals import LIST
from atom_data.takedown.journal import FILES, Done, Journal
from atom_data.workspace import Workspace

FORMAT = 1


def write(workspace: Workspace, journal: Journal, done: Sequence[Done], passages: str) -> None:
    """Write the receipt of a takedown where it waits."""
    before, waiting = numbers(workspace), workspace.local(FILES)
    why: dict[str, int] = {}
    for line in journal.documents:
        why[line[2]] = why.get(line[2], 0) + 1
    value = {
        "format": FORMAT,
        "number": journal.number,
        "when": journal.when,
        "by": journal.by,
        "reason": journal.reason,
        "asked": journal.asked,
        "copies": journal.copies,
        "tokens": journal.tokens,
        "documents": len(journal.documents),
        "why": dict(sorted(why.items())),
        "list": {"path": LIST, "sha256": hash_of(waiting / LIST)},
        "passages": {"path": passages, "sha256": hash_of(waiting / passages)},
        "shards": [
            {"stage": one.job, "shard": one.shard, "documents": one.documents, "tokens": one.tokens, "files": one.files}
            for one in done
            if one.files
        ],
        "before": hash_of(file_of(workspace, before[-1])) if before else "",
    }
    with create(workspace.path(FILES, name_of(journal.number)), workspace.token) as stream:
        stream.write(seal(value))
