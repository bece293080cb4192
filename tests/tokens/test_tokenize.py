"""The pass as the runner runs it: shards, bytes, ledger, rows, and what it refuses."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tokenizers

from atom_data.errors import ConfigError, DataError
from atom_data.extract import Jsonl
from atom_data.stage import Stage
from atom_data.storage.paths import sha256
from atom_data.storage.shards import Intake, Shard
from atom_data.tokens import Tokenize, manifest
from atom_data.tokens.encode import Encoded, Encoder
from atom_data.tokens.megatron import read_pair
from tests.tokens.corpus import SCHEMA, Row, Rows, finish, rows, tiny_tokenizer, token_run

SHARDS = {f"part-{i}": rows(60, f"p{i}-") for i in range(5)}


def documents(out: Path, shard: str) -> list[list[int]]:
    """Return the ids of every document of a shard."""
    index = read_pair(str(out / "tokens" / shard))
    ids = np.fromfile(out / "tokens" / f"{shard}.bin", index.dtype)
    return [ids[start : start + count].tolist() for start, count in zip(index.starts, index.lengths, strict=True)]


def table(out: Path, shard: str) -> list[dict[str, Any]]:
    """Return the rows of docs.parquet."""
    found: list[dict[str, Any]] = pq.read_table(out / "tokens" / f"{shard}.docs.parquet").to_pylist()
    return found


def receipt(out: Path, shard: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "tokens" / "receipts" / f"{shard}.json").read_text())
    return found


def files(out: Path) -> dict[str, str]:
    """Return the hash of every file of the pass but its receipts, which hold times."""
    return {
        path.name: sha256(str(path))
        for path in sorted((out / "tokens").rglob("*"))
        if path.is_file() and path.suffix != ".json" and path.parent.name != "receipts"
    }


def test_documents_are_the_texts_each_with_one_end(tmp_path: Path) -> None:
    token_run(tmp_path, SHARDS, target_tokens=2_000)
    out = tmp_path / "out"
    reference = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    texts = {row["id"]: row["text"] for part in SHARDS.values() for row in part}
    seen = []
    for shard in manifest(str(out))["shards"]:
        for row, ids in zip(table(out, shard["name"]), documents(out, shard["name"]), strict=True):
            assert ids == [*reference.encode(texts[row["id"]]).ids, 0]
            assert (row["tokens"], row["text_bytes"]) == (len(ids), len((texts[row["id"]] or "").encode()))
            assert ids.count(0) == 1
            seen.append(row["id"])
    assert sorted(seen) == sorted(str(key) for key in texts)


def test_rows_lead_back_to_shard_and_row_of_the_source(tmp_path: Path) -> None:
    token_run(tmp_path, SHARDS, target_tokens=4_000)
    out = tmp_path / "out"
    for row in table(out, "shard-00000"):
        clean = pq.read_table(out / "clean" / f"{row['shard']}.parquet").to_pylist()
        assert {name: clean[row["row"]][name] for name in ("id", "url", "source")} == {
            name: row[name] for name in ("id", "url", "source")
        }
    assert len({row["shard"] for row in table(out, "shard-00000")}) > 1


def test_tasks_group_whole_consecutive_shards_up_to_the_target(tmp_path: Path) -> None:
    sizes = {"a": 40, "b": 40, "c": 15, "d": 200, "e": 10, "f": 10, "g": 0}
    source = {
        name: [{"id": f"{name}{i}", "text": "x" * 100} for i in range(size // 10)] for name, size in sizes.items()
    }
    tokens = token_run(tmp_path, source, target_tokens=200)
    grouped = [[shard.name for shard in task.shards] for task in tokens.tasks(str(tmp_path / "out"))]
    assert grouped == [["a", "b"], ["c"], ["d"], ["e", "f", "g"]]
    assert [task.name for task in tokens.tasks(str(tmp_path / "out"))] == [f"shard-{i:05}" for i in range(len(grouped))]
    assert [task.bytes for task in tokens.tasks(str(tmp_path / "out"))] == [
        sum(sizes[name] // 10 * 100 for name in group) for group in grouped
    ]


def test_tasks_of_files_of_unknown_size_are_one_each(tmp_path: Path) -> None:
    source = Rows({name: [{"id": name, "text": ""}] for name in "abc"})
    tokens = Tokenize(reads=source, tokenizer=tiny_tokenizer(tmp_path / "t.json"), target_tokens=10)
    assert [[shard.name for shard in task.shards] for task in tokens.tasks(str(tmp_path))] == [["a"], ["b"], ["c"]]


def test_tasks_before_the_stage_is_finished_names_the_shard(tmp_path: Path) -> None:
    clean = Stage(name="clean", reads=Rows(SHARDS))
    tokens = Tokenize(reads=clean, tokenizer=tiny_tokenizer(tmp_path / "t.json"))
    with pytest.raises(
        DataError, match=r"clean/part-0: there is no receipt, so the shard is not finished\. Run the stage 'clean'"
    ):
        tokens.tasks(str(tmp_path / "out"))


@pytest.mark.parametrize("batch_rows", [1, 7, 1_000])
def test_bytes_same_for_any_batch_size_of_the_source(tmp_path: Path, batch_rows: int) -> None:
    shards = {**SHARDS, "part-9": [{"id": None, "text": "x"}, {"id": "n", "text": None}, {"id": "e", "text": ""}]}
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    direct = {"target_tokens": 500}
    for folder, size in (("one", 13), ("two", batch_rows)):
        tokenizer = tiny_tokenizer(tmp_path / folder / "tokenizer.json")
        finish(Tokenize(reads=Rows(shards, size), tokenizer=tokenizer, **direct), tmp_path / folder / "out")  # type: ignore[arg-type]
    one, two = files(tmp_path / "one" / "out"), files(tmp_path / "two" / "out")
    assert one == two
    assert len(one) > 3 * 3


def test_order_depends_on_seed_and_id_not_on_neighbors(tmp_path: Path) -> None:
    orders = {}
    for name, seed, shards in (
        ("a", 0, {"s": rows(60)}),
        ("b", 1, {"s": rows(60)}),
        ("c", 0, {"s": list(reversed(rows(60)))}),
        ("d", 0, {"s": rows(60)[:30]}),
    ):
        (tmp_path / name).mkdir()
        token_run(tmp_path / name, shards, seed=seed)
        orders[name] = [row["id"] for row in table(tmp_path / name / "out", "shard-00000")]
    first_half = {row["id"] for row in rows(30)}
    assert orders["a"] == orders["c"] != orders["b"]
    assert orders["d"] == [name for name in orders["a"] if name in first_half]
    assert orders["a"] != [row["id"] for row in rows(60)]


def test_equal_ids_stand_in_the_order_of_shard_and_row(tmp_path: Path) -> None:
    same: list[Row] = [{"id": "same", "text": f"text {i}"} for i in range(20)]
    token_run(tmp_path, {"a": same[:10], "b": same[10:]})
    found = [(row["shard"], row["row"]) for row in table(tmp_path / "out", "shard-00000")]
    assert found == [("a", i) for i in range(10)] + [("b", i) for i in range(10)]


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
    line = {"reason": "tokens.empty_text", "rules": ["tokens.empty_text"], "numbers": '{"text_bytes": 0}'}
    assert ledger == [{"id": "null", "url": "https://a.example", **line}, {"id": "empty", "url": None, **line}]
    written = receipt(out, "shard-00000")
    assert (written["rows_in"], written["rows_out"], written["dropped"]) == (4, 2, {"tokens.empty_text": 2})
    assert written["tokens"] == sum(map(len, documents(out, "shard-00000")))


def test_broken_text_is_dropped_by_name(tmp_path: Path) -> None:
    raw = pa.array([b"good", b"\xff\xfe", b"\xc3\xa9"])
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())

    class Broken(Rows):
        def read(self, shard: Shard, out: str, columns: Collection[str], intake: Intake) -> Iterator[pa.RecordBatch]:
            intake.inputs += self.current(shard, out)
            nothing = pa.nulls(3, pa.string())
            yield pa.RecordBatch.from_arrays([pa.array(["a", "b", "c"]), text, nothing, nothing], schema=SCHEMA)

    tokens = Tokenize(reads=Broken({"s": rows(3)}), tokenizer=tiny_tokenizer(tmp_path / "t.json"))
    (written,) = finish(tokens, tmp_path / "out")
    assert written["dropped"] == {"tokens.broken_text": 1}
    assert sorted(row["id"] for row in table(tmp_path / "out", "shard-00000")) == ["a", "c"]


def test_unreadable_records_of_a_source_are_dead_letters(tmp_path: Path) -> None:
    class Rejecting(Rows):
        def read(self, shard: Shard, out: str, columns: Collection[str], intake: Intake) -> Iterator[pa.RecordBatch]:
            intake.reject("no_json", 17, "a line that is no JSON", b"{{{")
            yield from super().read(shard, out, columns, intake)

    tokenizer = tiny_tokenizer(tmp_path / "t.json")
    with pytest.raises(DataError, match=r"1 of 4 records were unreadable; allowed are 5%\. Look into tokens/dead"):
        finish(Tokenize(reads=Rejecting({"s": rows(3)}), tokenizer=tokenizer), tmp_path / "out")
    tokens = Tokenize(reads=Rejecting({"s": rows(3)}), tokenizer=tokenizer, allow_unreadable=0.25)
    (written,) = finish(tokens, tmp_path / "out")
    dead = pq.read_table(tmp_path / "out" / "tokens" / "dead" / "shard-00000.parquet").to_pylist()
    assert dead == [
        {"file": "s", "position": 17, "reason": "no_json", "detail": "a line that is no JSON", "raw": b"{{{"}
    ]
    assert (written["unreadable"], written["rows_in"]) == ({"no_json": 1}, 3)


def test_columns_kept_are_the_usual_ones_or_those_named(tmp_path: Path) -> None:
    tokens = token_run(tmp_path, {"s": rows(3)})
    own = ["id", "tokens", "text_bytes", "shard", "row"]
    assert tokens.check().names == [*own, "url", "source"]
    assert list(table(tmp_path / "out", "shard-00000")[0]) == tokens.check().names
    (tmp_path / "b").mkdir()
    token_run(tmp_path / "b", {"s": rows(3)}, keeps=("source",))
    assert list(table(tmp_path / "b" / "out", "shard-00000")[0]) == [*own, "source"]


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


def test_identity_changes_with_everything_that_decides_a_byte(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path / "t.json")
    other = tmp_path / "other" / "t.json"
    other.parent.mkdir()
    other.write_text(tokenizer.read_text() + "\n")
    base: dict[str, Any] = {"reads": Rows(SHARDS), "tokenizer": tokenizer}
    changes: list[dict[str, Any]] = [
        {},
        {"tokenizer": other},
        {"eos": "<|im_start|>"},
        {"bos": "<|im_start|>"},
        {"encoding": "gpt2"},
        {"seed": 1},
        {"target_tokens": 5},
        {"keeps": ("url",)},
        {"backend": "tokenizers"},
        {"reads": Rows(SHARDS, name="other")},
    ]
    assert len({json.dumps(Tokenize(**{**base, **change}).identity()) for change in changes}) == len(changes)


def test_receipt_says_what_the_ids_mean(tmp_path: Path) -> None:
    token_run(tmp_path, {"s": rows(60)})
    written = receipt(tmp_path / "out", "shard-00000")
    notes = written["notes"]
    assert notes["tokenizer"] == sha256(str(tmp_path / "tokenizer.json"))
    assert (notes["eos"], notes["eos_id"], notes["dtype"]) == ("<|endoftext|>", 0, "uint16")
    assert (notes["checked_documents"], notes["checked_decoding"]) == (4, True)
    names = [item["path"] for item in written["outputs"]]
    assert names == [f"tokens/shard-00000.{ending}" for ending in ("docs.parquet", "bin", "idx")]
    assert all(item["sha256"] == sha256(str(tmp_path / "out" / item["path"])) for item in written["outputs"])


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


def test_documents_with_a_begin_token_have_one_of_each(tmp_path: Path) -> None:
    token_run(tmp_path, {"s": rows(60)}, bos="<|im_start|>", eos="<|endoftext|>")
    out = tmp_path / "out"
    reference = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    texts = {row["id"]: row["text"] for row in rows(60)}
    for row, ids in zip(table(out, "shard-00000"), documents(out, "shard-00000"), strict=True):
        assert ids == [1, *reference.encode(texts[row["id"]]).ids, 0]
        assert row["tokens"] == len(ids) and (ids.count(0), ids.count(1)) == (1, 1)
    written = receipt(out, "shard-00000")
    assert (written["notes"]["bos"], written["notes"]["bos_id"]) == ("<|im_start|>", 1)
    assert written["tokens"] == sum(row["tokens"] for row in table(out, "shard-00000"))


def test_begin_token_that_is_none_or_the_end_token_is_refused(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path / "t.json")
    with pytest.raises(ConfigError, match=r"no token <s> to begin a document with; .* Name one of them as bos"):
        Tokenize(reads=Rows(SHARDS), tokenizer=tokenizer, bos="<s>").check()
    with pytest.raises(ConfigError, match=r"'<\|endoftext\|>' cannot both begin and end a document"):
        Tokenize(reads=Rows(SHARDS), tokenizer=tokenizer, bos="<|endoftext|>").check()


def test_broken_surrogates_of_json_lines_are_tokens_of_the_replacement_character(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"id": "a", "text": "x \\ud83d y \\udc00"}\n{"id": "b", "text": "\\ud83d\\udc69"}\n'
    )
    tokens = Tokenize(reads=Jsonl(str(tmp_path / "a.jsonl")), tokenizer=tiny_tokenizer(tmp_path / "t.json"))
    finish(tokens, tmp_path / "out")
    reference = tokenizers.Tokenizer.from_file(str(tmp_path / "t.json"))
    ids = documents(tmp_path / "out", "shard-00000")
    assert sorted(reference.decode(one[:-1]) for one in ids) == ["x \ufffd y \ufffd", "\U0001f469"]


def test_sample_takes_a_share_of_many_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atom_data.tokens.documents.CHECKED_SHARE", 0.5)
    counts = Counter[int]()
    for batch_rows in (10, 400):
        folder = tmp_path / str(batch_rows)
        folder.mkdir()
        token_run(folder, {"s": rows(400)}, batch_rows)
        counts[receipt(folder / "out", "shard-00000")["notes"]["checked_documents"]] += 1
    assert len(counts) == 1
    assert 140 < next(iter(counts)) < 260


def test_no_token_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="pass 'tokens': no token came out of 2 documents: there is nothing to train on"
    ):
        token_run(tmp_path, {"s": [{"id": "a", "text": ""}, {"id": "b", "text": None}]})


def test_source_without_a_document_in_one_shard_is_fine(tmp_path: Path) -> None:
    token_run(tmp_path, {"a": rows(20), "b": []}, target_tokens=1)
    assert [shard["tokens"] > 0 for shard in manifest(str(tmp_path / "out"))["shards"]] == [True, False]


def test_manifest_fingerprint_is_of_content_and_order(tmp_path: Path) -> None:
    prints = {}
    for name, options in (
        ("a", {}),
        ("b", {}),
        ("c", {"seed": 1}),
        ("d", {"eos": "<|im_start|>"}),
        ("e", {"keeps": ()}),
    ):
        (tmp_path / name).mkdir()
        token_run(tmp_path / name, SHARDS, target_tokens=2_000, **options)
        prints[name] = manifest(str(tmp_path / name / "out"))["fingerprint"]
    assert prints["a"] == prints["b"] == prints["e"]
    assert len(set(prints.values())) == 3
    found = manifest(str(tmp_path / "a" / "out"))
    assert found["documents"] == 300
    assert found["tokens"] == sum(shard["tokens"] for shard in found["shards"])


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


def test_one_long_line_and_special_text_pass_through(tmp_path: Path) -> None:
    line = "word " * 40_000 + "<|endoftext|>" + "\u6f22" * 10_000
    token_run(tmp_path, {"s": [{"id": "long", "text": line}, {"id": "short", "text": "<|endoftext|>"}]})
    reference = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    found = {
        row["id"]: ids
        for row, ids in zip(
            table(tmp_path / "out", "shard-00000"), documents(tmp_path / "out", "shard-00000"), strict=True
        )
    }
    assert reference.decode(found["long"][:-1], skip_special_tokens=False) == line
    assert reference.decode(found["short"][:-1], skip_special_tokens=False) == "<|endoftext|>"
    assert [ids.count(0) for ids in found.values()] == [1, 1]


def test_tokenizer_may_be_named_as_text(tmp_path: Path) -> None:
    path = tiny_tokenizer(tmp_path / "t.json")
    named, given = (Tokenize(reads=Rows({"a": rows(3)}), tokenizer=one) for one in (str(path), path))
    assert named.identity() == given.identity()
    assert [field.name for field in named.check()] == [field.name for field in given.check()]
