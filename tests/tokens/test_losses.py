"""Tokenizers that lose text: said when they are named, in the ledger where nothing is left, counted in the receipt."""

import json
import logging
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from atom_data.errors import ConfigError, DataError
from atom_data.tokens import Tokenize
from atom_data.tokens.tokenizer import encode
from atom_data.tokens.tokenizer.encode import load_encoder
from tests.tokens.corpus import Rows, documents, finish, receipt, table, tiny_tokenizer
from tests.tokens.test_special import bpe, page, write

NO_UNKNOWN = {"byte_fallback": False, "unk_token": None}
TEXTS = {
    "kept": "aba",
    "gone": "漢字かな",
    "space": " ",
    "partly": "a漢b",
    "empty": "",
    "null": None,
    "blank": "\u00a0",
}
ROWS = [{"id": name, "text": text} for name, text in TEXTS.items()]


def run(folder: Path, value: dict[str, Any], rows: list[dict[str, str | None]] = ROWS, batch_rows: int = 3) -> Path:
    tokens = Tokenize(
        reads=Rows({"s": rows}, batch_rows), tokenizer=write(folder, value), backend="tokenizers", eos="</s>"
    )
    finish(tokens, folder / "out")
    return folder / "out"


def reasons(out: Path) -> dict[str, str]:
    ledger = pq.read_table(out / "tokens" / "drops" / "shard-00000.parquet").to_pylist()
    return {line["id"]: line["reason"] for line in ledger}


def test_document_without_a_token_is_in_the_ledger(tmp_path: Path) -> None:
    out = run(tmp_path, bpe("ab", **NO_UNKNOWN) | {"normalizer": None, "decoder": None})
    assert reasons(out) == {
        "empty": "tokens.empty_text",
        "null": "tokens.empty_text",
        "gone": "tokens.no_tokens",
        "space": "tokens.no_tokens",
        "blank": "tokens.no_tokens",
    }
    assert sorted(row["id"] for row in table(out, "shard-00000")) == ["kept", "partly"]
    assert sorted(map(len, documents(out, "shard-00000"))) == [3, 4]
    written = receipt(out, "shard-00000")
    assert written["rows_in"] == written["rows_out"] + sum(written["dropped"].values()) == 7
    assert written["dropped"]["tokens.no_tokens"] == written["notes"]["documents_without_tokens"] == 3
    assert written["notes"]["checked_and_changed"] == 1, "of what is left, 'partly' has lost a letter"
    ledger = pq.read_table(out / "tokens" / "drops" / "shard-00000.parquet").to_pylist()
    assert [line["numbers"] for line in ledger if line["id"] == "gone"] == [
        '{"text_bytes": 12, "shard": "s", "row": 1}'
    ]


def test_document_of_which_only_spaces_are_left_has_no_token(tmp_path: Path) -> None:
    out = run(tmp_path, bpe("ab▁", **NO_UNKNOWN))
    assert {name for name, reason in reasons(out).items() if reason == "tokens.no_tokens"} == {"gone"}
    assert sorted(row["id"] for row in table(out, "shard-00000")) == ["blank", "kept", "partly", "space"]


def test_shard_is_the_same_in_any_batches(tmp_path: Path) -> None:
    found = []
    for size in (1, 2, 100):
        (tmp_path / str(size)).mkdir()
        out = run(tmp_path / str(size), bpe("ab", **NO_UNKNOWN), batch_rows=size)
        names = ("shard-00000.bin", "shard-00000.idx", "shard-00000.docs.parquet", "drops/shard-00000.parquet")
        found.append([(out / "tokens" / name).read_bytes() for name in names[:2]])
        found[-1].append(json.dumps(pq.read_table(out / "tokens" / names[3]).to_pylist()).encode())
    assert found[0][:2] == found[1][:2] == found[2][:2]


def test_corpus_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no token came out of 2 documents"):
        run(tmp_path, bpe("ab", **NO_UNKNOWN), [{"id": "a", "text": "漢"}, {"id": "b", "text": "字"}])


def test_unknown_tokens_are_counted(tmp_path: Path) -> None:
    model = {"type": "WordLevel", "unk_token": "<unk>", "vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, "aba": 7}}
    value = page(model, pre_tokenizer={"type": "WhitespaceSplit"})
    out = run(tmp_path, value, [{"id": "a", "text": "aba"}, {"id": "b", "text": "x aba y"}, {"id": "c", "text": "z"}])
    notes = receipt(out, "shard-00000")["notes"]
    assert (notes["documents_with_unknown"], notes["unknown_tokens"], notes["documents_without_tokens"]) == (2, 3, 0)
    assert receipt(out, "shard-00000")["rows_out"] == 3


def said(path: Path, caplog: Any, **options: Any) -> str:
    encode.say.cache_clear()
    with caplog.at_level(logging.WARNING):
        Tokenize(reads=Rows({"s": ROWS}), tokenizer=path, **options).check()
    return str(caplog.text)


def test_check_says_what_vanishes_and_what_is_unknown(tmp_path: Path, caplog: Any) -> None:
    lossy = {"backend": "tokenizers", "eos": "</s>"}
    text = said(write(tmp_path, bpe("ab", **NO_UNKNOWN)), caplog, **lossy)
    assert "tokenizer.json: this tokenizer loses text: of " in text
    assert "vanish, such as '!', '\"', '#'" in text and "tokens.no_tokens" in text
    caplog.clear()
    model = {"type": "WordLevel", "unk_token": "<unk>", "vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, "a": 7}}
    text = said(write(tmp_path, page(model, pre_tokenizer={"type": "WhitespaceSplit"})), caplog, **lossy)
    assert "become the unknown token, such as '!'" in text and "vanish" not in text


@pytest.mark.parametrize(
    ("normalizer", "says"),
    [
        (normalizers.Lowercase(), "are changed by its normalizer, such as 'A' to 'a'"),
        (normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]), "'À' to 'A'"),
        (normalizers.BertNormalizer(), "'A' to 'a'"),
        (normalizers.NFKC(), "'ª' to 'a'"),
        (normalizers.NFC(), ""),
        (normalizers.Replace(" ", "▁"), ""),
    ],
)
def test_check_says_what_a_normalizer_changes(tmp_path: Path, caplog: Any, normalizer: Any, says: str) -> None:
    text = said(tiny_tokenizer(tmp_path / "t.json", normalizer), caplog, backend="tokenizers")
    assert says in text if says else "loses" not in text


def test_check_of_a_byte_level_tokenizer_says_nothing(tmp_path: Path, caplog: Any) -> None:
    assert said(tiny_tokenizer(tmp_path / "t.json"), caplog) == ""
    assert said(write(tmp_path, bpe()), caplog, backend="tokenizers", eos="</s>") == ""


def test_byte_level_tokenizer_without_some_bytes_is_found_out(tmp_path: Path, caplog: Any) -> None:
    value = json.loads(tiny_tokenizer(tmp_path / "t.json").read_text())
    del value["model"]["vocab"]["ð"]  # the first byte of every emoji
    value["model"]["merges"] = [pair for pair in value["model"]["merges"] if "ð" not in pair]
    value["added_tokens"] = value["added_tokens"][:2]
    text = said(write(tmp_path, value), caplog, backend="tokenizers")
    assert not load_encoder(tmp_path / "tokenizer.json", backend="tokenizers").reference.decodes
    assert "do not come back whole, such as" in text


@pytest.mark.parametrize("kind", ["WordLevel", "WordPiece", "Unigram"])
def test_model_that_fails_at_what_it_does_not_know_is_refused(tmp_path: Path, kind: str) -> None:
    model: dict[str, Any] = {"type": kind, "vocab": {"<s>": 1, "</s>": 2, "a": 0}}
    if kind == "WordPiece":
        model |= {"unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    if kind == "WordLevel":
        model |= {"unk_token": "<unk>"}
    if kind == "Unigram":
        model |= {"unk_id": None, "vocab": [["a", 0.0], ["<s>", 0.0], ["</s>", 0.0]]}
    value = page(model)
    value["added_tokens"] = [entry for entry in value["added_tokens"] if entry["content"] in ("<s>", "</s>")]
    with pytest.raises(ConfigError, match=r"tokenizers cannot use this tokenizer \(.*(Missing \[UNK\]|unk_id)"):
        load_encoder(write(tmp_path, value), "</s>", backend="tokenizers")


def test_spaces_alone_with_a_tokenizer_that_drops_them(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "</s>": 1, "a": 2}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["<unk>", "</s>"])
    out = run(tmp_path, json.loads(tokenizer.to_str()), [{"id": "a", "text": "a"}, {"id": "b", "text": " \n\t"}])
    assert reasons(out) == {"b": "tokens.no_tokens"}
