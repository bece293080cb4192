"""What `atom-data diff` says of two corpora: counts, groups, samples, and how they were made."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from atom_data.audit.answers.rows import cell, find_rows
from atom_data.audit.diff.documents import KINDS, Documents, Limits, compared, read
from atom_data.audit.diff.made import Made, made_otherwise
from atom_data.audit.diff.removed import ON_LIST, is_removed, removed_count
from atom_data.audit.diff.side import File, Side, open_side
from atom_data.audit.difference import Difference, difference
from atom_data.workspace import Workspace

GROUPS = ("source", "language", "domain")
SHOWN = 20
"""Values of a group that are listed, those with most differences first."""
NOT_READ = "not in its input, or unread there"


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a group: how many documents of each kind have it."""

    value: str
    kinds: dict[str, int]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why documents that are in one corpus are not in the other."""

    stage: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage in both: documents in and out, and what it dropped for each reason."""

    stage: str
    rows_in: tuple[int, int]
    rows_out: tuple[int, int]
    tokens: tuple[int, int]
    dropped: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One document that differs."""

    id: str
    kind: str
    before: str
    """STAGE/SHARD in the first corpus; empty where it is not there."""
    after: str
    other: str = ""
    """Of a document with the same text and another id: its id in the second corpus."""
    reason: str = ""
    """Why it is not in the other corpus, as that one's ledgers say."""
    difference: Difference | None = None


@dataclass(slots=True)
class Comparison:
    """Two corpora side by side."""

    a: str
    b: str
    documents: tuple[int, int]
    tokens: tuple[int, int]
    counts: dict[str, int]
    """`same`, `moved`, `changed`, `renamed`, `out`, `in`."""
    token_counts: dict[str, tuple[int, int]]
    """Tokens of the documents of each kind, in either corpus."""
    compared_by: str
    out_for: list[Reason] = field(default_factory=list)
    in_despite: list[Reason] = field(default_factory=list)
    """What the first corpus dropped documents for that are in the second."""
    groups: dict[str, list[Line]] = field(default_factory=dict)
    stages: list[StageLine] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether no document differs, and none lies elsewhere."""
        return not any(count for kind, count in self.counts.items() if kind != "same")


def compare(
    one: str, other: str, limits: Limits, *, stages: tuple[str, ...] = (), text: bool = True, samples: int = 3
) -> Comparison:
    """Compare two output folders. ConfigError for a stage that one does not have; DataError where there is no run."""
    a, b = open_side(Workspace(one), stages), open_side(Workspace(other), stages)
    with compared(a, b, limits, text) as documents:
        counts = documents.counts()
        by = "id and text" if documents.text else "id"
        found = Comparison(
            one, other, (a.documents, b.documents), (a.token_count, b.token_count), counts, _tokens(documents), by
        )
        found.out_for, found.in_despite = _reasons(documents, "out", b), _reasons(documents, "in", a)
        found.groups = {name: lines for name in GROUPS if (lines := _group(documents, name))}
        found.samples = [sample for kind in KINDS for sample in _samples(documents, kind, samples)]
    found.stages, found.made = _stage_lines(a, b), made_otherwise(a, b)
    return found


def _tokens(documents: Documents) -> dict[str, tuple[int, int]]:
    """Return the tokens of the documents of each kind, as the docs.parquet of either corpus has them."""
    sums: list[dict[str, int]] = []
    for side, name in ((documents.a, "d.id"), (documents.b, "coalesce(d.other, d.id)")):
        sql = f"SELECT d.kind, sum(t.tokens)::BIGINT FROM differing d JOIN {read(side.tokens)} t ON t.id = {name} GROUP BY 1"
        sums.append(dict(documents.ask(sql)) if side.tokens else {})
    return {kind: (int(sums[0].get(kind) or 0), int(sums[1].get(kind) or 0)) for kind in KINDS}


def _ledger(side: Side) -> str:
    """Return a query over all ledgers: id, stage and reason."""
    stages: dict[str, list[File]] = {}
    for file in side.ledgers:
        stages.setdefault(file.place.partition("/")[0], []).append(file)
    parts = [f"SELECT id, '{stage}' AS stage, reason FROM {read(files)}" for stage, files in stages.items()]
    return " UNION ALL ".join(parts) or "SELECT NULL::VARCHAR AS id, '' AS stage, '' AS reason WHERE false"


def _reasons(documents: Documents, kind: str, other: Side) -> list[Reason]:
    """Return why the documents of a kind are not in the other corpus, the most common reason first."""
    rows = documents.ask(
        f"""SELECT coalesce(stage, ''), coalesce(reason, '{NOT_READ}'), count(*) AS count
            FROM (SELECT id FROM differing WHERE kind = ?) d LEFT JOIN ({_ledger(other)}) l USING (id)
            GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2""",
        kind,
    )
    found = [Reason(stage, reason, int(count)) for stage, reason, count in rows]
    gone = removed_count(documents, kind, _ledger(other), other)
    if gone:
        found = [replace(one, count=one.count - gone) if one.reason == NOT_READ else one for one in found]
        found = [one for one in (*found, Reason("", ON_LIST, gone)) if one.count]
    return sorted(found, key=lambda one: (-one.count, one.stage, one.reason))


def _group(documents: Documents, name: str) -> list[Line]:
    """Return what differs by source, language or domain, where a corpus has that column."""
    column = "url" if name == "domain" else name
    value = (
        "lower(split_part(split_part(split_part(f.url, '://', 2), '/', 1), ':', 1))"
        if name == "domain"
        else f"f.{name}"
    )
    parts = []
    for side, files, own in (
        (documents.a, documents.read[0], "d.kind <> 'in'"),
        (documents.b, documents.read[1], "d.kind = 'in'"),
    ):
        if column in side.columns and files:
            parts.append(
                f"SELECT {value} AS value, d.kind AS kind FROM {read(files)} f JOIN differing d ON f.id = d.id WHERE {own}"
            )
    if not parts:
        return []
    rows = documents.ask(
        f"""SELECT coalesce(value::VARCHAR, ''), kind, count(*) FROM ({" UNION ALL ".join(parts)}) GROUP BY 1, 2 ORDER BY 1, 2"""
    )
    lines: dict[str, dict[str, int]] = {}
    for value, kind, count in rows:
        lines.setdefault(value, {})[kind] = int(count)
    ordered = sorted(lines.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return [Line(value, kinds) for value, kinds in ordered[:SHOWN]]


def _samples(documents: Documents, kind: str, count: int) -> Iterator[Sample]:
    """Yield documents of a kind: those whose ids have the smallest MD5, so the same ones each time."""
    other = documents.b if kind == "out" else documents.a
    rows = documents.ask(
        """SELECT id, place_a, place_b, coalesce(other, '') FROM differing WHERE kind = ? ORDER BY md5(id), id LIMIT ?""",
        kind,
        count,
    )
    for identity, before, after, renamed in rows:
        reason = ""
        if kind in ("out", "in"):
            found = documents.ask(
                f"SELECT stage, reason FROM ({_ledger(other)}) WHERE id = ? ORDER BY 1, 2 LIMIT 1", identity
            )
            away = ON_LIST if not found and is_removed(documents, kind, identity, other) else NOT_READ
            reason = ": ".join(found[0]) if found else away
        differs = None
        if kind == "changed" and documents.text:
            texts = [
                _text(files, place, identity) for files, place in zip(documents.read, (before, after), strict=True)
            ]
            differs = difference(*texts)
        yield Sample(identity, kind, before or "", after or "", renamed, reason, differs)


def _text(files: list[File], place: str, identity: str) -> str:
    file = next(file for file in files if file.place == place)
    row = next((row for row, _ in find_rows(file.path, {"id": [identity]})), None)
    return str(cell(file.path, row, "text") or "") if row is not None else ""


def _stage_lines(a: Side, b: Side) -> list[StageLine]:
    """Return the stages that both have, in order, with what they read, wrote and dropped."""
    lines = []
    for name, one in a.counts.items():
        other = b.counts.get(name)
        if other is not None:
            reasons = sorted({*one.dropped, *other.dropped})
            dropped = {reason: (one.dropped[reason], other.dropped[reason]) for reason in reasons}
            rows_in, rows_out = (one.rows_in, other.rows_in), (one.rows_out, other.rows_out)
            lines.append(StageLine(name, rows_in, rows_out, (one.tokens, other.tokens), dropped))
    return lines
