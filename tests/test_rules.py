"""Cards decide: bounds, nulls, all failing rules, and the numbers for the ledger."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from atom_data.assets import filters_folder
from atom_data.batch import empty
from atom_data.errors import ConfigError
from atom_data.rules import REASON, RULES, keep, load_card

CARD = """
source = "a test"
record = ["label"]

[[rule]]
reason = "count"
column = "count"
min = 2
max = 4

[[rule]]
reason = "label"
column = "label"
one_of = ["good", "fair"]
"""


@pytest.fixture
def card(tmp_path: Path) -> str:
    path = tmp_path / "own.toml"
    path.write_text(CARD)
    return str(path)


BATCH = pa.record_batch(
    {
        "id": ["a", "b", "c", "d", "e", "f"],
        "count": pa.array([2, 4, 5, None, 1, 3], pa.int32()),
        "label": ["good", "fair", "good", "good", "bad", None],
    }
)


def test_keep_marks_first_and_all_failing_rules(card: str) -> None:
    marked = keep(card)(BATCH)
    assert marked.column("id").equals(BATCH.column("id"))
    assert marked.column(REASON).to_pylist() == [None, None, "own.count", "own.count", "own.count", "own.label"]
    assert marked.column(RULES).to_pylist() == [
        None,
        None,
        ["own.count"],
        ["own.count"],
        ["own.count", "own.label"],
        ["own.label"],
    ]


@pytest.mark.parametrize("row", range(6))
def test_a_row_alone_is_judged_as_among_others(card: str, row: int) -> None:
    """A batch in which all pass, and one in which all fail."""
    marked, alone = keep(card)(BATCH).slice(row, 1), keep(card)(BATCH.slice(row, 1))
    for column in (REASON, RULES):
        assert alone.column(column).to_pylist() == marked.column(column).to_pylist()


def test_keep_numbers_are_the_columns_it_looked_at(card: str) -> None:
    numbers = [json.loads(line) for line in keep(card).numbers(BATCH).to_pylist()]
    assert numbers[4] == {"count": 1, "label": "bad"}
    assert numbers[3] == {"count": None, "label": "good"}


def test_keep_bounds_are_inclusive_in_the_precision_of_the_column(tmp_path: Path) -> None:
    path = tmp_path / "share.toml"
    path.write_text('source = "a test"\n[[rule]]\nreason = "share"\ncolumn = "share"\nmin = 0.1\nmax = 0.3\n')
    batch = pa.record_batch({"id": list("abcd"), "share": pa.array([0.1, 0.3, 0.3001, 0.0999], pa.float32())})
    assert keep(str(path))(batch).column(REASON).to_pylist() == [None, None, "share.share", "share.share"]


def own(folder: Path, rule: str) -> str:
    path = folder / "own.toml"
    path.write_text(f'source = "a test"\n[[rule]]\nreason = "rule"\n{rule}\n')
    return str(path)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ('column = "count"\nabove = 2', "bcf"),
        ('column = "count"\nbelow = 4', "aef"),
        ('column = "count"\nabove = 1\nmax = 4\nnone_of = [3]', "ab"),
        ('column = "label"\nnone_of = ["bad", "fair"]', "acd"),
        ('column = "count"\nmin = 5\nwhere = { label = "good" }', "bcef"),
        ('column = "count"\nmin = 5\nwhere = { label = ["good", "bad"] }', "bcf"),
    ],
)
def test_keep_by_bound_choice_and_condition(tmp_path: Path, rule: str, kept: str) -> None:
    marked = keep(own(tmp_path, rule))(BATCH)
    assert "".join(marked.filter(marked.column(REASON).is_null()).column("id").to_pylist()) == kept


def test_keep_notes_the_columns_of_a_condition(tmp_path: Path) -> None:
    card = keep(own(tmp_path, 'column = "count"\nmin = 5\nwhere = { label = "good" }'))
    assert json.loads(card.numbers(BATCH).to_pylist()[1]) == {"count": 4, "label": "fair"}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('column = "count"', "rule 1: no bound; keys there: reason, column. Give one of min, max, above, below,"),
        ('column = "count"\nabove = "two"', "rule 1: above is 'two'. Give a number"),
        ('column = "count"\nnone_of = []', r"rule 1: none_of is \[\]. Give a list of values."),
        ('column = "count"\nmin = 1\nwhere = "en"', "rule 1: where is 'en'. Give columns and values"),
    ],
)
def test_keep_refuses_a_rule_without_sense(tmp_path: Path, rule: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        keep(own(tmp_path, rule))


def test_keep_zero_rows_gives_same_columns(card: str) -> None:
    assert keep(card)(empty(BATCH.schema)).schema == keep(card)(BATCH).schema


def test_keep_bound_of_other_type_is_refused(card: str) -> None:
    wrong = pa.record_batch({"id": ["a"], "count": ["two"], "label": ["good"]})
    with pytest.raises(ConfigError, match="rule 'count' bounds column 'count', which is string, with min 2, max 4"):
        keep(card)(wrong)


def test_keep_choice_that_the_column_cannot_hold_is_refused(tmp_path: Path) -> None:
    batch = pa.record_batch({"id": ["a"], "count": pa.array([1], pa.uint32())})
    with pytest.raises(ConfigError, match="bounds column 'count', which is uint32, with one of -1"):
        keep(own(tmp_path, 'column = "count"\none_of = [-1]'))(batch)


@pytest.mark.parametrize("path", sorted(filters_folder().glob("*.toml")), ids=lambda path: path.stem)
def test_every_card_loads_and_cites_its_source(path: Path) -> None:
    card = load_card(path.stem)
    assert card.name == path.stem
    assert len(card.source) > 10
    assert len({rule.reason for rule in card.rules}) == len(card.rules)
    for rule in card.rules:
        assert rule.reason.replace("_", "").isalnum()
