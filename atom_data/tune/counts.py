"""How many documents and tokens a list of rules keeps, and what each rule has to do with it.

One scan groups the rows by the set of rules that they fail; everything else is sums over these few groups.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from atom_data.errors import DataError
from atom_data.tune.bounds import CardRule
from atom_data.tune.sql import identifier, passes
from atom_data.tune.stored import Stored

WORD_BITS = 62


@dataclass(frozen=True, slots=True)
class Amount:
    """Documents and their tokens."""

    documents: int = 0
    tokens: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        """Add both."""
        return Amount(self.documents + other.documents, self.tokens + other.tokens)


@dataclass(slots=True)
class Loss:
    """What one rule takes out."""

    rule: CardRule
    alone: Amount = Amount()
    """All that fails it, whatever the others say."""
    first: Amount = Amount()
    """What fails it first: what the ledger would count for it."""
    only: Amount = Amount()
    """What fails no other rule: what would come back without it."""


@dataclass(slots=True)
class Waterfall:
    """What a list of rules keeps, and the losses in the order of the rules."""

    total: Amount
    kept: Amount
    losses: list[Loss]


@dataclass(slots=True)
class Answer:
    """The rules as they are and, with other bounds, as they would be."""

    present: Waterfall
    other: Waterfall | None = None
    gained: Amount = Amount()
    """Dropped now, kept with the other bounds."""
    lost: Amount = Amount()
    """Kept now, dropped with the other bounds."""


@dataclass(frozen=True, slots=True)
class Group:
    """The rows that share a value, and what is kept of them."""

    value: str | None
    total: Amount
    kept: Amount
    other: Amount | None = None


def count(stored: Stored, rules: Sequence[CardRule], others: Sequence[CardRule] | None = None) -> Answer:
    """Count what `rules` keep, and what `others` would. DataError when the shards hold other rows than their receipts say."""
    both = [*rules, *(others or ())]
    groups = list(_masks(stored, both))
    total = sum((amount for amount, _ in groups), Amount())
    if total.documents != stored.documents:
        raise DataError(
            f"stage '{stored.stage}': its receipts say {stored.documents:,} documents, its shards hold "
            f"{total.documents:,}. Run atom-data verify."
        )
    low = (1 << len(rules)) - 1
    answer = Answer(_waterfall(rules, total, [(amount, mask & low) for amount, mask in groups]))
    if others is not None:
        high = [(amount, mask >> len(rules)) for amount, mask in groups]
        answer.other = _waterfall(others, total, high)
        answer.gained = sum((a for a, mask in groups if mask & low and not mask >> len(rules)), Amount())
        answer.lost = sum((a for a, mask in groups if not mask & low and mask >> len(rules)), Amount())
    return answer


def _masks(stored: Stored, rules: Sequence[CardRule]) -> Iterator[tuple[Amount, int]]:
    """Yield each set of failed rules, as bits, with its documents and tokens."""
    bits = [f"(not {passes(item.rule, stored.schema)})::bigint << {n % WORD_BITS}" for n, item in enumerate(rules)]
    words = [" | ".join(f"({bit})" for bit in bits[at : at + WORD_BITS]) for at in range(0, len(bits), WORD_BITS)]
    names = [f"w{number}" for number in range(len(words))]
    listed = "".join(f"{name}, " for name in names)
    inner = "".join(f"{word} as {name}, " for word, name in zip(words, names, strict=True))
    query = f"select {listed}count(*), sum(tokens) from (select {inner}{stored.tokens} as tokens from stored)"
    for *found, documents, tokens in stored.select(f"{query} group by {listed.rstrip(', ')}" if names else query):
        mask = sum(word << (WORD_BITS * number) for number, word in enumerate(found))
        yield Amount(documents, int(tokens or 0)), mask


def _waterfall(rules: Sequence[CardRule], total: Amount, groups: Sequence[tuple[Amount, int]]) -> Waterfall:
    losses = [Loss(item) for item in rules]
    kept = Amount()
    for amount, mask in groups:
        failed = [number for number in range(len(rules)) if mask >> number & 1]
        if not failed:
            kept += amount
            continue
        losses[failed[0]].first += amount
        if len(failed) == 1:
            losses[failed[0]].only += amount
        for number in failed:
            losses[number].alone += amount
    return Waterfall(total, kept, losses)


def count_by(stored: Stored, column: str, top: int, kept: str, other: str | None) -> tuple[list[Group], int]:
    """Return the largest groups of a column's values, largest first, and how many values there are.

    `kept` and `other` are the expressions for a row that is kept. Memory: a group a value, which DuckDB spills.
    """
    name = identifier(column)
    again = other or "false"
    lines = stored.select(
        f"""with seen as (select {name}::varchar as value, {stored.tokens} as tokens, {kept} as kept, {again} as other
        from stored), grouped as (select value, count(*) as documents, sum(tokens), count(*) filter (kept),
        sum(tokens) filter (kept), count(*) filter (other), sum(tokens) filter (other) from seen group by value)
        select *, count(*) over () from grouped order by documents desc, value nulls last limit {top}"""
    )
    return [_group(line[:7], other is not None) for line in lines], int(lines[0][7]) if lines else 0


def _group(line: Sequence[Any], with_other: bool) -> Group:
    value, *numbers = line
    total, kept, other = (Amount(numbers[at], int(numbers[at + 1] or 0)) for at in (0, 2, 4))
    return Group(value, total, kept, other if with_other else None)
