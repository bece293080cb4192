"""`atom-data verify OUT`: every file against its receipt, every receipt against its seal, nothing missing, nothing over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from atom_data.audit.faults import Cure, Fault
from atom_data.audit.root import Tree
from atom_data.cluster.chain import FOLDER as CLUSTER
from atom_data.errors import DataError
from atom_data.runner.claims.claim import FOLDER as CLAIMS, Claim
from atom_data.runner.claims.files import others_at_work
from atom_data.runner.claims.takedowns import faults_of, name_of, numbers, passages_path, refuse_begun
from atom_data.runner.hashes import damage
from atom_data.sketches.store import SKETCHES
from atom_data.storage.beside import BESIDE, PASSPORT
from atom_data.storage.manifest import manifest_path, manifest_row
from atom_data.storage.partials import is_begun_by
from atom_data.storage.paths import PARTIAL, exists, size
from atom_data.storage.receipts import (
    JOBS,
    OutputFile,
    cleaned_path,
    plan_path,
    receipt_path,
    summary_path,
)
from atom_data.storage.record import RUN
from atom_data.storage.removals import LIST
from atom_data.tokens.exports import FOLDER as EXPORTS
from atom_data.tokens.manifest import manifest_of_receipts
from atom_data.workspace import Workspace

NOTES = ("failed", SKETCHES, EXPORTS)
PASSED_OVER = tuple(f"{folder}/" for folder in (CLUSTER, CLAIMS, *BESIDE))
UNCLOSED = "missing: all shards are there, but the stage was refused as a whole, or the run ended before it was closed"


@dataclass(slots=True)
class Verdict:
    """What was checked, and every fault."""

    shards: int = 0
    files: int = 0
    bytes: int = 0
    cleaned: int = 0
    """Files that `atom-data clean` removed, as no one needs them."""
    faults: list[Fault] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Shards that a run with --allow-failed went on without, each with the reason: no faults, and nothing that is whole."""
    at_work: list[Claim] = field(default_factory=list)
    """Who is at work in the folder meanwhile, so that what is missing may only not be there yet."""
    fingerprint: str = ""
    """The root of the corpus (see `audit.root`): equal for equal corpora. Only stages of the recipe count."""
    tree: Tree = field(default_factory=Tree)
    """What the fingerprint is made of, by receipts."""
    left_over: list[str] = field(default_factory=list)
    """Folders of stages that the recipe no longer has: not checked, and not a fault."""


def verify(workspace: Workspace) -> Verdict:
    """Check an output folder or URL. DataError when there is nothing of ours in it; orphans are looked for in folders."""
    folders = workspace.job_folders()
    if not folders:
        raise DataError(
            f"{workspace.root}: there is no run in it (no plan.json in any folder). Give the --output of a run."
        )
    refuse_begun(workspace)
    verdict, known = Verdict(at_work=others_at_work(workspace)), {JOBS, RUN, LIST, PASSPORT}
    known |= {name(number) for number in numbers(workspace) for name in (name_of, passages_path)}
    verdict.faults += [Fault(path, what, "restore") for path, what in faults_of(workspace)]
    for folder in folders:
        known |= {plan_path(folder), manifest_path(folder), summary_path(folder), cleaned_path(folder)}
        cleaned = workspace.is_cleaned(folder)
        shards = _shards(workspace, folder, verdict)
        if shards is None:
            continue
        verdict.tree.begin(folder)
        for shard in shards:
            known.add(receipt_path(folder, shard))
            files = _receipt(workspace, folder, shard, verdict)
            verdict.tree.add(folder, shard, files)
            for item in files:
                known.add(item.path)
                _check_file(workspace, item, verdict, (folder, shard), cleaned)
        _check_manifest(workspace, folder, shards, verdict)
        _check_summary(workspace, folder, verdict)
    verdict.left_over = workspace.left_over()
    verdict.faults += _unlisted(workspace, [*folders, *verdict.left_over])
    unfinished = {
        (fault.stage, fault.shard) for fault in verdict.faults if fault.path.endswith(".json") and fault.shard
    }
    unlisted = {fault.stage for fault in verdict.faults if fault.path == plan_path(fault.stage)}
    others = tuple(f"{folder}/" for folder in sorted({*unlisted, *verdict.left_over}))
    verdict.faults += [
        _orphan(name, unfinished)
        for name in _orphans(workspace, known, verdict.at_work)
        if not name.startswith(others)  # without the list, shards cannot be told from other files
    ]
    verdict.fingerprint = verdict.tree.root
    return verdict


def _shards(workspace: Workspace, folder: str, verdict: Verdict) -> Sequence[str] | None:
    """Return the shards of a job; None where the file that lists them is damaged, so that nothing can be said of them."""
    try:
        found = workspace.shard_list(folder)
    except DataError as error:
        verdict.faults.append(_unreadable(workspace, plan_path(folder), error, folder))
        return None
    return found.shards if found else ()


def _unreadable(workspace: Workspace, name: str, error: DataError, folder: str) -> Fault:
    """Return the fault of a file that is none of ours any more, and that stands in a run's way."""
    return Fault(name, str(error).removeprefix(f"{workspace.path(name)}: "), "repair", folder)


def _receipt(workspace: Workspace, folder: str, shard: str, verdict: Verdict) -> Sequence[OutputFile]:
    """Return the files that a receipt names; those of an edited one as well, so that none of them is called an orphan."""
    name = receipt_path(folder, shard)
    try:
        receipt = workspace.receipt(folder, shard)
    except DataError:
        verdict.faults.append(Fault(name, "the receipt was edited after it was written", "run", folder, shard))
        return _edited(workspace, name)
    if receipt is None:
        what = f"the receipt is missing, so shard '{shard}' of '{folder}' is not finished"
        verdict.faults.append(Fault(name, what, "run", folder, shard))
        return ()
    if receipt.failed:
        verdict.left_out.append(f"{folder}/{shard}: left out because it failed: {receipt.failed}")
    verdict.shards += 1
    closed = receipt.rows_in == receipt.rows_out + sum(receipt.dropped.values())
    if not closed:
        verdict.faults.append(Fault(name, "rows in are not rows out plus dropped", "repair", folder, shard))
    return receipt.outputs


def _edited(workspace: Workspace, name: str) -> Sequence[OutputFile]:
    try:
        value = workspace.read_json(name)
        return tuple(OutputFile(**item) for item in value["outputs"]) if value else ()
    except (DataError, KeyError, TypeError):  # edited beyond that
        return ()


def _check_file(workspace: Workspace, item: OutputFile, verdict: Verdict, of: tuple[str, str], cleaned: bool) -> None:
    path = workspace.path(item.path)
    seen: Cure = "repair" if workspace.is_remote else "run"  # a store is not asked for every object by each run
    if not exists(path):
        if cleaned:
            verdict.cleaned += 1
        else:
            verdict.faults.append(Fault(item.path, "the file is missing", seen, *of))
        return
    bytes_there = size(path)
    verdict.files += 1
    verdict.bytes += bytes_there
    if bytes_there != item.bytes:
        what = f"{bytes_there:,} bytes; the receipt says {item.bytes:,}"
        verdict.faults.append(Fault(item.path, what, seen, *of))
    elif what := damage(workspace, item):
        verdict.faults.append(Fault(item.path, what, "repair", *of))


def _check_manifest(workspace: Workspace, folder: str, shards: Sequence[str], verdict: Verdict) -> None:
    manifest = workspace.manifest(folder)
    if manifest is None:
        if not workspace.is_remote and workspace.local(manifest_path(folder)).exists():
            verdict.faults.append(Fault(manifest_path(folder), "is not a manifest", "run", folder))
        elif shards and not verdict.at_work and not any(fault.stage == folder for fault in verdict.faults):
            verdict.faults.append(Fault(manifest_path(folder), UNCLOSED, "run", folder))
        return
    rows = [manifest_row(found.receipt) for found in workspace.receipts(folder, shards) if found.receipt]
    if manifest.table.to_pylist() != rows:
        verdict.faults.append(Fault(manifest_path(folder), "is not what the receipts say", "run", folder))


def _check_summary(workspace: Workspace, folder: str, verdict: Verdict) -> None:
    name = summary_path(folder)
    try:
        found = workspace.read_json(name)
        if found and found != manifest_of_receipts(workspace.root, folder):
            verdict.faults.append(Fault(name, "is not what the receipts say", "run", folder))
    except DataError as error:
        verdict.faults.append(_unreadable(workspace, name, error, folder))


def _unlisted(workspace: Workspace, folders: Sequence[str]) -> list[Fault]:
    """Return a fault for each folder with receipts whose list of shards is gone: its files are not orphans."""
    root = workspace.local()
    places = [] if workspace.is_remote else [*root.glob("*/receipts"), *root.glob("*/*/receipts")]
    found = sorted(path.parent.relative_to(root).as_posix() for path in places)
    what = "the list of the shards is missing"
    return [Fault(plan_path(name), what, "run", name) for name in found if name not in folders]


def _orphans(workspace: Workspace, known: set[str], at_work: Sequence[Claim]) -> Iterator[str]:
    """Yield files that no receipt names; scripts and logs of a cluster, notes and indexes are not data."""
    root, tokens = workspace.local(), [claim.who.token for claim in at_work]
    for path in () if workspace.is_remote else sorted(root.rglob("*")):
        if path.is_file() and not any(part.endswith(PARTIAL) for part in path.relative_to(root).parts[:-1]):
            name = path.relative_to(root).as_posix()
            if name in known or name.startswith(PASSED_OVER) or path.parent.name in NOTES:
                continue
            if not is_begun_by(name, tokens):
                yield name


def _orphan(name: str, unfinished: set[tuple[str, str]]) -> Fault:
    """Return the fault of a file that no receipt speaks of: of an attempt that was killed, of a shard that is to be made."""
    if name.endswith(PARTIAL):
        return Fault(name, "left half-written by an attempt that was killed", "repair")
    for folder, shard in sorted(unfinished):
        if name.startswith(f"{folder}/") and name.rpartition("/")[2].startswith(f"{shard}."):
            return Fault(
                name, f"no receipt speaks of it yet, for shard '{shard}' is not finished", "run", folder, shard
            )
    return Fault(name, "an orphan; no receipt speaks of it", "yours")
