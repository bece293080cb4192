"""Rules as SQL: the one place where a bound of a card becomes an expression that DuckDB evaluates.

`atom_data.rules.Rule.passes` says what a rule means. Where SQL sees it otherwise, the expression says so: a null fails,
NaN satisfies no bound (DuckDB sorts it above all numbers), a bound on a float32 column is a float32, and in a list of
values 0.0 and -0.0 are two (as Arrow has it).
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from atom_data.batch import empty
from atom_data.errors import ConfigError
from atom_data.rules import BOUNDS, Bound, Rule

SIGNS = {"min": ">=", "max": "<=", "above": ">", "below": "<"}


def passes(rule: Rule, schema: pa.Schema) -> str:
    """Return an expression that is true for the rows that `rule` lets pass and false for all others, never null.

    Errors: the ConfigError of `Rule.passes` for a column that is not there or of another type than the bound.
    """
    rule.passes(empty(schema))
    kind = _kind(rule.column, schema)
    name = identifier(rule.column)
    terms = [f"{name} is not null"]
    for key, sign in SIGNS.items():
        bound = getattr(rule, key)
        if bound is not None:
            terms.append(_compared(name, sign, bound, kind))
    if rule.one_of is not None:
        terms.append(_is_in(name, rule.one_of, kind))
    if rule.none_of is not None:
        terms.append(f"not {_is_in(name, rule.none_of, kind)}")
    return f"({' or '.join([f'coalesce({conjunction(terms)}, false)', *_not_judged(rule, schema)])})"


def bounds_passed(rule: Rule, key: str, bounds: Sequence[float], schema: pa.Schema) -> str:
    """Return an expression for how many of `bounds`, each as the rule's `key`, let a row pass: `passes` for all at once."""
    kind, name = _kind(rule.column, schema), identifier(rule.column)
    rest = without(replace(rule, where=()), key)
    failed = f"{name} is null" if rest is None else f"not {passes(rest, schema)}"
    passed = " + ".join(f"({_compared(name, SIGNS[key], bound, kind)})::int" for bound in bounds)
    judged = f"case when {failed} then 0 else {passed} end"
    free = " or ".join(_not_judged(rule, schema))
    return f"case when {free} then {len(bounds)} else {judged} end" if free else judged


def conjunction(terms: Sequence[str]) -> str:
    """Return an expression that is true where all of them are."""
    return f"({' and '.join(terms)})" if terms else "true"


def _not_judged(rule: Rule, schema: pa.Schema) -> list[str]:
    return [f"not coalesce({_is_in(identifier(at), choice, _kind(at, schema))}, false)" for at, choice in rule.where]


def all_pass(rules: list[Rule], schema: pa.Schema) -> str:
    """Return an expression that is true for the rows that every rule lets pass."""
    return conjunction([passes(rule, schema) for rule in rules])


def with_bound(rule: Rule, key: str, bound: Any) -> Rule:  # noqa: ANN401 - a number, or a tuple of values
    """Return the rule with another bound."""
    given: dict[str, Any] = {key: bound}
    return replace(rule, **given)


def without(rule: Rule, key: str) -> Rule | None:
    """Return the rule without one of its bounds; None when it has no other."""
    rest = with_bound(rule, key, None)
    bounded = any(getattr(rest, name) is not None for name in (*BOUNDS, "one_of", "none_of"))
    return rest if bounded else None


def identifier(name: str) -> str:
    """Return a column's name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a string as SQL quotes it; a NUL would end the query, so it is added apart."""
    return "(" + " || chr(0) || ".join("'" + part.replace("'", "''") + "'" for part in text.split("\0")) + ")"


def _kind(name: str, schema: pa.Schema) -> pa.DataType:
    kind = schema.field(name).type
    known = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, _is_text, _is_bytes)
    if not any(test(kind) for test in known):
        raise ConfigError(f"column '{name}' is {kind}; tune judges numbers, truth values and text. Leave its rule out.")
    return kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _compared(name: str, sign: str, bound: float, kind: pa.DataType) -> str:
    if not pa.types.is_floating(kind):
        return "false" if math.isnan(bound) else f"{name} {sign} {_number(bound, 'DOUBLE')}"
    bound = pa.scalar(bound, kind).as_py()
    return "false" if math.isnan(bound) else f"not isnan({name}) and {name} {sign} {_number(bound, _float(kind))}"


def _is_in(name: str, choice: tuple[Bound, ...], kind: pa.DataType) -> str:
    """Return an expression for `name` being one of `choice`; null for a null."""
    values = pa.array(choice, kind).to_pylist()  # in the precision of the column, and refused as `Rule.passes` does
    return f"({' or '.join(_is(name, value, kind) for value in values)})"


def _is(name: str, value: object, kind: pa.DataType) -> str:
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if isinstance(value, str):
        return f"{name} = {literal(value)}"
    if isinstance(value, bytes):
        return f"{name} = from_hex('{value.hex()}')"
    number = float(str(value)) if isinstance(value, float) else value
    if isinstance(number, float) and number == 0:
        return f"({name} = 0 and {'' if math.copysign(1, number) < 0 else 'not '}signbit({name}))"
    return f"{name} = {_number(number, _float(kind))}"


def _number(value: object, kind: str) -> str:
    return f"cast('{value!r}' as {kind})" if isinstance(value, float) else f"cast('{value}' as hugeint)"


def _float(kind: pa.DataType) -> str:
    return "DOUBLE" if kind == pa.float64() else "FLOAT"
