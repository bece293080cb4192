"""Ids that repeat are refused by every pass, with both places and the way on; sources make ids that do not."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from atom_data import Jsonl, Parquet, Warc
from atom_data.errors import ConfigError, DataError
from atom_data.graph import Source
from atom_data.ids import RECORD, Shards, create_id_hashes
from atom_data.readers.rows import file_prefix
from atom_data.storage.parquet import Output
from atom_data.storage.pieces import create_pieces, hash_places, share
from atom_data.storage.shards import Intake
from atom_data.workspace import Workspace
from tests.command import atom_data, recipe
from tests.readers.archives import members, record
from tests.tokens.corpus import tiny_tokenizer

WORDS = "a text of words that is long enough to be shingled, with the number {} in it and {} more"
PASSES = """
    from atom_data import Copies, Jsonl, Lines, MinHash, Parquet, Repeats, SameText, Stage, Tokenize

    def stages():
        clean = Stage(name="clean", reads={source}, steps=())
        return ({last},)
"""
NEAR = 'Stage(name="done", reads=Copies(of=clean, by=MinHash()))'
EXACT = 'Stage(name="done", reads=Copies(of=clean, by=SameText()))'
REPEATS = 'Stage(name="done", reads=Repeats(of=clean, by=Lines(), partitions=2))'


def jsonl(path: Path, ids: Sequence[object], text: str = WORDS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [{"id": value, "text": text.format(f"{path}{n}", n)} for n, value in enumerate(ids)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def rows_of(source: Source) -> list[dict[str, object]]:
    intake = Intake(reject=lambda *_: None)
    found = []
    for shard in source.shards(Workspace("")):
        for batch in source.read(shard, Workspace(""), source.schema().names, intake):
            found += batch.to_pylist()
    return found


def looked_at(folder: Path, shards: list[list[str | None]], parts: int) -> str:
    """Return what is refused of shards with these ids, looked at in so many parts."""
    paths = []
    for number, ids in enumerate(shards):
        with create_id_hashes(f"{number}.ids", Workspace(str(folder), "test")) as (hashes, output):
            for start in range(0, len(ids), 3):
                hashes.add(pa.array(ids[start : start + 3], pa.string()))
        paths.append(str(folder / output.path))
    whole = Shards(
        where="pass",
        names=[f"s{number}" for number in range(len(shards))],
        bases=np.cumsum([0, *map(len, shards)], dtype=np.int64),
        paths=paths,
        read=lambda number: [
            pa.array(shards[number][i : i + 2], pa.string()) for i in range(0, len(shards[number]), 2)
        ],
    )
    said = []
    for part in range(parts):
        try:
            whole.refuse_repeats(*share(part, parts))
        except DataError as error:
            said.append(str(error))
    return "\n".join(said)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.none() | st.text(st.sampled_from("ab0é"), max_size=3), max_size=9), min_size=1, max_size=4),
    st.integers(1, 5),
)
def test_whatever_repeats_is_found_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, shards: list[list[str | None]], parts: int
) -> None:
    said = looked_at(tmp_path_factory.mktemp("ids"), shards, parts)
    every = [value for ids in shards for value in ids if value is not None]
    assert bool(said) == (len(set(every)) < len(every))
    for line in said.splitlines():
        identity = line.partition("the id '")[2].partition("'")[0]
        places = [
            f"row {row} of shard s{n}" for n, ids in enumerate(shards) for row, v in enumerate(ids) if v == identity
        ]
        assert f"{places[0]} and {places[1]}" in line


@pytest.mark.parametrize(("ids", "found"), [(["a", "b", "c"], ""), (["a", "b", "c", "b"], "'b': row 1 of shard s0")])
def test_one_hash_of_two_ids_is_no_repeat(tmp_path: Path, ids: list[str], found: str) -> None:
    output = Output("0.ids")
    hashes = np.full(len(ids), 7, np.uint64)
    with create_pieces(str(tmp_path / "0.ids"), RECORD, "test", output) as pieces:
        batch = pa.RecordBatch.from_arrays([pa.array(hashes), pa.array(range(len(ids)), pa.uint32())], schema=RECORD)
        pieces.write(batch, hash_places(hashes))
    shards = Shards(
        where="pass",
        names=["s0"],
        bases=np.array([0, len(ids)]),
        paths=[str(tmp_path / "0.ids")],
        read=lambda _: [pa.array(ids)],
    )
    if not found:
        shards.refuse_repeats(0, 1 << 32)
        return
    with pytest.raises(DataError, match=found):
        shards.refuse_repeats(0, 1 << 32)


@pytest.mark.parametrize(("last", "name"), [(NEAR, "near"), (EXACT, "exact"), (REPEATS, "repeated-lines")])
def test_passes_refuse_an_id_of_two_files(tmp_path: Path, last: str, name: str) -> None:
    jsonl(tmp_path / "in" / "x" / "0.jsonl", range(6))
    jsonl(tmp_path / "in" / "y" / "0.jsonl", ["y0", 3, "y2"])
    source = f"Jsonl({str(tmp_path / 'in')!r}{{}})"
    wrong = recipe(tmp_path, PASSES.format(source=source.format(""), last=last))
    done = atom_data("run", wrong, "-o", tmp_path / "out", "-w", 1)
    assert done.returncode == 1
    assert (
        "two documents have the id '3': row 3 of shard x--0.jsonl and row 1 of shard y--0.jsonl. A ledger, a trace "
        'or a takedown could not tell them apart. Let the source put the file before each id by ids="file" or, where a '
        'file itself repeats them, take places by ids="row" (dedup-index add: --ids); or take out what is in the source '
        "twice."
    ) in done.stderr
    assert "Traceback" not in done.stderr
    right = recipe(tmp_path, PASSES.format(source=source.format(", ids='file'"), last=last))
    done = atom_data("run", right, "-o", tmp_path / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    found = pq.read_table(tmp_path / "out" / "done" / "y--0.jsonl.parquet", columns=["id"]).column(0).to_pylist()
    assert found == ["y/0.jsonl#y0", "y/0.jsonl#3", "y/0.jsonl#y2"]


def test_an_id_twice_in_one_file_is_refused_and_rows_are_the_way_on(tmp_path: Path) -> None:
    jsonl(tmp_path / "in" / "0.jsonl", ["a", "b", "a"])
    for ids, code in (("file", 1), ("row", 0)):
        source = f"Jsonl({str(tmp_path / 'in')!r}, source='web', ids={ids!r})"
        done = atom_data(
            "run", recipe(tmp_path, PASSES.format(source=source, last=EXACT)), "-o", tmp_path / "out", "-w", 1
        )
        assert done.returncode == code, done.stderr
        if code:
            assert "the id 'web/0.jsonl#a': row 0 of shard 0.jsonl and row 2 of shard 0.jsonl" in done.stderr


def test_tokens_refuse_an_id_of_two_shards_unless_a_pass_has_looked(tmp_path: Path) -> None:
    jsonl(tmp_path / "in" / "0.jsonl", range(6))
    jsonl(tmp_path / "in" / "1.jsonl", [9, 3])
    tiny_tokenizer(tmp_path / "t.json")
    tokens = f"Tokenize(reads=clean, tokenizer={str(tmp_path / 't.json')!r}, target_tokens=10)"
    wrong = recipe(tmp_path, PASSES.format(source=f"Jsonl({str(tmp_path / 'in')!r})", last=tokens))
    for _ in range(2):  # finished shards do not make it right
        done = atom_data("run", wrong, "-o", tmp_path / "out", "-w", 1)
        assert done.returncode == 1
        assert "tokens: two documents have the id '3': row " in done.stderr
        assert "of shard shard-00000 and row" in done.stderr
        assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").rglob("*.partial"))
    done = atom_data("trace", tmp_path / "out" / "tokens", "3")
    assert done.returncode == 1
    assert "2 documents have the id '3': document" in done.stderr
    right = recipe(tmp_path, PASSES.format(source=f"Jsonl({str(tmp_path / 'in')!r}, ids='file')", last=tokens))
    done = atom_data("run", right, "-o", tmp_path / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    done = atom_data("trace", tmp_path / "out" / "tokens", "1.jsonl#3", "--length", 8)
    assert done.returncode == 0, done.stderr
    assert "file 1.jsonl" in done.stdout


def test_who_has_looked_at_ids_is_known() -> None:
    from atom_data import Copies, Lines, Repeats, SameText, Stage, hold_out
    from atom_data.tokens.unique import is_checked

    clean = Stage(name="clean", reads=Jsonl("x"))
    assert not is_checked(clean)
    for one in (Copies(of=clean, by=SameText()), Repeats(of=clean, by=Lines())):
        train, held = hold_out(Stage(name="kept", reads=one), share=0.1)
        assert is_checked(one)
        assert is_checked(train)
        assert is_checked(held)


def test_ids_by_file_and_row_are_the_same_however_a_file_is_split(tmp_path: Path) -> None:
    jsonl(tmp_path / "a" / "x.jsonl", range(200))
    jsonl(tmp_path / "b" / "x.jsonl", range(200))
    table = pa.table({"id": [str(n % 7) for n in range(60)], "text": ["text"] * 60})
    pq.write_table(table, tmp_path / "p.parquet", row_group_size=10)
    both = [str(tmp_path / name) for name in "ab"]
    for ids, first, last in (("file", "a/x.jsonl#0", "b/x.jsonl#199"), ("row", "a/x.jsonl#0", "")):
        whole = [row["id"] for row in rows_of(Jsonl(*both, ids=ids))]
        assert whole[0] == first
        assert not last or whole[-1] == last
        assert len(set(whole)) == 400
        assert [row["id"] for row in rows_of(Jsonl(*reversed(both), ids=ids, split_bytes=5_000))] == whole
    split = Parquet(str(tmp_path / "p.parquet"), ids="row", source="a/b#", split_bytes=300)
    assert len(split.shards(Workspace(""))) > 1
    assert [row["id"] for row in rows_of(split)] == [f"a%2Fb%23/p.parquet#{n}" for n in range(60)]
    assert rows_of(Parquet(str(tmp_path / "p.parquet"), ids="file"))[8]["id"] == "p.parquet#1"


def test_a_row_without_an_id_has_its_hash_behind_the_file(tmp_path: Path) -> None:
    jsonl(tmp_path / "x.jsonl", ["a", None])
    (_, plain), (one, other) = (rows_of(Jsonl(str(tmp_path), ids=ids)) for ids in ("column", "file"))
    assert (one["id"], other["id"]) == ("x.jsonl#a", f"x.jsonl#{plain['id']}")


def test_a_warc_read_twice_has_ids_by_file(tmp_path: Path) -> None:
    data = members(record(1), record(2))
    for name in ("one.warc.gz", "two.warc.gz"):
        (tmp_path / name).write_bytes(data)
    plain = [row["id"] for row in rows_of(Warc(str(tmp_path)))]
    assert plain[:2] == plain[2:]
    by_file = [row["id"] for row in rows_of(Warc(str(tmp_path), ids="file"))]
    assert by_file == [f"web/{name}.warc.gz#{value}" for name in ("one", "two") for value in plain[:2]]


names = st.text(st.sampled_from("a/#%2F3"), max_size=6)


@given(st.none() | names, names, names, st.none() | names, names, names)
def test_prefixed_ids_are_equal_only_where_all_is(
    source: str | None, file: str, own: str, source2: str | None, file2: str, own2: str
) -> None:
    if (source is None) != (source2 is None):
        return  # sources with and without a name are told apart by their names alone
    same = (source, file, own) == (source2, file2, own2)
    assert (file_prefix(source, file) + own == file_prefix(source2, file2) + own2) == same


def test_unknown_ways_of_making_ids_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"Jsonl: ids is 'name'; there are column, file, row\. Take one\."):
        Jsonl("x", ids="name")
    with pytest.raises(ConfigError, match=r"Warc: ids is 'row'; there are record, file\. Take one\."):
        Warc("x", ids="row")


def test_check_says_how_ids_are_made(tmp_path: Path) -> None:
    jsonl(tmp_path / "x.jsonl", ["a"])
    for more, said in (
        ("", "jsonl ids: field 'id', else a hash of source, file, URL and text"),
        (", ids='file', id='key', source='web'", "web ids: file and field 'key'"),
        (", ids='row'", "jsonl ids: file and offset of the line"),
    ):
        done = atom_data(
            "check", recipe(tmp_path, PASSES.format(source=f"Jsonl({str(tmp_path)!r}{more})", last="clean"))
        )
        assert said in done.stdout
