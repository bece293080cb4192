"""Text that spells special tokens and names of bytes is text, whatever the model's vocabulary holds."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from atom_data.errors import ConfigError, DataError
from atom_data.tokens import Tokenize
from atom_data.tokens.tokenizer.encode import BACKENDS, Encoded, Encoder, load_encoder
from tests.tokens.corpus import Rows, documents, finish, tiny_tokenizer

SPECIAL = ("<unk>", "<s>", "</s>", "[CLS]", "<|endoftext|>")
SPELLED = [
    *SPECIAL,
    "<0x41>",
    "<0x0A>",
    *(f"a{name}b" for name in SPECIAL),
    *(f" {name} ." for name in SPECIAL),
    "".join(SPECIAL),
    "<s><s>  </s>\n",
    "a<0x41>b <0x42>",
]


def token(content: str, number: int, **flags: bool) -> dict[str, Any]:
    whole = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": content, **whole, "special": True, **flags}


def page(model: dict[str, Any], **parts: Any) -> dict[str, Any]:
    none = dict.fromkeys(("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder"))
    added = [token(name, number) for number, name in enumerate(SPECIAL)]
    return {"version": "1.0", **none, "added_tokens": added, "model": model, **parts}


def vocabulary(letters: str) -> dict[str, int]:
    """Return special tokens, all bytes and some letters."""
    names = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    return {name: number for number, name in enumerate(names)}


SENTENCEPIECE = {
    "normalizer": {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ],
    },
    "decoder": {
        "type": "Sequence",
        "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ],
    },
}
LETTERS = "ab.▁s>x0CLS[]"


def bpe(letters: str = LETTERS, **options: Any) -> dict[str, Any]:
    model = {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True, "merges": []}
    return page({**model, "vocab": vocabulary(letters), **options}, **SENTENCEPIECE)


def unigram(byte_fallback: bool = True) -> dict[str, Any]:
    scores = [[name, 0.0 if number < 300 - 39 else -5.0] for name, number in vocabulary(LETTERS).items()]
    return page({"type": "Unigram", "unk_id": 0, "byte_fallback": byte_fallback, "vocab": scores}, **SENTENCEPIECE)


def wordpiece() -> dict[str, Any]:
    names = ["[UNK]", *SPECIAL, "[", "]", "CLS", "a", "##b", "<", ">", "s", "/"]
    made = page(
        {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {name: number for number, name in enumerate(names)},
        },
        pre_tokenizer={"type": "WhitespaceSplit"},
    )
    return made | {"added_tokens": [token(name, number + 1) for number, name in enumerate(SPECIAL)]}


KINDS = {
    "bpe without <": bpe(),
    "bpe with <": bpe(LETTERS + "<"),
    "bpe whole words": bpe(ignore_merges=True, byte_fallback=True),
    "bpe whole words, no normalizer": bpe(ignore_merges=True) | {"normalizer": None, "decoder": None},
    "bpe with merges to a special token": bpe(
        LETTERS + "</", vocab={**vocabulary(LETTERS + "<"), "<s": 300}, merges=["< s", "<s >"]
    ),
    "unigram": unigram(),
    "unigram without bytes": unigram(byte_fallback=False),
    "wordpiece": wordpiece(),
    "wordlevel": page(
        {"type": "WordLevel", "unk_token": "<unk>", "vocab": vocabulary("ab")},
        pre_tokenizer={"type": "WhitespaceSplit"},
    ),
}


def write(folder: Path, value: dict[str, Any]) -> Path:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(value))
    return path


def each(encoder: Encoder, texts: list[str]) -> list[list[int]]:
    ids, offsets = encoder.encode(texts)
    return [ids[start:stop].tolist() for start, stop in pairwise(offsets)]


@pytest.mark.parametrize("kind", KINDS)
def test_no_special_id_comes_out_of_text(tmp_path: Path, kind: str) -> None:
    encoder = load_encoder(write(tmp_path, KINDS[kind]), "</s>", backend="tokenizers")
    special = set(encoder.vocabulary.special_ids)
    assert {1, 2} <= special
    for text, ids in zip(SPELLED, each(encoder, SPELLED), strict=True):
        assert not special.intersection(ids), text


@pytest.mark.parametrize(
    "kind", ["bpe without <", "bpe with <", "bpe whole words", "bpe whole words, no normalizer", "unigram"]
)
def test_spelled_names_come_back_as_they_were(tmp_path: Path, kind: str) -> None:
    value = KINDS[kind] | ({"decoder": {"type": "ByteFallback"}} if KINDS[kind]["decoder"] is None else {})
    encoder = load_encoder(write(tmp_path, value), "</s>", backend="tokenizers")
    for text, ids in zip(SPELLED, each(encoder, SPELLED), strict=True):
        decoded = encoder.reference.decode(ids).replace("▁", " ")
        assert decoded.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_engine_that_takes_them_otherwise_is_refused_or_gives_the_same(tmp_path: Path, kind: str, backend: str) -> None:
    if backend == "gigatoken":
        pytest.importorskip("gigatoken", reason="an extra")
    path = write(tmp_path, KINDS[kind])
    try:
        encoder = load_encoder(path, "</s>", backend=backend)
    except ConfigError as error:
        assert "Use the slow backend 'tokenizers'" in str(error)
        return
    assert each(encoder, SPELLED) == each(load_encoder(path, "</s>", backend="tokenizers"), SPELLED)


def test_unknown_text_is_still_the_unknown_token(tmp_path: Path) -> None:
    encoder = load_encoder(write(tmp_path, KINDS["wordpiece"]), "</s>", backend="tokenizers")
    assert encoder.vocabulary.unknown_id == 0
    assert each(encoder, ["漢", "ab", "[UNK]"]) == [[0], [9, 10], [0]]


@pytest.mark.parametrize("flag", ["lstrip", "rstrip", "normalized", "single_word"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_flags_of_special_tokens_take_nothing_from_the_text(tmp_path: Path, flag: str, backend: str) -> None:
    if backend == "gigatoken":
        pytest.importorskip("gigatoken", reason="an extra")
    value = json.loads(tiny_tokenizer(tmp_path / "t.json").read_text())
    for entry in value["added_tokens"]:
        entry[flag] = True
    encoder = load_encoder(write(tmp_path, {**value, "added_tokens": value["added_tokens"][:2]}), backend=backend)
    texts = ["a  <|endoftext|>  b", "<|im_start|>", "x<|im_start|>x ", "\n<|endoftext|>\n"]
    for text, ids in zip(texts, each(encoder, texts), strict=True):
        assert encoder.reference.decode(ids) == text
        assert not {0, 1}.intersection(ids)


@settings(max_examples=100, deadline=None)
@given(text=st.lists(st.sampled_from([*SPELLED, "a", " ", "<", "s>", "▁", "漢"])).map("".join))
def test_any_mix_of_spelled_names_is_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    for kind in ("bpe without <", "unigram"):
        path = folder / f"{kind[:3]}.json"
        if not path.exists():
            path.write_text(json.dumps(KINDS[kind]))
        encoder = load_encoder(path, "</s>", backend="tokenizers")
        (ids,) = each(encoder, [text])
        assert not set(encoder.vocabulary.special_ids).intersection(ids)


def test_special_id_that_comes_all_the_same_fails_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Encoder.encode

    def wrong(self: Encoder, texts: list[str]) -> Encoded:
        ids, offsets = whole(self, texts)
        return Encoded(np.where(np.arange(len(ids)) == offsets[1] + 1, np.uint32(1), ids), offsets)

    monkeypatch.setattr(Encoder, "encode", wrong)
    rows = [{"id": "first", "text": "aaaa"}, {"id": "second", "text": "bbbb"}]
    tokens = Tokenize(reads=Rows({"s": rows}), tokenizer=tiny_tokenizer(tmp_path / "t.json"))
    with pytest.raises(
        DataError, match=r"document 'second' has id 1 at token 1, which is a special token\. No text may"
    ):
        finish(tokens, tmp_path / "out")


def test_end_token_that_stands_for_the_unknown_is_refused_by_document(tmp_path: Path) -> None:
    value = bpe(byte_fallback=False, unk_token="</s>")
    tokens = Tokenize(
        reads=Rows({"s": [{"id": "odd", "text": "a漢"}]}),
        tokenizer=write(tmp_path, value),
        backend="tokenizers",
        eos="</s>",
    )
    with pytest.raises(DataError, match=r"document 'odd' has id 2 at token \d; .* Plain text must not make it"):
        finish(tokens, tmp_path / "out")


def test_shard_of_spelled_names_holds_one_end_each(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": text} for number, text in enumerate(SPELLED)]
    tokens = Tokenize(
        reads=Rows({"s": rows}), tokenizer=write(tmp_path, bpe()), backend="tokenizers", eos="</s>", bos="<s>"
    )
    finish(tokens, tmp_path / "out")
    found = documents(tmp_path / "out", "shard-00000")
    assert len(found) == len(SPELLED)
    assert all((ids[0], ids[-1], ids.count(1), ids.count(2)) == (1, 2, 1, 1) for ids in found)
