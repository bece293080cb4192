"""Two runs side by side: what each stage kept, what each rule took, and what was made otherwise."""

from dataclasses import asdict, dataclass
from typing import Any

from atom_data.audit.diff.made import Made
from atom_data.report.report import FORMAT, Chart, Report, ValueTable

Pair = tuple[int | None, int | None]


@dataclass(slots=True)
class RulePair:
    """A rule in both runs; None where one has it not."""

    stage: str
    name: str
    bounds: tuple[str, str]
    dropped: Pair
    read: Pair
    """Documents that the stage read."""


@dataclass(slots=True)
class StagePair:
    """A stage in both runs."""

    stage: str
    rows_in: Pair
    rows_out: Pair
    text_bytes: Pair
    cpu_seconds: tuple[float | None, float | None]


@dataclass(slots=True)
class ValuePair:
    """Documents of one value that are kept."""

    value: str
    kept: tuple[int, int]


@dataclass(slots=True)
class SideBySide:
    """Two runs."""

    a: Report
    b: Report
    stages: list[StagePair]
    rules: list[RulePair]
    charts: list[tuple[Chart, Chart]]
    """Of measures that both have."""
    values: dict[str, list[ValuePair]]
    made: list[Made]
    """What was made otherwise: recipe, parameters, cards, code, libraries, inputs."""


def side_by_side(a: Report, b: Report, made: list[Made]) -> SideBySide:
    """Put two reports beside each other, with what was made otherwise (`audit.diff.made`)."""
    return SideBySide(a, b, _stages(a, b), _rules(a, b), _charts(a, b), _values(a, b), made)


def _stages(a: Report, b: Report) -> list[StagePair]:
    one, two = a.facts.stages, b.facts.stages
    pairs = []
    for name in dict.fromkeys((*one, *two)):
        both = one.get(name), two.get(name)
        if any(stage is not None and stage.kind == "pass" for stage in both):
            continue
        rows = [(stage.rows_in, stage.rows_out, stage.text_bytes) if stage else (None,) * 3 for stage in both]
        rows_in, rows_out, text = (_pair(rows[0][place], rows[1][place]) for place in range(3))
        first, second = (None if stage is None else stage.cpu_seconds for stage in both)
        pairs.append(StagePair(name, rows_in, rows_out, text, (first, second)))
    return pairs


def _pair(first: int | None, second: int | None) -> Pair:
    return first, second


def _rules(a: Report, b: Report) -> list[RulePair]:
    one, two = ({(line.stage, line.name): line for line in report.rules} for report in (a, b))
    pairs = []
    for key in dict.fromkeys((*one, *two)):
        lines = one.get(key), two.get(key)
        before, after = (line.bounds if line else "" for line in lines)
        dropped = _pair(*(None if line is None else line.dropped for line in lines))
        stages = a.facts.stages.get(key[0]), b.facts.stages.get(key[0])
        read = _pair(*(None if stage is None else stage.rows_in for stage in stages))
        pairs.append(RulePair(*key, (before, after), dropped, read))
    return pairs


def _charts(a: Report, b: Report) -> list[tuple[Chart, Chart]]:
    others = {(chart.stage, chart.measure): chart for chart in b.charts}
    pairs = ((chart, others.get((chart.stage, chart.measure))) for chart in a.charts)
    return [(one, other) for one, other in pairs if other is not None]


def _values(a: Report, b: Report) -> dict[str, list[ValuePair]]:
    found = {}
    others = {table.name: table for table in b.tables}
    for table in a.tables:
        if table.name in others:
            one, two = _kept(table), _kept(others[table.name])
            order = sorted({*one, *two}, key=lambda value: (-one.get(value, 0) - two.get(value, 0), value))
            found[table.name] = [ValuePair(value, (one.get(value, 0), two.get(value, 0))) for value in order]
    return found


def _kept(table: ValueTable) -> dict[str, int]:
    return {line.value: line.kept for line in table.lines}


def as_json(both: SideBySide) -> dict[str, Any]:
    """Return the comparison as plain JSON values."""
    return {
        "format": FORMAT,
        "a": _head(both.a),
        "b": _head(both.b),
        "stages": [asdict(pair) for pair in both.stages],
        "rules": [asdict(pair) for pair in both.rules],
        "values": {name: [asdict(pair) for pair in pairs] for name, pairs in both.values.items()},
        "made_otherwise": [asdict(one) for one in both.made],
        "notes": {"a": both.a.notes, "b": both.b.notes},
    }


def _head(report: Report) -> dict[str, Any]:
    return {"name": report.name, "read": report.read, "kept": report.kept, "tokens": report.tokens}
