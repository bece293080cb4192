"""Quantiles within groups against plain ranks, and parts by value."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from atom_data import Parquet, Quantiles, group_by_value
from atom_data.errors import ConfigError
from atom_data.mix.quantiles import ordered
from atom_data.runner.local import Options, run
from atom_data.runner.recipe import load_recipe
from atom_data.terminal.display import Display
from atom_data.testing import check_pass
from tests.command import recipe

RECIPE = """
    from atom_data import Parquet, Quantiles, Stage, group_by_value

    def stages():
        ranked = Quantiles(of=Parquet({folder!r}, source="t"), {options})
        return (Stage(name="ranked", reads=ranked),)
"""


def table(folder: Path) -> pa.Table:
    """Write three shards of scores in two topics and none, with ties, nulls and NaN; return them as one."""
    random, made = np.random.default_rng(7), []
    for part in range(3):
        scores = [*random.random(200).round(2).tolist(), None, float("nan"), -0.0, 0.0, -1.5]
        rows = [
            {
                "id": f"{part}-{i}",
                "text": "x",
                "topic": ["art", "law", None][i % 3],
                "quality_score": score,
                "text_bytes": i + 1,
            }
            for i, score in enumerate(scores)
        ]
        made.append(pa.Table.from_pylist(rows))
        pq.write_table(made[-1], folder / f"{part}.parquet", row_group_size=64)
    return pa.concat_tables(made)


def plain(rows: list[dict[str, object]], parts: int, by: str, within: bool) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for topic in {row["topic"] if within else 0 for row in rows}:
        mine = [row for row in rows if not within or row["topic"] == topic]
        known = [
            row for row in mine if row["quality_score"] is not None and row["quality_score"] == row["quality_score"]
        ]
        whole = sum(row["text_bytes"] if by == "text_bytes" else 1 for row in known)  # type: ignore[misc]
        for row in mine:
            below = [other for other in known if other["quality_score"] < row["quality_score"]] if row in known else []  # type: ignore[operator]
            weight = sum(other["text_bytes"] if by == "text_bytes" else 1 for other in below)  # type: ignore[misc]
            found[str(row["id"])] = weight * parts // whole if row in known else None  # type: ignore[operator]
    return found


@pytest.mark.parametrize(
    ("options", "parts", "by", "within"),
    [("", 20, "documents", True), ("within=(), parts=4, by='text_bytes'", 4, "text_bytes", False)],
)
def test_as_plain_ranks(tmp_path: Path, options: str, parts: int, by: str, within: bool) -> None:
    (tmp_path / "in").mkdir()
    rows = table(tmp_path / "in").to_pylist()
    path = recipe(tmp_path, RECIPE.format(folder=str(tmp_path / "in"), options=options))
    assert not run(load_recipe(str(path)), Options(out=str(tmp_path / "out")), Display(Console(quiet=True)))
    made = [pq.read_table(file) for file in sorted((tmp_path / "out" / "ranked").glob("*.parquet"))]
    found = {row["id"]: row["quality_score_quantile"] for row in pa.concat_tables(made).to_pylist()}
    assert found == plain(rows, parts, by, within)
    assert len(set(found.values())) > 3


def test_contract_and_parts_by_value(tmp_path: Path) -> None:
    table(tmp_path)
    source = Parquet(f"{tmp_path}/*.parquet", source="t")
    check_pass(Quantiles(of=source))
    art, law, rest = group_by_value(source, "topic", ("art", "law"))
    assert art.identity() != law.identity() != rest.identity()
    batch = pa.record_batch({"topic": ["art", "law", None, "tea"]})
    assert [part._mine(batch).to_pylist() for part in (art, law, rest)] == [
        [True, False, False, False], [False, True, False, False], [False, False, True, True],
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="each once"):
        group_by_value(source, "topic", ("art", "art"))
    with pytest.raises(ConfigError, match="parts is 1"):
        Quantiles(of=source, parts=1)


def test_scores_keep_their_order() -> None:
    scores = np.array([-np.inf, -2, -1e-9, 0, 1e-9, 0.5, 0.5 + 2**-12, 1, np.inf], np.float32)
    assert (np.diff(ordered(pa.array(scores))) >= 0).all()
    assert ordered(pa.array([0.5, 0.5005]))[0] < ordered(pa.array([0.5, 0.5005]))[1]
    assert ordered(pa.array([-0.0, 0.0, None], pa.float32())).tolist() == [0, 0, 0]
