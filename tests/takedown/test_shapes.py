"""Recipes of other shapes: tokens straight from files, passes over files, parts that are held out; and bytes by rows alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.ledger import LEDGER
from atom_data.storage import parquet
from atom_data.storage.pages.rows import row_bytes
from atom_data.storage.parquet import Output, create_parquet, read_parquet
from tests.command import SAMPLE, atom_data, fingerprint, recipe
from tests.takedown.corpus import hashes, listed, rows

HEAD = f"""
    from pathlib import Path
    from atom_data import Copies, Jsonl, SameText, Stage, Tokenize, hold_out, keep
    from atom_data.signals import count_words
    PAGES = Jsonl("{{pages}}/*.jsonl.gz", source="test")
    TOKENIZER = Path("{SAMPLE}/tokenizer.json")
"""
STRAIGHT = """
    def stages():
        return Tokenize(reads=PAGES, tokenizer=TOKENIZER, target_tokens=2000)
"""
OVER_FILES = """
    def stages():
        unique = Stage(name="unique", reads=Copies(of=PAGES, by=SameText()), steps=(count_words, keep("first_copy")))
        return Tokenize(reads=unique, tokenizer=TOKENIZER, target_tokens=2000)
"""
HELD_OUT = """
    def stages():
        read = Stage(name="read", reads=PAGES, steps=(count_words,))
        train, validation = hold_out(read, share=0.3)
        return (
            Tokenize(name="train", reads=train, tokenizer=TOKENIZER, target_tokens=2000),
            Tokenize(name="validation", reads=validation, tokenizer=TOKENIZER, target_tokens=2000),
        )
"""


GROUPED = """
    def stages():
        read = Stage(name="read", reads=PAGES, steps=(count_words,))
        return Tokenize(reads=read, tokenizer=TOKENIZER, target_tokens=7000)
"""


@pytest.mark.parametrize("text", [STRAIGHT, OVER_FILES, HELD_OUT], ids=["straight", "over_files", "held_out"])
def test_recipes_of_other_shapes_are_as_if_built_again(text: str, pages: Path, tmp_path: Path) -> None:
    path, out = recipe(tmp_path, HEAD.format(pages=pages) + text), tmp_path / "out"
    assert atom_data("run", path, "--output", out, "--workers", 1).returncode == 0
    ids = [f"doc-1-{number:04}" for number in (3, 5, 7, 13, 41, 60, 61, 99, 120)]
    done = atom_data("takedown", out, "--ids", listed(tmp_path, ids))
    assert done.returncode == 0, done.stderr
    assert atom_data("verify", out).returncode == 0
    assert "Nothing to do." in atom_data("run", path, "--output", out, "--dry-run").stdout
    again = tmp_path / "again"
    done = atom_data("run", path, "--output", again, "--workers", 1, "--removals", out / "removals" / "list.parquet")
    assert done.returncode == 0, done.stderr
    assert fingerprint(again) == fingerprint(out)
    assert hashes(again) == hashes(out)
    left = {row["id"] for stage in out.iterdir() if (stage / "plan.json").exists() for row in rows(out, stage.name)}
    assert left and not left & set(ids)


def test_token_shards_are_cut_by_what_was_there_before(pages: Path, tmp_path: Path) -> None:
    """Nearly all text of the first file goes: without it the second and the third file would share a token shard."""
    path, out = recipe(tmp_path, HEAD.format(pages=pages) + GROUPED), tmp_path / "out"
    assert atom_data("run", path, "--output", out, "--workers", 1).returncode == 0
    before = hashes(out)
    ids = [row["id"] for row in rows(out, "read") if row["shard"].startswith("pages-0")]
    assert atom_data("takedown", out, "--ids", listed(tmp_path, ids), "--copies", "promote").returncode == 0
    assert "Nothing to do." in atom_data("run", path, "--output", out, "--dry-run").stdout
    again = tmp_path / "again"
    options = ("--workers", 1, "--removals", out / "removals" / "list.parquet")
    assert atom_data("run", path, "--output", again, *options).returncode == 0
    assert hashes(again) == hashes(out)
    assert hashes(out)["tokens/shard-00001.bin"] == before["tokens/shard-00001.bin"]


def test_a_cleaned_pass_over_files_is_refused_with_what_to_do(pages: Path, tmp_path: Path) -> None:
    path, out = recipe(tmp_path, HEAD.format(pages=pages) + OVER_FILES), tmp_path / "out"
    assert atom_data("run", path, "--output", out, "--workers", 1).returncode == 0
    assert atom_data("clean", out).returncode == 0
    before = hashes(out)
    done = atom_data("takedown", out, "--ids", listed(tmp_path, ["doc-1-0005"]))
    assert done.returncode == 1 and "'exact' reads files and what it noted of them was cleaned" in done.stderr
    assert hashes(out) == before


def test_a_cleaned_folder_can_be_taken_down_and_grow(built: Path, out: Path, pages: Path, tmp_path: Path) -> None:
    assert atom_data("clean", out).returncode == 0
    assert atom_data("takedown", out, "--domain", "a.test").returncode == 0
    assert atom_data("verify", out).returncode == 0
    done = atom_data("run", pages.with_suffix(".py"), "--output", out, "--dry-run")
    assert "Nothing to do." in done.stdout
    kept = Path(shutil.copytree(built, tmp_path / "kept"))
    assert atom_data("takedown", kept, "--ids", listed(tmp_path, ["doc-1-0007"])).returncode == 0
    assert 0 < len(list((kept / "exact" / "text-hash").glob("*.hashes"))) < 5, "those of other shards stay"


def batches(table: pa.Table, sizes: tuple[int, ...]) -> Iterator[pa.RecordBatch]:
    start, number = 0, 0
    while start < table.num_rows:
        size = sizes[number % len(sizes)]
        yield from table.slice(start, size).to_batches()
        start, number = start + size, number + 1


def test_parquet_follows_from_the_rows_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 20_000)
    draw = np.random.default_rng(1)
    texts = ["x" * int(size) if size % 7 else None for size in draw.integers(0, 400, 2000)]
    table = pa.table({
        "id": [f"{number:05}" for number in range(2000)], "text": texts, "n": draw.random(2000),
        "list": [[text or "", "b"] if number % 3 else None for number, text in enumerate(texts)],
    })  # fmt: skip
    files = []
    for number, sizes in enumerate(((2000,), (1, 7, 300), (1999,), (64,))):
        path = tmp_path / f"{number}.parquet"
        with create_parquet(str(path), table.schema, "test", Output(path.name)) as written:
            for batch in batches(table, sizes):
                written.write(batch)
        files.append(path.read_bytes())
    assert len(set(files)) == 1
    assert pq.ParquetFile(tmp_path / "0.parquet").num_row_groups > 20
    with create_parquet(str(tmp_path / "rest.parquet"), table.schema, "test", Output("rest")) as written:
        for batch in read_parquet(str(tmp_path / "1.parquet"), table.schema.names, batch_bytes=5_000):
            written.write(batch.filter(pa.array([int(one) % 11 > 0 for one in batch.column("id").to_pylist()])))
    with create_parquet(str(tmp_path / "made.parquet"), table.schema, "test", Output("made")) as written:
        written.write(
            table.filter(pa.array([number % 11 > 0 for number in range(2000)])).combine_chunks().to_batches()[0]
        )
    assert (tmp_path / "rest.parquet").read_bytes() == (tmp_path / "made.parquet").read_bytes()


def test_rows_weigh_what_their_values_do() -> None:
    batch = pa.RecordBatch.from_pylist([{"id": "ab", "rules": ["x", "yz"]}, {"id": None, "rules": None}], LEDGER)
    whole, sliced = row_bytes(batch), row_bytes(batch.slice(1))
    assert sliced.tolist() == whole.tolist()[1:]
    assert whole[0] - whole[1] == 2 + (1 + 4) + (2 + 4)
    assert row_bytes(batch.slice(0, 0)).tolist() == []


@pytest.mark.parametrize("kind", [pa.string(), pa.binary(), pa.large_string(), pa.large_binary()])
def test_texts_weigh_their_bytes_and_four_more(kind: pa.DataType) -> None:
    """As Python counts them, wherever a slice begins, and also where a null stands over bytes."""
    values = [b"", b"one", None, "zwölf".encode(), b"x" * 300, None]
    array = pa.array(values, pa.binary()).cast(kind)
    for texts in (array, array.slice(1, 3), array.slice(3, 2), array.slice(2, 1), array.slice(5, 0)):
        sizes = row_bytes(pa.RecordBatch.from_arrays([texts], ["text"])).tolist()
        assert sizes == [
            1 + 4 + len(text.encode() if isinstance(text, str) else text or b"") for text in texts.to_pylist()
        ]
    offsets = np.array([0, 3, 7], np.int64 if "large" in str(kind) else np.int32)
    over = pa.Array.from_buffers(kind, 2, [pa.py_buffer(b"\x01"), pa.py_buffer(offsets), pa.py_buffer(b"onetwo!")])
    assert row_bytes(pa.RecordBatch.from_arrays([over], ["text"])).tolist() == [8, 5]
