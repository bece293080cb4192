"""The pass as the runner runs it: shards, bytes, ledger, rows, and what it refuses."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import tokenizers

from atom_data.readers import Jsonl
from atom_data.storage.paths import sha256
from atom_data.tokens import Tokenize, manifest
from atom_data.workspace import Workspace
from tests.tokens.corpus import (
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
    grouped = [[shard.name for shard in task.shards] for task in tokens.tasks(Workspace(str(tmp_path / "out")))]
    assert grouped == [["a", "b"], ["c"], ["d"], ["e", "f", "g"]]
    assert [task.name for task in tokens.tasks(Workspace(str(tmp_path / "out")))] == [
        f"shard-{i:05}" for i in range(len(grouped))
    ]
    assert [task.bytes for task in tokens.tasks(Workspace(str(tmp_path / "out")))] == [
        sum(sizes[name] // 10 * 100 for name in group) for group in grouped
    ]


def test_tasks_of_files_of_unknown_size_are_one_each(tmp_path: Path) -> None:
    source = Rows({name: [{"id": name, "text": ""}] for name in "abc"})
    tokens = Tokenize(reads=source, tokenizer=tiny_tokenizer(tmp_path / "t.json"), target_tokens=10)
    assert [[shard.name for shard in task.shards] for task in tokens.tasks(Workspace(str(tmp_path)))] == [
        ["a"],
        ["b"],
        ["c"],
    ]


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


def test_columns_kept_are_the_usual_ones_or_those_named(tmp_path: Path) -> None:
    tokens = token_run(tmp_path, {"s": rows(3)})
    own = ["id", "tokens", "text_bytes", "shard", "row"]
    assert tokens.check().names == [*own, "url", "source"]
    assert list(table(tmp_path / "out", "shard-00000")[0]) == tokens.check().names
    (tmp_path / "b").mkdir()
    token_run(tmp_path / "b", {"s": rows(3)}, keeps=("source",))
    assert list(table(tmp_path / "b" / "out", "shard-00000")[0]) == [*own, "source"]


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


def test_the_end_token_of_a_folders_configuration_counts(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    tiny_tokenizer(folder / "tokenizer.json")
    alone = Tokenize(reads=Rows({}), tokenizer=folder).identity()
    found = []
    for end in ("<|endoftext|>", "<|pad|>"):
        (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": {"content": end}}))
        found.append(Tokenize(reads=Rows({}), tokenizer=folder).identity())
        assert Tokenize(reads=Rows({}), tokenizer=folder, eos="<|pad|>").identity() == {**alone, "eos": "<|pad|>"}
    assert found[0] != found[1] != alone != found[0]
