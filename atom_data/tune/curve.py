"""What is kept as one bound moves: documents and tokens by threshold, of all rows and of the largest groups."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from atom_data.batch import empty
from atom_data.errors import ConfigError
from atom_data.rules import Rule
from atom_data.tune.bounds import CardRule, Sweep
from atom_data.tune.counts import Amount
from atom_data.tune.sql import all_pass, bounds_passed, identifier, literal, with_bound
from atom_data.tune.stored import ROW, Stored

LEVELS = 20
SAMPLE_ROWS = 1_000_000
"""Thresholds that follow from the data follow from at most about this many rows, spread evenly over each shard."""


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold."""

    threshold: float
    alone: Amount
    """What passes the rule with this bound, whatever the other rules say."""
    kept: Amount
    """What passes all rules, this one with this bound."""
    groups: tuple[Amount, ...] = ()
    """Of `kept`, the part of each group."""


@dataclass(slots=True)
class Curve:
    """One bound of one rule, from the lowest threshold to the highest."""

    rule: CardRule
    key: str
    present: float | None
    total: Amount
    points: list[Point] = field(default_factory=list)


def curve(
    stored: Stored,
    rules: Sequence[CardRule],
    place: int,
    sweep: Sweep,
    column: str | None = None,
    values: Sequence[str | None] = (),
) -> Curve:
    """Count, in one scan, what is kept at every threshold; and for each of `values` of `column`."""
    item, key = rules[place], sweep.key
    loosest_first = sorted(_fitting(stored, item.rule, sweep), reverse=key in ("max", "below"))
    # A row that passes a bound passes every looser one, so the number of bounds passed says which.
    passed = bounds_passed(item.rule, key, loosest_first, stored.schema)
    rest = all_pass([other.rule for number, other in enumerate(rules) if number != place], stored.schema)
    lines = stored.select(
        f"""select level, rest, part, count(*), sum(tokens) from (select {passed} as level, {rest} as rest,
        {_part(column, values)} as part, {stored.tokens} as tokens from stored) group by level, rest, part"""
    )
    found = [(level, others, part, Amount(count, int(tokens or 0))) for level, others, part, count, tokens in lines]
    made = Curve(item, key, getattr(item.rule, key), sum((amount for *_, amount in found), Amount()))
    for number, bound in enumerate(loosest_first):
        through = [(others, part, amount) for level, others, part, amount in found if level > number]
        kept = [(part, amount) for others, part, amount in through if others]
        groups = (sum((a for part, a in kept if part == at), Amount()) for at in range(len(values)))
        alone = sum((amount for *_, amount in through), Amount())
        made.points.append(Point(bound, alone, sum((amount for _, amount in kept), Amount()), tuple(groups)))
    made.points.sort(key=lambda point: point.threshold)
    return made


def _part(column: str | None, values: Sequence[str | None]) -> str:
    if column is None or not values:
        return "-1"
    name = f"{identifier(column)}::varchar"
    cases = (
        f"when {name} is null then {number}" if value is None else f"when {name} = {literal(value)} then {number}"
        for number, value in enumerate(values)
    )
    return f"case {' '.join(cases)} else -1 end"


def _fitting(stored: Stored, rule: Rule, sweep: Sweep) -> list[float]:
    """Return the thresholds, the present bound among them, each once. ConfigError when the column takes no such bound."""
    with_bound(rule, sweep.key, 0).passes(empty(stored.schema))
    present = getattr(rule, sweep.key)
    found = dict.fromkeys([*(sweep.thresholds or levels(stored, rule.column)), *([] if present is None else [present])])
    if not found:
        raise ConfigError(f"--sweep: column '{rule.column}' holds no number. Give the thresholds.")
    for bound in found:
        with_bound(rule, sweep.key, bound).passes(empty(stored.schema))
    return list(found)


def levels(stored: Stored, column: str) -> tuple[float, ...]:
    """Return thresholds that part the rows evenly: their twentieths, in two digits."""
    name = identifier(column)
    step = max(1, -(-stored.documents // SAMPLE_ROWS))
    fractional = pa.types.is_floating(stored.schema.field(column).type)
    sane = f"isfinite({name})" if fractional else f"{name} is not null"
    shares = [number / LEVELS for number in range(LEVELS + 1)]
    ((found,),) = stored.select(
        f"select quantile_disc({name}::double, {shares}) from stored where {sane} and {ROW} % {step} = 0"
    )
    return tuple(sorted({two_digits(value, fractional) for value in found or ()}))


def two_digits(value: float, fractional: bool) -> float:
    """Return a number as a person would choose it: its first two digits, whole unless the column has fractions."""
    digits = 1 - math.floor(math.log10(abs(value))) if value else 0
    rounded = round(value, digits if fractional else min(digits, 0))
    return rounded if fractional else int(rounded)
