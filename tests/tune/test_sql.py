"""The SQL of a rule and `Rule.passes` say the same of every value: nulls, NaN, signs of zero, float32 bounds, odd text."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings, strategies as st

from atom_data.errors import ConfigError
from atom_data.rules import Rule
from atom_data.tune.sql import bounds_passed, passes, with_bound, without

NAME = 'a "column"; drop'
NUMBERS = [0, 1, -1, 2, 3, 50, 0.1, 0.3, -0.0, 1e300, float("nan"), float("inf"), float("-inf")]
KINDS = [pa.int8(), pa.int32(), pa.int64(), pa.uint16(), pa.float32(), pa.float64()]
WORDS = ["", "en", "d'e", 'q"', "zh\0x", "\\", "日本"]


def judged(rule: Rule, table: pa.Table, expression: str = "") -> list[Any]:
    """Return what DuckDB makes of the rule's SQL, or of an expression."""
    database = duckdb.connect()
    try:
        database.register("stored", table)
        return [
            row[0]
            for row in database.execute(f"select {expression or passes(rule, table.schema)} from stored").fetchall()
        ]
    finally:
        database.close()


def fitting(values: list[object], kind: pa.DataType) -> pa.Array:
    """Return the values that the type can hold, null for others."""
    made = []
    for value in values:
        try:
            made.append(pa.scalar(value, kind).as_py())
        except (pa.ArrowInvalid, OverflowError):
            made.append(None)
    return pa.array(made, kind)


def number_rules() -> st.SearchStrategy[Rule]:
    number = st.sampled_from(NUMBERS)
    choice = st.lists(number, min_size=1, max_size=3).map(tuple)
    keys = {**dict.fromkeys(("min", "max", "above", "below"), number), **dict.fromkeys(("one_of", "none_of"), choice)}
    where = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(lambda words: (("word", tuple(words)),))
    bounds = st.fixed_dictionaries({}, optional=keys).filter(bool)
    return st.builds(
        lambda given, where: Rule(reason="r", column=NAME, where=where, **given), bounds, st.one_of(st.just(()), where)
    )


@settings(max_examples=300, deadline=None)
@example(rule=Rule(reason="r", column=NAME, one_of=(0,)), kind=pa.float64(), values=[0.0, -0.0, None], words=["en"] * 8)
@example(rule=Rule(reason="r", column=NAME, none_of=(-0.0,)), kind=pa.float32(), values=[0.0, -0.0], words=["en"] * 8)
@given(
    rule=number_rules(),
    kind=st.sampled_from(KINDS),
    values=st.lists(st.one_of(st.none(), st.sampled_from(NUMBERS)), min_size=1, max_size=8),
    words=st.lists(st.one_of(st.none(), st.sampled_from(WORDS)), min_size=8, max_size=8),
)
def test_numbers_agree(rule: Rule, kind: pa.DataType, values: list[object], words: list[str | None]) -> None:
    batch = pa.record_batch({NAME: fitting(values, kind), "word": pa.array(words[: len(values)], pa.string())})
    try:
        expected = rule.passes(batch).to_pylist()
    except (ConfigError, OverflowError):  # a bound that the type cannot hold
        return
    assert judged(rule, pa.Table.from_batches([batch])) == expected


@settings(max_examples=100, deadline=None)
@given(
    choice=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(tuple),
    key=st.sampled_from(["one_of", "none_of"]),
    values=st.lists(st.one_of(st.none(), st.sampled_from(WORDS), st.text(max_size=3)), min_size=1, max_size=8),
)
def test_words_agree(choice: tuple[str, ...], key: str, values: list[str | None]) -> None:
    clean = [None if value is None else value.encode("utf-8", "replace").decode() for value in values]
    batch = pa.record_batch({NAME: pa.array(clean, pa.string())})
    rule = with_bound(Rule(reason="r", column=NAME), key, choice)
    assert judged(rule, pa.Table.from_batches([batch])) == rule.passes(batch).to_pylist()


@settings(max_examples=150, deadline=None)
@given(
    rule=number_rules(),
    key=st.sampled_from(["min", "max", "above", "below"]),
    bounds=st.lists(st.sampled_from([n for n in NUMBERS if n == n]), min_size=1, max_size=4, unique=True),
    kind=st.sampled_from(KINDS),
    values=st.lists(st.one_of(st.none(), st.sampled_from(NUMBERS)), min_size=1, max_size=8),
    words=st.lists(st.one_of(st.none(), st.sampled_from(WORDS)), min_size=8, max_size=8),
)
def test_bounds_passed_counts_the_rules_that_pass(
    rule: Rule, key: str, bounds: list[float], kind: pa.DataType, values: list[object], words: list[str | None]
) -> None:
    batch = pa.record_batch({NAME: fitting(values, kind), "word": pa.array(words[: len(values)], pa.string())})
    try:
        each = [with_bound(rule, key, bound).passes(batch).to_pylist() for bound in bounds]
    except (ConfigError, OverflowError):
        return
    table = pa.Table.from_batches([batch])
    counted = judged(rule, table, bounds_passed(rule, key, bounds, table.schema))
    assert counted == [sum(passed) for passed in zip(*each, strict=True)]


def test_bound_of_a_float32_column_is_a_float32() -> None:
    values = pa.table({NAME: pa.array([0.1, 0.3, 0.3001, 0.0999], pa.float32())})
    assert judged(Rule(reason="r", column=NAME, min=0.1, max=0.3), values) == [True, True, False, False]


def test_truth_values_and_bytes_agree() -> None:
    batch = pa.record_batch({"flag": [True, False, None], "raw": [b"\xff'", b"", None]})
    for rule in (
        Rule(reason="r", column="flag", one_of=(False,)),
        Rule(reason="r", column="flag", none_of=(True,)),
        Rule(reason="r", column="raw", one_of=(b"\xff'",)),  # type: ignore[arg-type]
    ):
        assert judged(rule, pa.Table.from_batches([batch])) == rule.passes(batch).to_pylist()


def test_bound_of_another_type_is_refused_as_a_card_refuses_it() -> None:
    with pytest.raises(ConfigError, match="bounds column 'word', which is string, with min 2"):
        passes(Rule(reason="r", column="word", min=2), pa.schema([("word", pa.string())]))
    with pytest.raises(ConfigError, match="no column 'word'"):
        passes(Rule(reason="r", column="word", min=2), pa.schema([("other", pa.string())]))


def test_rule_without_its_last_bound_is_none() -> None:
    rule = Rule(reason="r", column="a", min=1, max=2)
    assert without(rule, "max") == Rule(reason="r", column="a", min=1)
    assert without(Rule(reason="r", column="a", one_of=("x",)), "one_of") is None
