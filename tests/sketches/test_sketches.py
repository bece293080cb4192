"""Sketches: fixed bins, counts that add up in any order, and a stage that makes the same bytes with and without them."""

import gzip
import json
import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from atom_data import Jsonl, Stage, Tokenize, keep
from atom_data.rules import load_card
from atom_data.runner.worker import do_task
from atom_data.signals import count_characters, count_words
from atom_data.sketches.bins import BINS, FIRST, NEGATIVE, NOTHING, ZERO, bins_of, bins_of_numbers, edges_of, start_of
from atom_data.sketches.cells import CELL, FATES, FEW, GROUPS, REST, Added, Cell, Groups, Histograms
from atom_data.sketches.sketch import Sketch
from atom_data.sketches.store import LARGEST, read_sketch, remove_sketch, sketch_path, write_sketch
from atom_data.sketches.tally import HELD, Counted, Tally
from atom_data.sketches.watch import Words, value_of, watched
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Shard
from atom_data.workspace import Workspace
from tests.command import write_lines
from tests.tokens.corpus import SHARDS, Rows, finish, tiny_tokenizer

NUMBERS = st.floats(2**-20, 2**42) | st.floats(-(2**42), -(2**-20)) | st.integers(1, 1 << 40).map(float)


def test_small_whole_numbers_have_a_bin_each() -> None:
    numbers = bins_of_numbers(np.arange(1, 33, dtype=np.float64))
    assert len({*numbers.tolist()}) == 32
    assert [start_of(int(number)) for number in numbers] == [*range(1, 33)]


def test_bins_of_nothing_zero_truth_and_ends() -> None:
    found = bins_of_numbers(np.array([math.nan, 0.0, -0.0, 1e-300, 1e300, -1.0, math.inf]))
    assert found.tolist()[:3] == [NOTHING, ZERO, ZERO]
    assert found[3] == FIRST
    assert found[4] == found[6] == NEGATIVE - 1
    assert NEGATIVE < found[5] < BINS
    assert bins_of(pa.array([True, False, None])).tolist() == [bins_of(pa.array([1]))[0], ZERO, NOTHING]


@given(st.lists(NUMBERS, min_size=1))
def test_a_number_lies_in_its_bin(numbers: list[float]) -> None:
    for number, found in zip(numbers, bins_of_numbers(np.array(numbers)).tolist(), strict=True):
        low, high = edges_of(found)
        assert low <= number <= high
        assert abs(number - start_of(found)) <= abs(number) / 16


def test_tally_is_the_same_however_documents_are_cut() -> None:
    chance = random.Random(3)
    values = [chance.choice([None, "a", "b", "c", "x" * 500]) for _ in range(500)]
    outcomes = [chance.choice(["", "card.rule"]) for _ in values]
    made = []
    for step in (1, 7, 500):
        tally = Tally(3)
        for start in range(0, 500, step):
            tally.add(pa.array(values[start : start + step], pa.string()), pa.array(outcomes[start : start + step]))
        made.append(tally.value())
    assert made[0] == made[1] == made[2]
    plain = Counter(zip(((value or "")[:120] for value in values), outcomes, strict=True))
    for value, counts in made[0]["values"]:
        assert counts == {outcome: plain[value, outcome] for outcome in counts}
    assert len(made[0]["values"]) == 3
    sizes = sorted(Counter((value or "")[:120] for value in values).values())
    assert made[0]["rest_values"] == 2
    assert sum(made[0]["rest"].values()) == sum(sizes[:2])
    assert made[0]["cut"] == sizes[1]


def test_what_comes_after_many_values_is_counted_beyond_them() -> None:
    names = [str(number) for number in range(HELD + 5)]
    tally = Tally(2)
    tally.add(pa.array(names), pa.array([""] * len(names)))
    tally.add(pa.array(["0"]), pa.array([""]))
    value = tally.value()
    assert value["beyond"] == 5
    assert value["values"][0] == ["0", {"": 2}]


def test_counted_adds_up_in_any_order_within_its_error() -> None:
    chance = random.Random(5)
    shards, plain = [], Counter[str]()
    for _ in range(20):
        values = [f"{int(chance.paretovariate(0.6))}.org" for _ in range(300)]
        plain.update(values)
        tally = Tally(10)
        tally.add(pa.array(values), pa.array([""] * len(values)))
        shards.append(tally.value())
    first, second = Counted(), Counted()
    for value in shards:
        first.add(value)
    for value in reversed(shards):
        second.add(value)
    assert first.largest(50) == second.largest(50)
    assert first.error == second.error > 0
    for name, count in plain.items():
        seen = first.counts.get(name, Counter()).total()
        assert seen <= count <= seen + first.error


def made_run(folder: Path, rows: list[dict[str, object]]) -> tuple[Workspace, Receipt, Stage]:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "part.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "own.toml").write_text(
        'source = "test"\n[[rule]]\nreason = "words"\ncolumn = "word_count"\nmin = 5\n'
        '[[rule]]\nreason = "characters"\ncolumn = "text_chars"\nmin = 20\n'
    )
    stage = Stage(
        name="clean",
        reads=Jsonl(str(folder / "part.jsonl"), source="made", columns={"language": "string"}),
        steps=(count_words, count_characters, keep(str(folder / "own.toml"))),
    )
    workspace = Workspace(str(folder / "out"), "test")
    (task,) = stage.tasks(workspace)
    return workspace, do_task(stage, task, workspace, lambda *_: None), stage


def rows_made() -> list[dict[str, object]]:
    chance = random.Random(11)
    rows: list[dict[str, object]] = []
    for number in range(400):
        text = " ".join(chance.choices(["a", "word", "of", "several", "letters"], k=chance.randint(0, 12)))
        rows.append(
            {
                "id": str(number),
                "text": text,
                "url": f"https://www.{chance.choice('abc')}.example.{chance.choice(['org', 'de'])}:80/x",
                "date": chance.choice(["2024-05-03T00:00:00Z", "2023-13-01", "2019-12-31", "no date"]),
                "language": chance.choice(["en", "de", None]),
            }
        )
    return rows


def test_a_sketch_counts_what_the_stage_did(tmp_path: Path) -> None:
    rows = rows_made()
    workspace, receipt, _ = made_run(tmp_path, rows)
    value = read_sketch(workspace, "clean", receipt.shard, receipt.outputs[0].sha256)
    assert value is not None
    words = {str(row["id"]): len(str(row["text"]).split()) for row in rows}
    short = {identity for identity, count in words.items() if count < 5}
    little = {str(row["id"]) for row in rows if len(str(row["text"])) < 20}
    sizes = {str(row["id"]): len(str(row["text"])) for row in rows}
    assert value["rules"]["own.words"] == {
        "column": "word_count",
        "missed": len(short),
        "alone": len(short - little),
        "first": len(short),
        "bytes": sum(sizes[identity] for identity in short),
    }
    assert value["rules"]["own.characters"]["alone"] == len(little - short) == receipt.dropped["own.characters"]
    added = Added()
    added.add(value["cells"])
    found = dict(added.histograms())
    plain: dict[int, list[int]] = {}
    for identity, count in words.items():
        fate = 1 if identity in short else 2 if identity in little else 0
        plain.setdefault(count, [0] * FATES)[fate] += 1
    assert {int(start_of(number)): counts for number, counts in found[Cell("own.words", "", "")].items()} == plain
    by_language = [cell for cell in found if cell.measure == "own.words" and cell.by == "language"]
    assert {cell.group for cell in by_language} == {"en", "de", ""}
    whole = sum(np.array(counts) for cell in by_language for counts in found[cell].values())
    assert whole.tolist() == np.sum([*plain.values()], axis=0).tolist()
    tables = {name: dict(table["values"]) for name, table in value["tables"].items()}
    assert sum(tables["source"]["made"].values()) == 400
    assert {*tables["domain"]} == {f"{a}.example.{b}" for a in "abc" for b in ("org", "de")}
    assert {*tables["tld"]} == {"org", "de"}
    assert {*tables["month"]} == {"2024-05", "2019-12", ""}
    assert sum(tables["month"][""].values()) == sum(row["date"] in ("2023-13-01", "no date") for row in rows)
    outcomes = Counter[str]()
    for counts in tables["language"].values():
        outcomes.update(counts)
    assert outcomes == {"": receipt.rows_out, **receipt.dropped}


def test_the_stage_writes_the_same_bytes_unwatched(tmp_path: Path) -> None:
    workspace, receipt, stage = made_run(tmp_path, rows_made())
    other = Workspace(str(tmp_path / "unwatched"), "test")
    (task,) = stage.tasks(other)
    stage.work(task, other, lambda *_: None)
    for item in receipt.outputs:
        assert other.local(item.path).read_bytes() == workspace.local(item.path).read_bytes()
    assert not list(other.local().rglob("sketches"))
    seen, _ = watched(stage)
    assert isinstance(seen, Stage)
    assert [str(step) for step in seen.steps[:3]] == [str(step) for step in stage.steps]


def test_the_same_sketch_again(tmp_path: Path) -> None:
    paths = []
    for name in ("one", "two"):
        workspace, receipt, _ = made_run(tmp_path / name, rows_made())
        paths.append(workspace.local(sketch_path("clean", receipt.shard)))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size < 4096


def test_a_sketch_made_again_leaves_a_linked_copy_of_the_folder_as_it_was(tmp_path: Path) -> None:
    workspace, copy = Workspace(str(tmp_path), "test"), tmp_path / "copy"
    for count in (1, 2):
        write_sketch(workspace, "clean", "a", {"sha256": "x", "count": count})
        assert (read_sketch(workspace, "clean", "a", "x") or {})["count"] == count
        if count == 1:
            before = workspace.local(sketch_path("clean", "a")).read_bytes()
            copy.hardlink_to(workspace.local(sketch_path("clean", "a")))
    assert copy.read_bytes() == before
    assert [path.name for path in (tmp_path / "clean" / "sketches").iterdir()] == ["a.json.gz"]


def test_each_shard_of_a_stage_has_a_sketch_of_its_own_also_after_a_task_that_failed(tmp_path: Path) -> None:
    for name, count in (("a", 3), ("b", 2)):
        write_lines(tmp_path / f"{name}.jsonl", ({"id": f"{name}{n}", "text": f"text {n}"} for n in range(count)))
    stage = Stage(name="clean", reads=Jsonl(str(tmp_path), source="made"), steps=(count_words,))
    workspace = Workspace(str(tmp_path / "out"), "test")

    def failing(documents: int, read: int, kept: int) -> None:
        raise RuntimeError("stopped")

    first, second = stage.tasks(workspace)
    with pytest.raises(RuntimeError, match="stopped"):
        do_task(stage, first, workspace, failing)
    for task, count in ((first, 3), (second, 2)):
        receipt = do_task(stage, task, workspace, lambda *_: None)
        sketch = read_sketch(workspace, "clean", receipt.shard, receipt.outputs[0].sha256)
        assert sketch is not None
        assert sketch["tables"]["source"]["values"] == [["made", {"": count}]]


def test_a_sketch_of_another_shard_or_a_broken_one_counts_as_none(tmp_path: Path) -> None:
    workspace, receipt, _ = made_run(tmp_path, rows_made())
    digest = receipt.outputs[0].sha256
    assert read_sketch(workspace, "clean", receipt.shard, "0" * 64) is None
    path = workspace.local(sketch_path("clean", receipt.shard))
    for broken in (
        b"",
        b"no gzip",
        path.read_bytes()[:100],
        gzip.compress(b" " * (LARGEST + 10)),
        gzip.compress(b"[]"),
    ):
        path.write_bytes(broken)
        assert read_sketch(workspace, "clean", receipt.shard, digest) is None
    remove_sketch(workspace, "clean", receipt.shard)
    remove_sketch(workspace, "clean", receipt.shard)
    assert read_sketch(workspace, "clean", receipt.shard, digest) is None


def test_counting_that_fails_is_noted_and_does_not_fail_the_stage() -> None:
    seen, waiting = watched(Stage(name="x", reads=Jsonl("x.jsonl", source="x"), steps=(count_words,)))
    assert isinstance(seen, Stage) and waiting is not None
    batch = pa.record_batch({"id": ["1"], "url": [["a list"]]})
    assert seen.steps[-1](batch) is batch
    waiting.count()
    assert waiting.sketch.value()["fault"]


def test_histograms_add_up_in_any_order() -> None:
    chance, parts = np.random.default_rng(1), []
    for _ in range(30):
        sketch = Sketch()
        sketch.numbers("tokens", chance.lognormal(5, 2, 100))
        parts.append(sketch.value()["cells"])
    first, second = Added(), Added()
    for cells in parts:
        first.add(cells)
    for cells in reversed(parts):
        second.add(cells)
    assert dict(first.histograms()) == dict(second.histograms())
    assert sum(counts[0] for counts in dict(first.histograms())[Cell("tokens", "", "")].values()) == 3000
    assert CELL == FATES * BINS


@pytest.mark.parametrize("before", ["", "near_"])
def test_each_cluster_is_counted_once(before: str) -> None:
    sketch = Sketch()
    ranks, counts = [0, 1, 2, 0, 0, 1], [3, 3, 3, 1, 2, 2]
    batch = pa.record_batch({"id": [*"abcdef"], f"{before}copy_rank": ranks, f"{before}copy_count": counts})
    card = load_card("first_copy" if not before else "first_near_copy")
    marked = batch.append_column("_drop_reason", pa.nulls(6, pa.string()))
    marked = marked.append_column("_drop_rules", pa.nulls(6, pa.list_(pa.string())))
    sketch.card(card, marked)
    sketch.kept(batch)
    added = Added()
    added.add(sketch.value()["cells"])
    sizes = dict(added.histograms())[Cell(f"{before}copies", "", "")]
    assert {start_of(number): found[0] for number, found in sizes.items()} == {1.0: 1, 2.0: 1, 3.0: 1}


def test_read_back_from_parquet_the_kept_rows_are_those_counted(tmp_path: Path) -> None:
    workspace, receipt, _ = made_run(tmp_path, rows_made())
    table = pq.read_table(workspace.local(receipt.outputs[0].path))
    value = read_sketch(workspace, "clean", receipt.shard, receipt.outputs[0].sha256) or {}
    added = Added()
    added.add(value["cells"])
    kept = sum(counts[0] for counts in dict(added.histograms())[Cell("text_bytes", "", "")].values())
    assert kept == table.num_rows


@pytest.mark.parametrize("size", [3, FEW, 3 * FEW])
def test_histograms_are_the_counts_of_each_group_however_many_come_at_once(size: int) -> None:
    chance = np.random.default_rng(size)
    histograms, groups = Histograms(), Groups()
    plain: dict[tuple[str, str], Counter[int]] = {}
    names = [f"n{number}" for number in range(GROUPS + 5)] + [REST]
    weights = np.array([2.0**-number for number in range(len(names))])
    for _ in range(6):
        values = chance.choice(names[::-1], size, p=(weights / weights.sum()))
        codes = chance.integers(0, CELL, size)
        histograms.add("m", "", None, codes)
        histograms.add("m", "by", groups.numbers(pa.array(values), True), codes)
        for value, code in zip(values.tolist(), codes.tolist(), strict=True):
            plain.setdefault(("", ""), Counter())[code] += 1
            plain.setdefault(("by", value), Counter())[code] += 1
    kept = {*groups.kept().values()} - {REST}
    expected: dict[tuple[str, str], Counter[int]] = {}
    for (by, value), counts in plain.items():
        expected.setdefault((by, value if value in kept or not by else REST), Counter()).update(counts)
    found = {
        (cell["by"], cell["group"]): Counter(dict(zip(np.cumsum(cell["bins"]).tolist(), cell["counts"], strict=True)))
        for cell in histograms.value({"by": groups})
    }
    assert found == expected
    assert size < 10 or len(found) > 3


def test_no_documents_have_no_histogram() -> None:
    histograms, none = Histograms(), np.zeros(0, np.int64)
    histograms.add("m", "", None, none)
    histograms.add("m", "by", Groups().numbers(pa.array([], pa.string()), True), none)
    assert histograms.value({"by": Groups()}) == []
    assert Histograms().value({}) == []


def test_a_stage_that_keeps_nothing_has_a_sketch(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": "a", "language": "en"} for number in range(3)]
    workspace, receipt, _ = made_run(tmp_path, rows)
    assert receipt.rows_out == 0
    value = read_sketch(workspace, "clean", receipt.shard, receipt.outputs[0].sha256)
    assert value is not None and "fault" not in value
    assert value["rules"]["own.words"]["missed"] == 3


def test_a_sketch_that_cannot_be_put_together_says_so() -> None:
    sketch = Sketch()
    sketch.histograms.add("m", "by", np.zeros(1, np.int64), np.zeros(1, np.int64))
    assert value_of(sketch) == {"fault": "KeyError: 'by'"}, "its groups were never numbered"


def token_cells(out: Path, tokens: str) -> dict[str, Counter[int]]:
    """Return how many documents of all token shards are in each bin, by measure."""
    workspace, found = Workspace(str(out), "test"), dict[str, Counter[int]]()
    for shard in workspace.shard_names(tokens):
        receipt = workspace.finished_receipt(tokens, shard)
        value = read_sketch(workspace, tokens, shard, receipt.outputs[0].sha256)
        assert value is not None and "fault" not in value
        for cell in value["cells"]:
            bins = np.cumsum(cell["bins"]).tolist()
            found.setdefault(cell["measure"], Counter()).update(dict(zip(bins, cell["counts"], strict=True)))
    return found


@pytest.mark.parametrize("counted", [True, False])
def test_tokens_per_word_where_the_stage_before_counted_words(tmp_path: Path, counted: bool) -> None:
    steps = (count_words,) if counted else ()
    clean = Stage(name="clean", reads=Rows(SHARDS, 7), steps=steps)
    tokens = Tokenize(reads=clean, tokenizer=tiny_tokenizer(tmp_path / "tokenizer.json"), target_tokens=3000)
    finish(clean, tmp_path / "out")
    assert len(finish(tokens, tmp_path / "out")) > 1
    expected: dict[str, Counter[int]] = {
        "tokens": Counter(),
        "bytes_per_token": Counter(),
        "tokens_per_word": Counter(),
    }
    for path in (tmp_path / "out" / "tokens").glob("*.docs.parquet"):
        for row in pq.read_table(path).to_pylist():
            before = (
                pq.read_table(tmp_path / "out" / "clean" / f"{row['shard']}.parquet")
                .slice(row["row"], 1)
                .to_pylist()[0]
            )
            assert before["id"] == row["id"]
            words = before["word_count"] if counted else 0
            numbers = {"tokens": row["tokens"], "bytes_per_token": row["text_bytes"] / row["tokens"]}
            numbers |= {"tokens_per_word": row["tokens"] / words} if words else {}
            for name, number in numbers.items():
                expected[name][int(bins_of_numbers(np.array([number], np.float64))[0])] += 1
    assert token_cells(tmp_path / "out", "tokens") == {name: counts for name, counts in expected.items() if counts}
    assert bool(expected["tokens_per_word"]) is counted


def test_words_of_mixed_documents_are_read_once_for_each_shard(tmp_path: Path) -> None:
    """A token shard has its documents in an order of their own: to read a shard for each of them took hours of a large one."""
    rows, shards = 200, {}
    for number, name in enumerate("abc"):
        words = pa.array([1000 * number + row for row in range(rows)], pa.int32())
        pq.write_table(pa.table({"word_count": words}), tmp_path / f"{name}.parquet")
        shards[name] = Shard(name, str(tmp_path / f"{name}.parquet"), 0)
    names = [*"abc" * rows, "not there"]
    numbers = [place // 3 for place in range(3 * rows)] + [7]
    found = list(Words(shards).of(pa.record_batch({"shard": names, "row": numbers})))
    assert [len(places) for places, _ in found] == [rows] * 3
    said = {
        place: count for places, counts in found for place, count in zip(places.tolist(), counts.tolist(), strict=True)
    }
    assert said == {place: 1000 * "abc".index(names[place]) + numbers[place] for place in range(3 * rows)}
