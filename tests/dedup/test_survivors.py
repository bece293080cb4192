"""Who survives: each policy against a plain sort, and ranks within clusters against counting."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data.dedup.survivors import Survivors, ranks_within
from atom_data.errors import ConfigError
from atom_data.storage.parquet import integers, strings

ROWS = [
    {"number": 0, "id": "d", "source": "web", "date": "2024-01-01", "text_bytes": 10},
    {"number": 1, "id": "c", "source": "wiki", "date": "2023-01-01", "text_bytes": 5},
    {"number": 2, "id": "b", "source": None, "date": None, "text_bytes": 20},
    {"number": 3, "id": "a", "source": "web", "date": "2025-06-01", "text_bytes": 10},
    {"number": 4, "id": "a", "source": "web", "date": "2025-06-01", "text_bytes": 10},
]
SCHEMA = pa.schema([*integers("number"), *strings("id", "source", "date"), *integers("text_bytes")])


@pytest.mark.parametrize(
    ("keep", "prefer", "expected"),
    [
        ((), (), [3, 4, 2, 1, 0]),
        (("longest",), (), [2, 3, 4, 0, 1]),
        (("newest",), (), [3, 4, 0, 1, 2]),
        (("oldest",), (), [1, 0, 3, 4, 2]),
        (("source",), ("wiki", "web"), [1, 3, 4, 0, 2]),
        (("source", "longest"), ("wiki",), [1, 2, 3, 4, 0]),
        (("longest", "source"), ("wiki",), [2, 3, 4, 0, 1]),
    ],
)
def test_order_is_that_of_each_policy_in_turn(
    keep: tuple[str, ...], prefer: tuple[str, ...], expected: list[int]
) -> None:
    assert Survivors(keep=keep, prefer=prefer).order(pa.Table.from_pylist(ROWS, SCHEMA)).tolist() == expected


def test_order_does_not_depend_on_the_order_of_rows() -> None:
    policy = Survivors(keep=("source", "newest", "longest"), prefer=("web",))
    straight, turned = pa.Table.from_pylist(ROWS, SCHEMA), pa.Table.from_pylist(ROWS[::-1], SCHEMA)
    assert [ROWS[i]["number"] for i in policy.order(straight)] == [
        ROWS[::-1][i]["number"] for i in policy.order(turned)
    ]


def test_policy_that_there_is_not_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="keep: no policy 'prettiest'; policies: source, longest, newest, oldest, first"
    ):
        Survivors(keep=("prettiest",))


@given(
    st.lists(st.integers(0, 4), max_size=30).flatmap(lambda c: st.tuples(st.just(c), st.permutations(range(len(c)))))
)
def test_ranks_within_clusters_count_those_before(drawn: tuple[list[int], list[int]]) -> None:
    clusters, order = drawn
    ranks, sizes = ranks_within(np.array(clusters, np.int64), np.array(order, np.int64))
    place = {row: position for position, row in enumerate(order)}
    for row, cluster in enumerate(clusters):
        others = [other for other, name in enumerate(clusters) if name == cluster]
        assert sizes[row] == len(others)
        assert ranks[row] == sum(place[other] < place[row] for other in others)
