"""All that a report says, put together: facts of receipts, sums of sketches, samples. Pages, Markdown and JSON are made of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from atom_data.audit.answers.cards import cards_of
from atom_data.charts.text import plain
from atom_data.report.course import Course, course_of
from atom_data.report.facts import Facts, StageFacts, gather
from atom_data.report.ledgers import rules_of
from atom_data.report.samples import Drawing, Sample, draw
from atom_data.report.summary import Histogram, Summary, bounds_of, summarize
from atom_data.sketches.cells import REST
from atom_data.stage import Stage
from atom_data.workspace import Workspace

FORMAT = 1
SAMPLES, CHARACTERS = 12, 1200
MOST_VALUES = 40
"""Values of a table that a report has."""
DOCUMENT_MEASURES = ("text_bytes", "tokens", "bytes_per_token", "tokens_per_word", "replaced_characters")
CLUSTERS = {"copies": "the same text", "near_copies": "nearly the same text"}


@dataclass(slots=True)
class RuleLine:
    """What a rule did. Numbers that only a sketch has are None without one."""

    stage: str
    name: str
    column: str
    bounds: str
    dropped: int
    """Documents that are counted for it: it is the first of its card that they missed."""
    missed: int | None = None
    """Documents that missed it, whatever else they missed of the same card."""
    alone: int | None = None
    """Documents that no other rule of the card would have dropped."""
    text_bytes: int | None = None
    """Of the documents that are counted for it, where there was a text by then."""


@dataclass(slots=True)
class Chart:
    """A histogram, for all documents and for groups of them."""

    stage: str
    measure: str
    """`card.rule`, or a number that every document has."""
    column: str
    bounds: dict[str, float]
    groups: dict[tuple[str, str], Histogram]
    """By column and value; all documents under two empty texts."""

    @property
    def whole(self) -> Histogram:
        """Of all documents."""
        return self.groups.get(("", ""), Histogram())


@dataclass(slots=True)
class ValueLine:
    """Documents of one value: of a language, a domain."""

    value: str
    kept: int
    """In the last stages that have the column."""
    dropped: dict[str, int]
    """By `stage: reason`."""


@dataclass(slots=True)
class ValueTable:
    """What became of documents by a value that they have."""

    name: str
    lines: list[ValueLine]
    values: int
    """How many are named in sketches."""
    error: int
    """Of each value there may be up to this many documents more."""
    complete: bool
    """Whether every value is named."""
    kept_by: list[str]
    """The stages whose kept documents these are: the last ones that have the column."""


@dataclass(slots=True)
class Report:
    """A run, as it is shown."""

    name: str
    recipe: str
    facts: Facts
    rules: list[RuleLine] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[ValueTable] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    sketched: dict[str, int] = field(default_factory=dict)
    """Shards with a sketch, by stage."""
    notes: list[str] = field(default_factory=list)
    course: Course = field(default_factory=Course)

    @property
    def stages(self) -> list[StageFacts]:
        """Stages, passes and token folders, in the order of the work."""
        return [*self.facts.stages.values()]

    @property
    def read(self) -> int:
        """Documents that came in."""
        return sum(stage.rows_in for stage in self.facts.documents if not stage.reads)

    @property
    def kept(self) -> int:
        """Documents in the last stages."""
        return sum(stage.rows_out for stage in self.facts.ends)

    @property
    def tokens(self) -> int:
        """Tokens of all token folders."""
        return sum(stage.tokens for stage in self.facts.stages.values())


def build(
    workspace: Workspace,
    recipe: str = "",
    stages: Mapping[str, Stage] | None = None,
    samples: int = SAMPLES,
    characters: int = CHARACTERS,
) -> Report:
    """Put a report together. DataError where there is no run in the folder.

    It reads the receipts of every stage, a sketch of each shard, and for samples a few shards of each stage. Memory: about 300
    bytes per shard of each stage, the values that sketches name, and the samples.
    """
    facts = gather(workspace)
    name = PurePosixPath(workspace.root.rstrip("/")).name or "run"
    report = Report(name, PurePosixPath(recipe).name, facts, course=course_of(facts))
    summaries: dict[str, Summary] = {}
    for stage in facts.documents:
        shards = facts.shards[stage.name]
        summary = summarize(workspace, stage.name, shards.names, shards.sha256)
        summaries[stage.name] = summary
        report.sketched[stage.name] = summary.sketched
        _rules(report, stage, summary, recipe)
    report.tables = [table for table in (table_of(name, facts, summaries) for name in _names(summaries)) if table]
    report.notes = _notes(report, summaries)
    if samples:
        report.samples = draw(Drawing(facts, stages or {}, samples, characters, recipe))
    return report


def _rules(report: Report, stage: StageFacts, summary: Summary, recipe: str) -> None:
    """Add the rules of a stage in the order in which they decide, and their histograms."""
    identity = report.facts.folders.found[stage.name].identity
    cards = cards_of(report.facts.workspace, identity, recipe)
    histograms = summary.histograms()
    whole = summary.sketched == stage.finished
    noted = {} if summary.sketched else rules_of(report.facts.workspace, stage.name, report.facts.shards[stage.name])
    order = [*cards.rules, *(name for name in (*summary.rules, *stage.dropped) if name not in cards.rules)]
    for name in dict.fromkeys(order):
        rule, numbers = cards.rules.get(name), summary.rules.get(name)
        column = rule.column if rule else summary.columns.get(name, "")
        line = RuleLine(stage.name, plain(name), column, rule.bounds() if rule else "", stage.dropped[name])
        if numbers is not None and whole:
            line.missed, line.alone, line.text_bytes = numbers["missed"], numbers["alone"], numbers["bytes"]
        elif name in noted:
            line.missed, line.alone = noted[name]["missed"], noted[name]["alone"]
        report.rules.append(line)
        if name in histograms:
            report.charts.append(Chart(stage.name, name, column, bounds_of(rule), _apart(histograms[name])))
    for name in (*DOCUMENT_MEASURES, *CLUSTERS):
        if name in histograms:
            report.charts.append(Chart(stage.name, name, name, {}, _apart(histograms[name])))


def _apart(groups: dict[tuple[str, str], Histogram]) -> dict[tuple[str, str], Histogram]:
    """Return the groups that show something else than all documents: a column with one value splits nothing."""
    counts = Counter(by for by, _ in groups)
    return {key: found for key, found in groups.items() if not key[0] or counts[key[0]] > 1}


def _names(summaries: Mapping[str, Summary]) -> list[str]:
    return list(dict.fromkeys(name for summary in summaries.values() for name in summary.tables))


def table_of(name: str, facts: Facts, summaries: Mapping[str, Summary]) -> ValueTable | None:
    """Add up what became of documents by a value: kept as the last stages that have it say, dropped as each stage does."""
    kept: Counter[str] = Counter()
    dropped: dict[str, Counter[str]] = {}
    ends = [stage.name for stage in facts.ends]
    known = [
        stage
        for stage, summary in summaries.items()
        if name in summary.tables and any("" in outcomes for outcomes in summary.tables[name].counts.values())
    ]
    last = [stage for stage in known if stage in ends] or known[-1:]
    error, complete = 0, True
    for stage, summary in summaries.items():
        table = summary.tables.get(name)
        if table is None:
            continue
        error, complete = error + table.error, complete and not table.others
        for value, outcomes in table.counts.items():
            for outcome, count in outcomes.items():
                if outcome:
                    dropped.setdefault(value, Counter())[f"{stage}: {outcome}"] += count
                elif stage in last:
                    kept[value] += count
    values = {*kept, *dropped}
    order = sorted(values, key=lambda value: (-kept[value] - dropped.get(value, Counter()).total(), value))
    lines = [
        ValueLine(plain(value), kept[value], dict(dropped.get(value, Counter()).most_common()))
        for value in order[:MOST_VALUES]
    ]
    if name == "month":
        lines.sort(key=lambda line: line.value)
    return ValueTable(name, lines, len(values), error, complete, last) if [*values] != [""] else None


def _notes(report: Report, summaries: Mapping[str, Summary]) -> list[str]:
    said = []
    for stage in report.facts.documents:
        there = report.sketched[stage.name]
        if stage.finished < stage.shards:
            said.append(f"{stage.name} is not finished: {stage.finished:,} of {stage.shards:,} shards.")
        if stage.left_out:
            said.append(
                f"{stage.name} was finished without {stage.left_out:,} shards that failed; they count nothing here."
            )
        if there < stage.finished:
            said.append(
                f"{stage.name}: {there:,} of {stage.finished:,} shards have a sketch, so distributions and values are of these; "
                "counts by reason are of all. Folders of earlier releases, and shards that a takedown wrote again, have none."
            )
        said += [
            f"{stage.name}: a sketch is not whole, and counts as none: {plain(one)}."
            for one in summaries[stage.name].faults
        ]
    return said


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    return {
        "format": FORMAT,
        "name": report.name,
        "recipe": report.recipe,
        "read": report.read,
        "kept": report.kept,
        "tokens": report.tokens,
        "bytes_per_token": round(report.facts.bytes_per_token, 4),
        "stages": [_stage(stage, report) for stage in report.stages],
        "over_time": asdict(report.course),
        "rules": [asdict(line) for line in report.rules],
        "distributions": [_chart(chart) for chart in report.charts],
        "values": [asdict(table) for table in report.tables],
        "samples": [asdict(sample) for sample in report.samples],
        "notes": report.notes,
    }


def _stage(stage: StageFacts, report: Report) -> dict[str, Any]:
    value = asdict(stage)
    # asdict takes a Counter apart wrongly
    value |= {
        name: dict(sorted(counts.items()))
        for name, counts in (("dropped", stage.dropped), ("unreadable", stage.unreadable), ("skipped", stage.skipped))
    }
    value["slowest"] = [{"shard": name, "seconds": taken, "documents": rows} for taken, name, rows in stage.slowest]
    return {**value, "reads": list(stage.reads), "sketched": report.sketched.get(stage.name)}


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "stage": chart.stage,
        "measure": chart.measure,
        "column": chart.column,
        "bounds": chart.bounds,
        "fates": ["kept", "missed", "dropped by another rule"],
        "groups": [
            {"by": by, "value": "all others" if group == REST else group, **asdict(found)}
            for (by, group), found in chart.groups.items()
        ],
    }
