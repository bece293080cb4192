"""The last step of a takedown: new files into their places, what no one needs away, exports rebuilt.

Every part of it can be done twice: what is no longer waiting was put in its place already.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from atom_data.sketches.store import remove_sketch
from atom_data.storage.beside import LOOKUP
from atom_data.storage.made import Made
from atom_data.storage.paths import PARTIAL, sync_folder
from atom_data.storage.receipts import cleaned_path, failure_path, summary_path
from atom_data.storage.removals import BEGUN, FOLDER
from atom_data.takedown.folder import Folder
from atom_data.takedown.inner import NAME
from atom_data.takedown.journal import FILES, Done, Journal
from atom_data.takedown.search import Note
from atom_data.tokens.export import export
from atom_data.tokens.exports import exports_of
from atom_data.tokens.manifest import manifest_of_receipts
from atom_data.tokens.merge import merge
from atom_data.tokens.pack import pack_folder


@dataclass(slots=True)
class Put:
    """What was done beside the shards."""

    exports: list[str] = field(default_factory=list)
    """Exports, merges and packings that were rebuilt, each with its folder."""
    again: list[str] = field(default_factory=list)
    """Passes that a run decides about anew."""


def put(folder: Folder, journal: Journal, done: Sequence[Done], note: Note) -> Put:
    """Put everything in its place. What is there afterwards does not depend on how often this was tried."""
    workspace = folder.workspace
    note("putting files in their places")
    for one in done:
        gone = [path for path, (_, after, _) in one.files.items() if not after]
        if one.shard == NAME and gone:
            workspace.write_json(cleaned_path(one.job), {"format": 1, "stage": one.job})
        for path in gone:
            workspace.local(path).unlink(missing_ok=True)
        workspace.local(failure_path(one.job, one.shard)).unlink(missing_ok=True)
        if one.receipt:
            remove_sketch(workspace, one.job, one.shard)
    places = set[Path]()
    for waiting in _in_order(workspace.local(FILES)):
        target = workspace.local(waiting.relative_to(workspace.local(FILES)).as_posix())
        target.parent.mkdir(parents=True, exist_ok=True)
        waiting.replace(target)
        places.add(target.parent)
    for changed in sorted(places):
        sync_folder(changed)
    found = Put(again=_forget(folder, journal))
    for name in {one.job: None for one in done if one.files}:
        if any(job.name == name and job.kind == "tokens" for job in folder.jobs):
            if workspace.read_json(summary_path(name)) is not None:
                workspace.write_json(summary_path(name), manifest_of_receipts(workspace.root, name))
            found.exports += _export(workspace.path(name), journal.tokens == "mask", note)
    shutil.rmtree(workspace.local(LOOKUP), ignore_errors=True)  # its keys are plain hashes of ids and URLs
    place = workspace.local(BEGUN)
    last = place.with_name(f"begun.{workspace.token}{PARTIAL}")
    place.rename(last)
    shutil.rmtree(last)
    return found


def _in_order(place: Path) -> Iterator[Path]:
    """Yield the files that wait: shards before their receipts, the receipt of the takedown last."""
    files = [path for path in place.rglob("*") if path.is_file() and not path.name.endswith(PARTIAL)]

    def order(path: Path) -> tuple[bool, bool, str]:
        name = path.relative_to(place).as_posix()
        return name.startswith(f"{FOLDER}/"), path.parent.name == "receipts", name

    yield from sorted(files, key=order)


def _forget(folder: Folder, journal: Journal) -> list[str]:
    """Take back the receipts of passes that must be decided anew: of kept documents that went, whose copies stay."""
    if not journal.patches.undecided:
        return []
    again = []
    for name in journal.patches.passes:
        job = next(one for one in folder.jobs if one.name == name)
        for shard in job.shards:
            folder.workspace.local(name, "receipts", f"{shard}.json").unlink(missing_ok=True)
        folder.workspace.local(name, "receipts", "all.pq").unlink(missing_ok=True)
        again.append(name)
    return again


def _export(tokens: str, masked: bool, note: Note) -> Iterator[str]:
    """Make again what was made of these tokens; a packing of masked ones is as it was."""
    for place in exports_of(tokens):
        for made in place.made:
            if made.by == "pack" and masked:
                continue
            note(f"{place.folder}: {made.by} again")
            _make_again(tokens, place.folder, made)
            yield f"{made.by}: {place.folder}"


def _make_again(tokens: str, target: str, made: Made) -> None:
    if made.by == "merge":
        merge(tokens, target, int(made.options["target_bytes"]))
    elif made.by == "pack":
        pack_folder(tokens, target, int(made.options["length"]))
    else:
        export(tokens, target, made.by.removeprefix("export "), length=int(made.options.get("length", 0)))
