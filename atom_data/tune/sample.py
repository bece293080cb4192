"""Texts either side of a bound, and those that other bounds would bring in or put out: the same ones in every run.

Those nearest to the bound come first; which of equally near ones, a hash of the id decides (`signals.SampleUnit` does so
with BLAKE2b; here it is MD5, which DuckDB has).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atom_data.rules import CHOICES, Rule
from atom_data.storage.parquet import open_parquet
from atom_data.tune.bounds import CardRule
from atom_data.tune.sql import all_pass, identifier, passes, without
from atom_data.tune.stored import FILE, ROW, Stored

CHARACTERS = 400


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
    near = "" if key in CHOICES else f"abs({column}::double - {float(bound)!r}), "
    name, found = f"{item.name} {key} {bound}", list[Sight]()
    for side, test in (("inside", passed), ("outside", f"not {passed}")):
        where = f"{column} is not null and {others} and {test}"
        found += _sights(stored, side, name, [item.rule.column], where, near, count)
    return found


def crossing(stored: Stored, rules: Sequence[CardRule], others: Sequence[CardRule], count: int) -> list[Sight]:
    """Return up to `count` documents that `others` would bring in, and as many that they would put out."""
    now, then = (all_pass([item.rule for item in some], stored.schema) for some in (rules, others))
    differing = [item.rule.column for item in (*rules, *others) if item not in rules or item not in others]
    columns = list(dict.fromkeys(differing))
    coming = _sights(stored, "comes in", "", columns, f"{then} and not {now}", "", count)
    return coming + _sights(stored, "goes out", "", columns, f"{now} and not {then}", "", count)


def _sights(
    stored: Stored, side: str, bound: str, columns: Sequence[str], where: str, near: str, count: int
) -> list[Sight]:
    names = [name for name in ("id", "url") if name in stored.schema.names]
    listed = ", ".join(identifier(name) for name in (*names, *columns))
    lines = stored.select(
        f"""select {FILE}, {ROW}, {listed} from stored where {where}
        order by {near}md5('0 ' || coalesce(id::varchar, '')), {FILE}, {ROW} limit {count}"""
    )
    sights = []
    for file, row, *values in lines:
        known = dict(zip(names, values, strict=False))
        measured = dict(zip(columns, values[len(names) :], strict=True))
        text = _text(stored, file, row)
        sights.append(Sight(side, bound, str(known.get("id")), known.get("url") or "", measured, text))
    return sights


def _text(stored: Stored, file: int, row: int) -> str:
    """Return the beginning of the text in one row. Memory: the texts of its row group, about 32 MB as stages write them."""
    if "text" not in stored.schema.names:
        return f"(stage '{stored.stage}' does not write the text)"
    opened = open_parquet(stored.files[file])
    try:
        group = 0
        while row >= opened.metadata.row_group(group).num_rows:
            row -= opened.metadata.row_group(group).num_rows
            group += 1
        text = opened.read_row_group(group, columns=["text"]).column("text")[row].as_py()
    finally:
        opened.close()
    return (text or "")[:CHARACTERS]
