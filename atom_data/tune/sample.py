"""Texts either side of a bound, and those that other bounds would bring in or put out: the same ones in every run.

Those nearest to the bound come first; which of equally near ones, a hash of the id decides (`signals.SampleUnit` does so
with BLAKE2b; here it is MD5, which DuckDB has).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atom_data.rules import CHOICES, Rule
from atom_data.storage.parquet import open_parquet
from atom_data.tune.bounds import CardRule
from atom_data.tune.sql import all_pass, identifier, passes, without
from atom_data.tune.stored import FILE, ROW, Stored

CHARACTERS = 400
BATCH_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Sight:
    """One document of a sample."""

    side: str
    """`inside`, `outside`, `comes in` or `goes out`."""
    bound: str
    """The rule and the bound it stands beside."""
    id: str
    url: str
    values: dict[str, Any]
    """What the rule, or the changed rules, looked at."""
    text: str


def beside(stored: Stored, rules: Sequence[CardRule], place: int, key: str, count: int) -> list[Sight]:
    """Return up to `count` documents just inside and as many just outside of one bound.

    Only of those that everything else lets pass: of these, the bound alone decides.
    """
    item = rules[place]
    bound = getattr(item.rule, key)
    given: dict[str, Any] = {key: bound}
    line = Rule(reason=item.rule.reason, column=item.rule.column, where=item.rule.where, **given)
    rest = [other.rule for number, other in enumerate(rules) if number != place]
    remainder = without(item.rule, key)
    others = all_pass([*rest, *([remainder] if remainder else [])], stored.schema)
    passed, column = passes(line, stored.schema), identifier(item.rule.column)
    where = f"{column} is not null and {others}"
    name, found = f"{item.name} {key} {bound}", list[Sight]()
    distance = None if key in CHOICES else f"abs({column}::double - {float(bound)!r})"
    for side, test in (("inside", passed), ("outside", f"not {passed}")):
        found += _sights(stored, side, name, [item.rule.column], f"{where} and {test}", count, distance)
    return found


def crossing(stored: Stored, rules: Sequence[CardRule], others: Sequence[CardRule], count: int) -> list[Sight]:
    """Return up to `count` documents that `others` would bring in, and as many that they would put out."""
    now, then = (all_pass([item.rule for item in some], stored.schema) for some in (rules, others))
    differing = [item.rule.column for item in (*rules, *others) if item not in rules or item not in others]
    columns = list(dict.fromkeys(differing))
    coming = _sights(stored, "comes in", "", columns, f"{then} and not {now}", count)
    return coming + _sights(stored, "goes out", "", columns, f"{now} and not {then}", count)


def _sights(
    stored: Stored, side: str, bound: str, columns: Sequence[str], where: str, count: int, distance: str | None = None
) -> list[Sight]:
    order = "md5('0 ' || coalesce(id::varchar, ''))"
    if distance is not None:
        nearest = stored.select(f"select {distance} as far from stored where {where} order by far limit {count}")
        if not nearest:
            return []
        # Only of those as near as the last one, an id is read and hashed.
        where, order = f"{distance} <= {nearest[-1][0]!r} and {where}", f"{distance}, {order}"
    listed = ", ".join(identifier(name) for name in ("id", *columns))
    lines = stored.select(
        f"select {FILE}, {ROW}, {listed} from stored where {where} order by {order}, {FILE}, {ROW} limit {count}"
    )
    sights = []
    for file, row, identity, *values in lines:
        text, url = _text_and_url(stored, file, row)
        measured = dict(zip(columns, values, strict=True))
        sights.append(Sight(side, bound, str(identity), url, measured, text))
    return sights


def _text_and_url(stored: Stored, file: int, row: int) -> tuple[str, str]:
    """Return the beginning of the text in one row, and its url. Memory: a thousand rows of a shard, which holds 32 MB of them."""
    opened = open_parquet(stored.files[file])
    try:
        group = 0
        while row >= opened.metadata.row_group(group).num_rows:
            row -= opened.metadata.row_group(group).num_rows
            group += 1
        names = [name for name in ("text", "url") if name in stored.schema.names]
        batches = opened.iter_batches(batch_size=BATCH_ROWS, row_groups=[group], columns=names)
        batch = next(itertools.islice(batches, row // BATCH_ROWS, None)) if names else None
    finally:
        opened.close()
    line = {} if batch is None else batch.slice(row % BATCH_ROWS, 1).to_pylist()[0]
    text = line.get("text") if "text" in names else f"(stage '{stored.stage}' does not write the text)"
    return (text or "")[:CHARACTERS], line.get("url") or ""
