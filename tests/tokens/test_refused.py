"""What the pass refuses, drops and sets aside: each by name, and nothing half-written."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.stage import Stage
from atom_data.storage.shards import Intake, Shard
from atom_data.tokens import Tokenize, manifest
from atom_data.tokens.tokenizer.encode import Encoded, Encoder
from atom_data.workspace import Workspace
from tests.tokens.corpus import (
    SCHEMA,
    SHARDS,
    Row,
    Rows,
    documents,
    finish,
    receipt,
    rows,
    table,
    tiny_tokenizer,
    token_run,
)


def test_tasks_before_the_stage_is_finished_names_the_shard(tmp_path: Path) -> None:
    clean = Stage(name="clean", reads=Rows(SHARDS))
    tokens = Tokenize(reads=clean, tokenizer=tiny_tokenizer(tmp_path / "t.json"))
    with pytest.raises(
        DataError, match=r"clean/part-0: there is no receipt, so the shard is not finished\. Run the stage 'clean'"
    ):
        tokens.tasks(Workspace(str(tmp_path / "out")))


def test_empty_texts_are_in_the_ledger_and_the_rest_keeps_its_rows(tmp_path: Path) -> None:
    part: list[Row] = [
        {"id": "null", "text": None, "url": "https://a.example"},
        {"id": "good", "text": "good"},
        {"id": "empty", "text": ""},
        {"id": "space", "text": " "},
    ]
    out = tmp_path / "out"
    finish(Tokenize(reads=Rows({"s": part}, batch_rows=2), tokenizer=tiny_tokenizer(tmp_path / "t.json")), out)
    assert sorted((row["id"], row["row"]) for row in table(out, "shard-00000")) == [("good", 1), ("space", 3)]
    ledger = pq.read_table(out / "tokens" / "drops" / "shard-00000.parquet").to_pylist()
    line = {"reason": "tokens.empty_text", "rules": ["tokens.empty_text"]}
    numbers = [f'{{"text_bytes": 0, "shard": "s", "row": {row}}}' for row in (0, 2)]
    assert ledger == [
        {"id": "null", "url": "https://a.example", **line, "numbers": numbers[0]},
        {"id": "empty", "url": None, **line, "numbers": numbers[1]},
    ]
    written = receipt(out, "shard-00000")
    assert (written["rows_in"], written["rows_out"], written["dropped"]) == (4, 2, {"tokens.empty_text": 2})
    assert written["tokens"] == sum(map(len, documents(out, "shard-00000")))


def test_broken_text_is_dropped_by_name(tmp_path: Path) -> None:
    raw = pa.array([b"good", b"\xff\xfe", b"\xc3\xa9"])
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())

    class Broken(Rows):
        def read(
            self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
        ) -> Iterator[pa.RecordBatch]:
            intake.inputs += self.current(shard, workspace)
            nothing = pa.nulls(3, pa.string())
            yield pa.RecordBatch.from_arrays([pa.array(["a", "b", "c"]), text, nothing, nothing], schema=SCHEMA)

    tokens = Tokenize(reads=Broken({"s": rows(3)}), tokenizer=tiny_tokenizer(tmp_path / "t.json"))
    (written,) = finish(tokens, tmp_path / "out")
    assert written.dropped == {"tokens.broken_text": 1}
    assert sorted(row["id"] for row in table(tmp_path / "out", "shard-00000")) == ["a", "c"]


def test_unreadable_records_of_a_source_are_dead_letters(tmp_path: Path) -> None:
    class Rejecting(Rows):
        def read(
            self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
        ) -> Iterator[pa.RecordBatch]:
            intake.reject("no_json", 17, "a line that is not JSON", b"{{{")
            yield from super().read(shard, workspace, columns, intake)

    tokenizer = tiny_tokenizer(tmp_path / "t.json")
    with pytest.raises(DataError, match=r"1 of 4 records were unreadable .*; allowed are 5%\. Look into tokens/dead"):
        finish(Tokenize(reads=Rejecting({"s": rows(3)}), tokenizer=tokenizer), tmp_path / "out")
    tokens = Tokenize(reads=Rejecting({"s": rows(3)}), tokenizer=tokenizer, allow_unreadable=0.25)
    (written,) = finish(tokens, tmp_path / "out")
    dead = pq.read_table(tmp_path / "out" / "tokens" / "dead" / "shard-00000.parquet").to_pylist()
    assert dead == [
        {"file": "s", "position": 17, "reason": "no_json", "detail": "a line that is not JSON", "raw": b"{{{"}
    ]
    assert (written.unreadable, written.rows_in) == ({"no_json": 1}, 3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"keeps": ("sauce",)},
            r"pass 'tokens': no column 'sauce'; columns there: id, text, url, source\. Let the stage",
        ),
        ({"keeps": ("text",)}, "keeps names 'text'"),
        ({"eos": "<eos>"}, "no token <eos>"),
        ({"name": "a/b"}, "the name is also a folder"),
        ({"target_tokens": 0}, "target_tokens is 0"),
        ({"backend": "magic"}, "no backend 'magic'; there are fastokens, gigatoken, tokenizers"),
    ],
)
def test_check_wrong_recipe_is_refused(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    tokenizer = tiny_tokenizer(tmp_path / "t.json")
    with pytest.raises(ConfigError, match=says):
        Tokenize(**{"reads": Rows(SHARDS), "tokenizer": tokenizer, **options}).check()


def test_check_source_without_id_or_with_another_type_is_refused(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path / "t.json")
    without = Rows(SHARDS, schema_=pa.schema([("text", pa.string())]))
    with pytest.raises(ConfigError, match=r"no column 'id'; columns there: text\."):
        Tokenize(reads=without, tokenizer=tokenizer).check()
    binary = Rows(SHARDS, schema_=pa.schema([("id", pa.string()), ("text", pa.binary())]))
    with pytest.raises(ConfigError, match="column 'text' is binary"):
        Tokenize(reads=binary, tokenizer=tokenizer).check()


def test_encoder_that_differs_fails_the_shard_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Encoder.encode

    def wrong(self: Encoder, texts: Sequence[str]) -> Encoded:
        ids, offsets = whole(self, texts)
        return Encoded(ids ^ 1 | 2, offsets)

    monkeypatch.setattr(Encoder, "encode", wrong)
    with pytest.raises(DataError, match=r"tokens/shard-00000: document 'a\d+' differs from the reference at token 0"):
        token_run(tmp_path, {"s": rows(60)})
    assert [
        path for path in (tmp_path / "out" / "tokens").rglob("*") if path.name != "plan.json" and path.is_file()
    ] == []


def test_encoder_that_gives_the_end_token_fails_the_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Encoder.encode

    def wrong(self: Encoder, texts: Sequence[str]) -> Encoded:
        ids, offsets = whole(self, texts)
        return Encoded(np.where(np.arange(len(ids)) == offsets[5] + 2, 0, ids), offsets)

    monkeypatch.setattr(Encoder, "encode", wrong)
    with pytest.raises(
        DataError, match=r"document 'a5' has id 0 at token 2; ids end below \d+, and 0 \('<\|endoftext\|>'\) ends"
    ):
        token_run(tmp_path, {"s": rows(60)})


def test_begin_token_that_is_none_or_the_end_token_is_refused(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path / "t.json")
    with pytest.raises(ConfigError, match=r"no token <s> to begin a document with; .* Name one of them as bos"):
        Tokenize(reads=Rows(SHARDS), tokenizer=tokenizer, bos="<s>").check()
    with pytest.raises(ConfigError, match=r"'<\|endoftext\|>' cannot both begin and end a document"):
        Tokenize(reads=Rows(SHARDS), tokenizer=tokenizer, bos="<|endoftext|>").check()


def test_no_token_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="pass 'tokens': no token came out of 2 documents: there is nothing to train on"
    ):
        token_run(tmp_path, {"s": [{"id": "a", "text": ""}, {"id": "b", "text": None}]})


def test_manifest_without_plan_receipt_or_tokens_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there are no tokens here \(no plan\.json\)"):
        manifest(str(tmp_path))
    token_run(tmp_path, SHARDS, target_tokens=2_000)
    out = tmp_path / "out"
    with pytest.raises(
        DataError, match=r"out/clean: the receipt of 'part-0' names no tokenizer\. Give the folder of a Tokenize"
    ):
        manifest(str(out), "clean")
    (out / "tokens" / "receipts" / "shard-00001.json").unlink()
    with pytest.raises(DataError, match=r"shard 'shard-00001' has no receipt, so it is not finished\. Run the pass"):
        manifest(str(out))
