"""Parts of a stage: every row is in one of them, for good."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from atom_data.errors import ConfigError
from atom_data.graph import Source
from atom_data.mix import Part, group_by_size, hold_out
from atom_data.stage import Stage
from atom_data.storage.shards import Intake
from atom_data.tokens import Tokenize, manifest
from atom_data.workspace import Workspace
from tests.tokens.corpus import SCHEMA, Row, Rows, finish, rows, tiny_tokenizer

COUNTED = pa.schema([*SCHEMA, ("near_copy_count", pa.int32()), ("near_copy_of", pa.string())])


def ids(source: Source, out: str = "") -> list[str]:
    """Return the ids of a source in order."""
    intake = Intake(reject=lambda *_: None)
    found: list[str] = []
    for shard in source.shards(Workspace(out)):
        for batch in source.read(shard, Workspace(out), ("id",), intake):
            found += batch.column("id").to_pylist()
    return found


def counted(numbers: list[int | None]) -> Rows:
    shard: list[Any] = [{"id": f"d{i}", "text": "x", "near_copy_count": number} for i, number in enumerate(numbers)]
    return Rows({"s": shard}, batch_rows=7, schema_=COUNTED)


def test_hold_out_is_a_share_and_all_rows_are_on_one_side() -> None:
    source = Rows({"a": rows(3_000, "a"), "b": rows(3_000, "b")})
    train, validation = hold_out(source, share=0.1)
    left, held = ids(train), ids(validation)
    assert sorted(left + held) == sorted(ids(source))
    assert 500 < len(held) < 700
    assert [one for one in ids(source) if one in set(held)] == held


def test_hold_out_does_not_change_when_the_corpus_or_the_share_grows() -> None:
    small, large = Rows({"a": rows(500)}), Rows({"a": rows(800), "b": rows(500, "b")})
    held = ids(hold_out(small, share=0.1)[1])
    grown = ids(hold_out(large, share=0.1)[1])
    assert held == [one for one in grown if one in set(ids(small))] != []
    assert set(grown) < set(ids(hold_out(large, share=0.2)[1]))
    assert set(grown) != set(ids(hold_out(large, share=0.1, seed=1)[1]))


def test_hold_out_by_cluster_keeps_copies_together() -> None:
    shard: list[Any] = [
        {"id": f"d{i}", "text": "x", "near_copy_of": None if i % 4 == 0 else f"d{i - i % 4}"} for i in range(2_000)
    ]
    source = Rows({"s": shard}, schema_=COUNTED)
    held = set(ids(hold_out(source, share=0.1, by=("near_copy_of", "id"))[1]))
    assert 100 < len(held) < 300
    for first in range(0, 2_000, 4):
        assert len({f"d{i}" in held for i in range(first, first + 4)}) == 1
    alone = set(ids(hold_out(source, share=0.1)[1]))
    assert any(len({f"d{i}" in alone for i in range(first, first + 4)}) == 2 for first in range(0, 2_000, 4))


def test_hold_out_null_ids_are_on_one_side_too() -> None:
    source = Rows({"s": [{"id": None, "text": "x"}] * 5})
    assert sorted(len(ids(part)) for part in hold_out(source, share=0.5)) == [0, 5]


@given(numbers=st.lists(st.one_of(st.none(), st.integers(-3, 12)), max_size=40))
def test_group_by_size_every_row_is_in_one_group(numbers: list[int | None]) -> None:
    groups = [ids(group) for group in group_by_size(counted(numbers), at=(2, 6))]
    for i, number in enumerate(numbers):
        wanted = 0 if number is None or number < 2 else 1 if number < 6 else 2
        assert [f"d{i}" in group for group in groups] == [place == wanted for place in range(3)]


def test_tokenize_reads_parts_of_a_stage_and_counts_the_others(tmp_path: Path) -> None:
    clean = Stage(name="clean", reads=Rows({"a": rows(300, "a"), "b": rows(300, "b")}))
    out, tokenizer = tmp_path / "out", tiny_tokenizer(tmp_path / "t.json")
    train, validation = hold_out(clean, share=0.2)
    assert train.share == pytest.approx(0.8) and validation.share == pytest.approx(0.2)
    finish(clean, out)
    receipts = {}
    for name, part in (("train", train), ("validation", validation)):
        tokens = Tokenize(name=name, reads=part, tokenizer=tokenizer, target_tokens=500)
        assert tokens.upstream() == (clean,)
        receipts[name] = finish(tokens, out)
    found = {name: manifest(str(out), name)["documents"] for name in receipts}
    assert sum(found.values()) == 600 and 80 < found["validation"] < 160
    passed = sum(receipt.skipped["other_part"] for receipt in receipts["validation"])
    assert passed == found["train"]
    sizes = [
        sum(task.bytes for task in Tokenize(reads=part, tokenizer=tokenizer).tasks(Workspace(str(out))))
        for part in (train, validation)
    ]
    assert sizes[0] == pytest.approx(4 * sizes[1], rel=0.02)
    row: Row = pq.read_table(out / "train" / "shard-00000.docs.parquet").to_pylist()[0]
    whole = pq.read_table(out / "clean" / f"{row['shard']}.parquet").to_pylist()
    assert row["id"] in [one["id"] for one in whole]


def test_part_identity_tells_parts_apart() -> None:
    source = Rows({"a": []}, schema_=COUNTED)
    parts: list[Part] = [*hold_out(source, 0.1), *hold_out(source, 0.1, seed=1), *group_by_size(source, at=(2, 3))]
    assert len({json.dumps(part.identity()) for part in parts}) == len(parts)


def test_part_of_a_column_that_is_not_there_or_no_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="part of 'rows': no column 'near_copy_count'; columns there: id, text"):
        group_by_size(Rows({"a": []}), at=(2,))[0].schema()
    with pytest.raises(ConfigError, match=r"part of 'rows': column 'url' is string\. Group by a number"):
        group_by_size(Rows({"a": []}), at=(2,), column="url")[0].schema()


@pytest.mark.parametrize("share", [0, 1, -0.1, 2])
def test_hold_out_of_no_share_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="hold_out: the share is"):
        hold_out(Rows({"a": []}), share=share)


@pytest.mark.parametrize("at", [(), (3, 2), (2, 2), (2, float("inf"))])
def test_group_by_bounds_that_do_not_grow_is_refused(at: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="group_by_size: the bounds are"):
        group_by_size(Rows({"a": []}), at=at)
