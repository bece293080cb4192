"""The corpus that was rebuilt, held against the first one: the same root, or the first thing that differs."""

import importlib.metadata
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from atom_data.audit.diff.made import Made, changes, inputs_otherwise
from atom_data.audit.diff.side import open_side
from atom_data.audit.reproduce.cells import first_cell
from atom_data.audit.root import tree_of
from atom_data.import_graph import import_graph
from atom_data.runner.bundle.bundle import Bundle, machine, read_bundle
from atom_data.runner.changed import HASH
from atom_data.storage.receipts import OutputFile, Receipt
from atom_data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Difference:
    """The first shard that is another one, and why."""

    stage: str
    shard: str
    what: str
    """`input`, `card`, `file`, `parameter`, `code`, `library`, `python`, or `processor`, where nothing else differs."""
    said: str
    cell: str = ""
    """The first value that differs."""


@dataclass(slots=True)
class Verdict:
    """What came of making a corpus again."""

    root: str
    again: str
    first: Difference | None = None
    noted: list[str] = field(default_factory=list)
    """What else is not as it was, also where the root is the same."""
    inputs: list[str] = field(default_factory=list)
    """Inputs that are others, where the root is the same in spite of that."""

    @property
    def same(self) -> bool:
        """Whether all is as it was."""
        return self.root == self.again


def judge(workspace: Workspace, new: Workspace) -> Verdict:
    """Compare a corpus with the rebuilt one, by receipts; where they differ, the first shard that does is read."""
    verdict = Verdict(tree_of(workspace).root, tree_of(new).root, noted=surroundings(read_bundle(workspace)))
    if verdict.same:
        others = inputs_otherwise(open_side(workspace), open_side(new))
        verdict.inputs = [f"{one.where}: SHA-256 {one.after}..., was {one.before}..." for one in others if one.before]
    else:
        verdict.first = first_difference(workspace, new)
    return verdict


def surroundings(bundle: Bundle | None) -> list[str]:
    """Say which code, libraries and processor are not those of the run, as they are here now."""
    if bundle is None:
        return []
    now = _now(bundle)
    said = [_said(name, before, now.get(name)) for name, before in _then(bundle).items() if now.get(name) != before]
    return [line for line in said if line]


def _then(bundle: Bundle) -> dict[str, str]:
    return {
        "python": bundle.python,
        **bundle.libraries,
        **{f"machine {name}": value for name, value in bundle.machine.items()},
    }


def _now(bundle: Bundle) -> dict[str, str]:
    found = {"python": platform.python_version(), **{f"machine {name}": value for name, value in machine().items()}}
    for name in bundle.libraries:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _said(name: str, before: str, now: str | None) -> str:
    return f"{name.removeprefix('machine ')}: {now or 'not known'}, was {before or 'not known'}"


def first_difference(workspace: Workspace, new: Workspace) -> Difference:
    """Return the first shard that differs, in the order in which the jobs were done, and the first cause that is found."""
    record = workspace.record()
    jobs: Sequence[str] = record.jobs if record and record.jobs else workspace.job_folders()
    for job in jobs:
        mine, theirs = (one.shard_list(job) for one in (workspace, new))
        names = [set(found.shards) if found else set[str]() for found in (mine, theirs)]
        for shard in sorted(names[0] ^ names[1]):
            has = "is not there any more" if shard in names[0] else "was not there before"
            return Difference(job, shard, "input", f"shard '{shard}' of {job} {has}: the input has other files")
        for shard in sorted(names[0]):
            before, after = workspace.finished_receipt(job, shard), new.finished_receipt(job, shard)
            if _content(before.outputs) != _content(after.outputs):
                return _why(workspace, new, before, after)
    return Difference("", "", "stage", f"the stages are others: {', '.join(jobs)}")


def _content(outputs: Sequence[OutputFile]) -> list[tuple[str, str]]:
    return [(item.path, item.sha256) for item in outputs]


def _why(workspace: Workspace, new: Workspace, before: Receipt, after: Receipt) -> Difference:
    """Return what differs of a shard whose inputs from other stages are the same: those were compared before."""
    causes = [*_inputs(before, after), *_identity(workspace, new, before.stage), *_code(workspace, new, before, after)]
    cell = first_cell(workspace, new, before, after)
    if causes:
        what, said = causes[0]
        return Difference(before.stage, before.shard, what, said, cell)
    then = read_bundle(workspace)
    machines = f"made on {_machine(then.machine if then else {})}, again on {_machine(machine())}"
    said = (
        f"nothing that a receipt knows differs, so it is how a processor rounds, or a step that is not pure: {machines}"
    )
    return Difference(before.stage, before.shard, "processor", said, cell)


def _machine(said: dict[str, str]) -> str:
    return f"{said.get('processor') or said.get('architecture') or 'a machine not known'} ({said.get('features', '')})"


def _inputs(before: Receipt, after: Receipt) -> Iterator[tuple[str, str]]:
    mine, theirs = ({item.path: item for item in receipt.inputs} for receipt in (before, after))
    for path in sorted({*mine, *theirs}):
        one, other = mine.get(path), theirs.get(path)
        if one is None or other is None:
            yield "input", f"{path}: {'was not read before' if one is None else 'is not read any more'}"
        elif one.sha256 != other.sha256:
            then = f"{one.bytes:,} bytes with SHA-256 {one.sha256[:16]}..."
            yield "input", f"{path}: has {other.bytes:,} bytes with SHA-256 {other.sha256[:16]}..., had {then}"


def _identity(workspace: Workspace, new: Workspace, stage: str) -> Iterator[tuple[str, str]]:
    plans = [one.shard_list(stage) for one in (workspace, new)]
    one, other = (dict(plan.identity) if plan else {} for plan in plans)
    found: Iterator[Made] = changes(stage, one, other)
    yield from ((made.kind, f"{made.before} before, {made.after} now") for made in found)


def _code(workspace: Workspace, new: Workspace, before: Receipt, after: Receipt) -> Iterator[tuple[str, str]]:
    bundles = [read_bundle(one) for one in (workspace, new)]
    then = bundles[0].code if bundles[0] else {}
    now = _current_code()
    for name in sorted({*before.code, *after.code}, key=lambda name: (not name.startswith("atom_data"), name)):
        one, other = before.code.get(name), after.code.get(name)
        if one != other:
            is_code = HASH.fullmatch(one or other or "") is not None
            files = [place for place in sorted(then) if is_code and place in now and now[place] != then[place]]
            which = f" ({', '.join(files[:3])})" if files else ""
            kind = "code" if is_code else "python" if name == "python" else "library"
            verb = "is other code now" if is_code else f"is {other or 'not used'}, was {one or 'not used'}"
            yield kind, f"{name} {verb}{which}"


def _current_code() -> dict[str, str]:
    """Return the hash of each source of the package as it is now, as bundles have it."""
    graph = import_graph()
    return {place: graph.known(module).digest for module, place in graph.files.items()}
