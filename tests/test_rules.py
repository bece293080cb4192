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


def test_keep_numbers_are_the_columns_it_looked_at(card: str) -> None:
    numbers = [json.loads(line) for line in keep(card).numbers(BATCH).to_pylist()]
    assert numbers[4] == {"count": 1, "label": "bad"}
    assert numbers[3] == {"count": None, "label": "good"}


def test_keep_bounds_are_inclusive_in_the_precision_of_the_column(tmp_path: Path) -> None:
    path = tmp_path / "share.toml"
    path.write_text('source = "a test"\n[[rule]]\nreason = "share"\ncolumn = "share"\nmin = 0.1\nmax = 0.3\n')
    batch = pa.record_batch({"id": list("abcd"), "share": pa.array([0.1, 0.3, 0.3001, 0.0999], pa.float32())})
    assert keep(str(path))(batch).column(REASON).to_pylist() == [None, None, "share.share", "share.share"]


def test_keep_zero_rows_gives_same_columns(card: str) -> None:
    assert keep(card)(empty(BATCH.schema)).schema == keep(card)(BATCH).schema


def test_keep_bound_of_other_type_is_refused(card: str) -> None:
    wrong = pa.record_batch({"id": ["a"], "count": ["two"], "label": ["good"]})
    with pytest.raises(ConfigError, match="rule 'count' bounds column 'count', which is string, with min 2, max 4"):
        keep(card)(wrong)


@pytest.mark.parametrize("path", sorted(filters_folder().glob("*.toml")), ids=lambda path: path.stem)
def test_every_card_loads_and_cites_its_source(path: Path) -> None:
    card = load_card(path.stem)
    assert card.name == path.stem
    assert len(card.source) > 10
    assert len({rule.reason for rule in card.rules}) == len(card.rules)
    for rule in card.rules:
        assert rule.reason.replace("_", "").isalnum()
