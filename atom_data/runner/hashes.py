"""The content of finished shards against their receipts: what a run checks only on request."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from atom_data.errors import DataError
from atom_data.runner.plan import withdraw
from atom_data.storage.paths import reason, sha256
from atom_data.storage.receipts import OutputFile, Receipt, receipt_path
from atom_data.terminal.display import Display
from atom_data.workspace import Workspace

CHUNK = 256
NAMED = 3
DIFFERS = "the content is not what the receipt says (SHA-256 differs)"


def damage(workspace: Workspace, item: OutputFile) -> str:
    """Return what is wrong with the content of a file; an empty string where nothing is. One of 0 bytes is looked at, too."""
    try:
        found = sha256(workspace.path(item.path))
    except OSError as error:  # a disk that breaks is how content is lost
        return f"it cannot be read ({reason(error)})"
    return "" if found == item.sha256 else DIFFERS


def forget(workspace: Workspace, folder: str, shards: Sequence[str]) -> None:
    """Take back the receipts of shards, so that the next run rebuilds them; the files are replaced then.

    On an object store, which is not asked to delete, a file that is not a receipt takes the place of each.
    """
    if not shards:
        return
    withdraw(folder, workspace)
    for shard in shards:
        name = receipt_path(folder, shard)
        if workspace.is_remote:
            workspace.write_json(name, {})
        else:
            workspace.local(name).unlink(missing_ok=True)


def check_hashes(
    folder: str, workspace: Workspace, display: Display, threads: int, part: tuple[int, int] | None = None
) -> list[str]:
    """Hash every file of the finished shards of a job, and take back the receipts of damaged ones; return their names.

    Many at a time, as hashing leaves Python's lock. What is missing or of another size a run sees by itself.
    """
    listed = workspace.shard_list(folder)
    names = listed.shards if listed else ()
    receipts = (found.receipt for found in workspace.receipts(folder, names[part[0] :: part[1]] if part else names))
    damaged: dict[str, str] = {}
    done = read = 0
    display.start(f"{folder}: hashes", len(names), _bytes(workspace, folder))
    try:
        with ThreadPoolExecutor(threads) as pool:
            for some in _some(receipt for receipt in receipts if receipt):
                for receipt, said in zip(some, pool.map(lambda one: _damage(workspace, one), some), strict=True):
                    done, read = done + 1, read + receipt.output_bytes
                    display.update(done, len(names), done, read, 0, threads)
                    if said:
                        damaged[receipt.shard] = said
    finally:
        display.stop()
    forget(workspace, folder, list(damaged))
    if damaged:
        first = "; ".join(list(damaged.values())[:NAMED]) + ("; ..." if len(damaged) > NAMED else "")
        display.note(
            f"{folder}: {len(damaged):,} of {done:,} shards are damaged, and are rebuilt: {first}", stage=folder
        )
    return list(damaged)


def _damage(workspace: Workspace, receipt: Receipt) -> str:
    for item in receipt.outputs:
        try:
            said = damage(workspace, item)
        except DataError:  # missing, which a run sees by itself in a folder
            said = "the file is missing" if workspace.is_remote else ""
        if said:
            return f"{item.path}: {said}"
    return ""


def _bytes(workspace: Workspace, folder: str) -> int:
    found = workspace.manifest(folder)
    return sum(found.table.column("output_bytes").to_pylist()) if found else 0


def _some(receipts: Iterator[Receipt]) -> Iterator[list[Receipt]]:
    while some := list(islice(receipts, CHUNK)):
        yield some
