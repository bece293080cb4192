"""Every token has an address: stages carry it along, `check` says where it is dropped, `trace` says what it is."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data import Jsonl, Text, Warc, Wet
from atom_data.batch import PROVENANCE
from tests.command import SAMPLE, Done, atom_data, recipe

RECIPE = """
    from pathlib import Path
    from atom_data import Jsonl, Parquet, Stage, Tokenize
    from atom_data.signals import count_words

    def stages():
        first = Stage(name="first", reads={reads}, steps=(count_words,), writes=("id", "text", "word_count"){more})
        second = Stage(name="second", reads=first, writes=("text", "id"))
        return (Tokenize(name="tokens", reads=second, tokenizer=Path({tokenizer!r})),)
"""


def made(folder: Path, reads: str, more: str = "") -> Path:
    return recipe(folder, RECIPE.format(reads=reads, more=more, tokenizer=str(SAMPLE / "tokenizer.json")))


def well(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def jsonl(tmp_path: Path) -> str:
    (tmp_path / "in").mkdir()
    lines = [{"id": f"d{number}", "text": f"text {number} of a few words"} for number in range(5)]
    (tmp_path / "in" / "5.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return f'Jsonl({str(tmp_path / "in")!r}, source="pages")'


def test_columns_that_writes_forgets_are_carried_after_it(tmp_path: Path, jsonl: str) -> None:
    well(atom_data("run", made(tmp_path, jsonl), "-o", tmp_path / "out", "-w", 1))
    carried = ["url", "date", "source", "file", "offset"]
    table = pq.read_table(tmp_path / "out" / "first" / "5.jsonl.parquet")
    assert table.schema.names == ["id", "text", "word_count", *carried]
    assert pq.read_schema(tmp_path / "out" / "second" / "5.jsonl.parquet").names == ["text", "id", *carried]
    assert set(table["source"].to_pylist()) == {"pages"} and table["offset"].to_pylist()[0] == 0
    said = well(atom_data("trace", tmp_path / "out" / "tokens", "d3", "--length", 16))
    assert re.search(r"^source  record at byte \d+ of 5\.jsonl$", said, re.M), said
    assert "no address" not in said


def test_row_of_a_parquet_file_is_an_address(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    rows = pa.table({"id": [f"d{number}" for number in range(5)], "text": ["a few words"] * 5})
    pq.write_table(rows, tmp_path / "in" / "a.parquet")
    path = made(tmp_path, f'Parquet({str(tmp_path / "in")!r}, source="pages")')
    assert "no address" not in well(atom_data("check", path))
    well(atom_data("run", path, "-o", tmp_path / "out", "-w", 1))
    assert "source  row 3 of a.parquet\n" in well(atom_data("trace", tmp_path / "out" / "tokens", "d3", "--length", 8))


def test_stage_may_say_no_and_check_says_what_that_means(tmp_path: Path, jsonl: str) -> None:
    path = made(tmp_path, jsonl, ", provenance=False")
    said = well(atom_data("check", path))
    assert (
        "first: no address: it drops url, date, source, file, offset, so that nothing leads from a token to its document's "
        "source. Leave provenance=False out, or write them." in said
    )
    assert "second: no address" not in said, "it has none to drop"
    well(atom_data("run", path, "-o", tmp_path / "out", "-w", 1))
    assert pq.read_schema(tmp_path / "out" / "first" / "5.jsonl.parquet").names == ["id", "text", "word_count"]
    said = well(atom_data("trace", tmp_path / "out" / "tokens", "d3", "--length", 16))
    assert "source  (no address)   shard 5.jsonl" in said


def test_saying_no_makes_a_stage_again(tmp_path: Path, jsonl: str) -> None:
    well(atom_data("run", made(tmp_path, jsonl), "-o", tmp_path / "out", "-w", 1))
    done = atom_data("run", made(tmp_path, jsonl, ", provenance=False"), "-o", tmp_path / "out", "-w", 1)
    assert "first: 0 shards are done already, 1 to make (recipe or card changed: 1)" in done.stderr


def test_names_of_provenance_are_those_of_the_readers(jsonl: str) -> None:
    there = {name for source in (Jsonl("a"), Text("a"), Warc("a"), Wet("a")) for name in source.schema().names}
    assert there >= {name for name in PROVENANCE if name != "row"}
