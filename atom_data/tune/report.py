"""The answer to one question: what is asked, what comes out, and the same as JSON."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from atom_data.errors import ConfigError
from atom_data.rules import Rule
from atom_data.tune.bounds import CardRule, Setting, Sweep, changed, stored_rules, swept
from atom_data.tune.counts import Amount, Answer, Group, Waterfall, count, count_by
from atom_data.tune.curve import Curve, curve
from atom_data.tune.sample import Sight, beside, crossing
from atom_data.tune.sql import all_pass
from atom_data.tune.stored import Stored

CURVE_GROUPS = 6
"""Of how many of the largest groups a curve is drawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What to count."""

    rules: tuple[CardRule, ...]
    settings: tuple[Setting, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    by: str | None = None
    top: int = 10
    sample: int = 0


@dataclass(slots=True)
class Report:
    """What comes out."""

    stage: str
    tokens_from: str
    notes: list[str]
    rules: list[CardRule]
    others: list[CardRule] | None
    answer: Answer
    by: str | None = None
    groups: list[Group] = field(default_factory=list)
    values: int = 0
    """How many values the column `by` has."""
    curves: list[Curve] = field(default_factory=list)
    sights: list[Sight] = field(default_factory=list)


def ask(stored: Stored, question: Question) -> Report:
    """Answer a question, each part of it by one scan of the columns it needs.

    ConfigError when no rule can be evaluated and nothing else is asked for, and for a name that is neither rule nor column.
    """
    rules, missing = stored_rules(question.rules, stored.schema, stored.stage)
    if not (rules or question.settings or question.sweeps or question.by):
        why = " ".join(missing) or "No card is given, and the recipe has none from this stage on."
        raise ConfigError(
            f"stage '{stored.stage}': no rule to judge. {why} Give a card with --card, or a column with --sweep; columns "
            f"there: {', '.join(stored.schema.names)}."
        )
    others = changed(rules, question.settings, stored.schema) if question.settings else None
    later = None if others is None else [item for item in others if item is not None]
    if question.sweeps or question.by or question.sample:
        stored.hold(_columns(question, [*rules, *(later or ())]))
    answer = count(stored, rules, later)
    report = Report(stored.stage, stored.tokens_from, [*stored.notes, *missing], rules, later, answer)
    if question.by is not None:
        _group(stored, question, report)
    column, values = question.by, [group.value for group in report.groups[:CURVE_GROUPS]]
    for sweep in question.sweeps:
        some, place = swept(rules if later is None else later, sweep, stored.schema)
        report.curves.append(curve(stored, some, place, sweep, column, values))
    if question.sample:
        report.sights = _sights(stored, question, rules, later, answer.present)
    return report


def _columns(question: Question, rules: Sequence[CardRule]) -> set[str]:
    """Return the columns that a question looks at; a sweep's name may be one."""
    judged = {name for item in rules for name in (item.rule.column, *(where for where, _ in item.rule.where))}
    grouped = {question.by} if question.by else set()
    return judged | grouped | {sweep.name for sweep in question.sweeps} | ({"id"} if question.sample else set())


def _group(stored: Stored, question: Question, report: Report) -> None:
    column = str(question.by)
    if column not in stored.schema.names:
        raise ConfigError(
            f"--by: {stored.stage} has no column '{column}'; columns there: {', '.join(stored.schema.names)}. "
            "FastTextLanguage adds language, CheckUrl adds domain."
        )
    kept, other = (
        None if some is None else all_pass([item.rule for item in some], stored.schema)
        for some in (report.rules, report.others)
    )
    report.by = column
    report.groups, report.values = count_by(stored, column, question.top, str(kept), other)


def _sights(
    stored: Stored,
    question: Question,
    rules: Sequence[CardRule],
    later: Sequence[CardRule] | None,
    present: Waterfall,
) -> list[Sight]:
    """Return texts beside the bounds that are asked about; of those of the rule that costs most, when none is."""
    sights = crossing(stored, rules, later, question.sample) if later is not None else []
    now = list(rules if later is None else later)
    lines = []
    for name, key in [(s.name, s.key) for s in question.settings] + [(s.name, s.key) for s in question.sweeps]:
        items, place = now, _place(now, name)
        if place is not None and key is not None and getattr(items[place].rule, key) is not None:
            lines.append((place, key))
    if not lines and present.losses:
        most = max(range(len(present.losses)), key=lambda number: present.losses[number].first.documents)
        lines = [(most, key) for key in bounded(present.losses[most].rule.rule)]
    for place, key in dict.fromkeys(lines):
        sights += beside(stored, now, place, key, question.sample)
    return sights


def _place(rules: Sequence[CardRule], name: str) -> int | None:
    names = [(item.name, item.rule.reason, item.rule.column) for item in rules]
    return next((number for number, known in enumerate(names) if name in known), None)


def bounded(rule: Rule) -> list[str]:
    """Return the keys of the bounds that a rule has."""
    return [key for key in ("min", "max", "above", "below", "one_of", "none_of") if getattr(rule, key) is not None]


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    answer = report.answer
    value: dict[str, Any] = {
        "stage": report.stage,
        "tokens_from": report.tokens_from,
        "notes": report.notes,
        "present": _waterfall(answer.present),
        "what_if": None,
    }
    if answer.other is not None:
        value["what_if"] = {
            **_waterfall(answer.other),
            "comes_in": asdict(answer.gained),
            "goes_out": asdict(answer.lost),
        }
    value["by"] = report.by and {
        "column": report.by,
        "values": report.values,
        "groups": [_without_null(asdict(group), "other") for group in report.groups],
    }
    names = [group.value for group in report.groups[:CURVE_GROUPS]]
    value["sweeps"] = [_curve(item, names) for item in report.curves]
    value["samples"] = [
        {**asdict(sight), "values": {name: _plain(known) for name, known in sight.values.items()}}
        for sight in report.sights
    ]
    return value


def _waterfall(waterfall: Waterfall) -> dict[str, Any]:
    rules = [
        {
            "name": loss.rule.name,
            "column": loss.rule.rule.column,
            "bounds": {key: getattr(loss.rule.rule, key) for key in bounded(loss.rule.rule)},
            "where": {name: list(choice) for name, choice in loss.rule.rule.where},
            **{name: asdict(getattr(loss, name)) for name in ("alone", "first", "only")},
        }
        for loss in waterfall.losses
    ]
    return {"total": asdict(waterfall.total), "kept": asdict(waterfall.kept), "rules": rules}


def _curve(item: Curve, names: Sequence[str | None]) -> dict[str, Any]:
    points = []
    for point in item.points:
        made: dict[str, Any] = {
            "threshold": point.threshold,
            "alone": asdict(point.alone),
            "kept": asdict(point.kept),
        }
        if point.groups:
            made["kept_by"] = [[name, asdict(a)] for name, a in zip(names, point.groups, strict=True)]
        points.append(made)
    return {"rule": item.rule.name, "key": item.key, "present": item.present, "points": points}


def _plain(value: object) -> object:
    """Return a value that JSON has: null for NaN and infinities, text for bytes."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _without_null(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: part for name, part in value.items() if name != key or part is not None}


def share(part: int, whole: int) -> float:
    """Return the share of a whole, 0 of nothing."""
    return part / whole if whole else 0.0


def total_of(report: Report) -> Amount:
    """Return all rows and their tokens."""
    return report.answer.present.total


def in_words(number: float) -> str:
    """Return a large number in three digits and a unit."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"
