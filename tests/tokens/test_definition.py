"""Tokenizers from ranks and folders give the ids of the tools that they come from."""

import base64
import json
from itertools import pairwise
from pathlib import Path

import pytest
import tiktoken
import tokenizers
from hypothesis import HealthCheck, given, settings, strategies as st

from atom_data.errors import ConfigError
from atom_data.tokens.tokenizer import ranks
from atom_data.tokens.tokenizer.definition import read_definition
from atom_data.tokens.tokenizer.encode import Encoder, load_encoder
from atom_data.tokens.tokenizer.vocabulary import load_vocabulary
from tests.tokens.corpus import tiny_tokenizer
from tests.tokens.vocabularies import needs_vocabularies, vocabularies

END = "<|endoftext|>"
HOSTILE = [
    *("a" * count for count in range(40)),
    *(" " * count for count in range(90)),
    *("\n" * count + "x" for count in range(20)),
    *("=-" * count for count in range(20)),
    "ſ's it'ſ IT'LL 'danglings",
    f"{END} <|fim_prefix|>",
    "\0\0\x7f",
    "e\u0301\u0302" * 9,
    "漢字かな交じり文" * 9,
    "👩‍👩‍👧 \u2028\u3000\u00a0",
    "12345 678901234",
    "\r\n\r\n \t x\r",
    "aaaaab" * 9,
    "\\ud800 \\ud83d",
]


def write_ranks(path: Path, tokens: dict[bytes, int]) -> Path:
    path.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in tokens.items()))
    return path


def grown(text: str, count: int) -> dict[bytes, int]:
    """Return ranks of all bytes and `count` merges learned from a text in the plainest way."""
    tokens = {bytes([byte]): byte for byte in range(256)}
    parts = [bytes([byte]) for byte in text.encode()]
    while len(tokens) < 256 + count:
        pairs = [a + b for a, b in pairwise(parts) if a + b not in tokens]
        best = max(sorted(set(pairs)), key=pairs.count)
        tokens[best] = len(tokens)
        merged: list[bytes] = []
        for part in parts:
            if merged and merged[-1] + part == best:
                merged[-1] = best
            else:
                merged.append(part)
        parts = merged
    return tokens


TEXT = "the river carried the boats past the old mill and aaaa aaaaaaa the children counted 漢字漢字漢" * 2
GROWN = grown(TEXT, 60)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Encoder, tiktoken.Encoding]:
    """An encoder from ranks of our own in cl100k's manner, and tiktoken with the same."""
    path = write_ranks(tmp_path_factory.mktemp("ranks") / "small.tiktoken", GROWN)
    special = {END: len(GROWN) + 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ranks.ENCODINGS, "small", ranks.Encoding(ranks.CL100K, len(GROWN), special))
        encoder = load_encoder(path, encoding="small")
    return encoder, tiktoken.Encoding(
        "small", pat_str=ranks.CL100K, mergeable_ranks=GROWN, special_tokens=special, explicit_n_vocab=None
    )


def ids_of(encoder: Encoder, texts: list[str]) -> list[list[int]]:
    ids, offsets = encoder.encode(texts)
    return [ids[start:stop].tolist() for start, stop in pairwise(offsets)]


def test_ranks_give_the_ids_of_tiktoken(small: tuple[Encoder, tiktoken.Encoding]) -> None:
    encoder, theirs = small
    texts = [*HOSTILE, TEXT]
    assert ids_of(encoder, texts) == [theirs.encode_ordinary(text) for text in texts]
    assert encoder.vocabulary.eos_id == len(GROWN) + 1
    assert encoder.reference.decodes


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.one_of(st.text(), st.text(alphabet="a the漢 \n'", max_size=60)))
def test_ranks_any_text_gives_the_ids_of_tiktoken(small: tuple[Encoder, tiktoken.Encoding], text: str) -> None:
    encoder, theirs = small
    assert ids_of(encoder, [text]) == [theirs.encode_ordinary(text)]
    assert encoder.reference.encode(text) == theirs.encode_ordinary(text)


def test_byte_letters_are_those_of_tokenizers() -> None:
    assert sorted(ranks.byte_letters()) == sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for text in ("\0 \n~\x7f", "¡¬®ÿ", "漢字", "\u00ad\u0085"):
        (piece,) = [piece for piece, _ in level.pre_tokenize_str(text)]
        assert "".join(ranks.byte_letters()[byte] for byte in text.encode()) == piece


@pytest.mark.parametrize(
    ("encoding", "says"),
    [
        (None, r"ranks need their encoding, and none is given; there are gpt2, r50k, p50k, cl100k, o200k\."),
        ("magic", "'magic' is none we know"),
        ("cl100k", "holds 316 ranks, and cl100k has 100,256. Name the encoding it belongs to"),
    ],
)
def test_ranks_of_no_or_another_encoding_are_refused(tmp_path: Path, encoding: str | None, says: str) -> None:
    path = write_ranks(tmp_path / "x.tiktoken", GROWN)
    with pytest.raises(ConfigError, match=says):
        load_vocabulary(path, encoding=encoding)


@pytest.mark.parametrize("line", [b"no base64!! 3", b"YQ==", b"YQ== x", b"\xff\xfe 1"])
def test_ranks_line_that_is_none_names_the_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "x.tiktoken"
    path.write_bytes(b"YQ== 0\n\n" + line)
    with pytest.raises(ConfigError, match=r"x\.tiktoken, line 3: .* is not a token in base64 and its rank"):
        load_vocabulary(path, encoding="gpt2")


def test_encoding_beside_a_tokenizer_json_is_refused(tmp_path: Path) -> None:
    path = tiny_tokenizer(tmp_path / "t.json")
    with pytest.raises(ConfigError, match=r"encoding 'gpt2' goes with a \.tiktoken file alone"):
        load_vocabulary(path, encoding="gpt2")


def test_folder_with_a_tokenizer_json_is_that_tokenizer(tmp_path: Path) -> None:
    path = tiny_tokenizer(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": {"content": "<|im_start|>"}}))
    assert load_vocabulary(tmp_path).sha256 == load_vocabulary(path).sha256
    assert load_vocabulary(tmp_path).eos == END


def test_folder_end_token_of_its_configuration_is_the_last_resort(tmp_path: Path) -> None:
    page = json.loads(tiny_tokenizer(tmp_path / "tokenizer.json").read_text())
    page["added_tokens"][0]["content"] = "<eos>"
    (tmp_path / "tokenizer.json").write_text(json.dumps(page))
    with pytest.raises(ConfigError, match=r"no token <\|endoftext\|> or </s> or <\|end_of_text\|> to end"):
        load_vocabulary(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<eos>"}))
    assert load_vocabulary(tmp_path).eos == "<eos>"


@pytest.mark.parametrize("names", [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")])
def test_folder_of_vocabulary_and_merges_gives_the_same_ids(tmp_path: Path, names: tuple[str, str]) -> None:
    source = tiny_tokenizer(tmp_path / "source.json")
    model = json.loads(source.read_text())["model"]
    (tmp_path / names[0]).write_text(json.dumps(model["vocab"]))
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (tmp_path / names[1]).write_text("\n".join(["#version: 0.2", *merges, ""]))
    encoder = load_encoder(tmp_path)
    assert ids_of(encoder, HOSTILE) == ids_of(load_encoder(source), HOSTILE)
    assert encoder.vocabulary.eos == END


def test_folder_merges_of_another_vocabulary_are_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text(json.dumps({"a": 0, "b": 1, END: 2}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b\n")
    with pytest.raises(ConfigError, match=r"merges\.txt: 'a b' is not a merge of two tokens into one of vocab\.json"):
        load_vocabulary(tmp_path)


def test_folder_without_a_tokenizer_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ConfigError, match=r"holds no tokenizer; there is model\.safetensors\. Give a folder with"):
        load_vocabulary(tmp_path)


def test_hash_of_ranks_counts_the_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_ranks(tmp_path / "x.tiktoken", GROWN)
    for name, split in (("one", ranks.CL100K), ("two", ranks.GPT2)):
        monkeypatch.setitem(ranks.ENCODINGS, name, ranks.Encoding(split, len(GROWN), {END: len(GROWN)}))
    assert read_definition(path, "one").sha256 != read_definition(path, "two").sha256


@needs_vocabularies
def test_ranks_of_gpt2_are_its_own_vocabulary_and_merges() -> None:
    ours = load_encoder(vocabularies() / "tiktoken-ranks" / "r50k_base.tiktoken", encoding="gpt2")
    theirs = load_encoder(vocabularies() / "gpt2")
    assert ids_of(ours, HOSTILE) == ids_of(theirs, HOSTILE)
    assert (ours.vocabulary.size, ours.vocabulary.eos_id) == (50_257, 50_256)
    assert ours.vocabulary.dtype.name == "uint16"


@needs_vocabularies
@pytest.mark.parametrize(("encoding", "size"), [("p50k", 50_281), ("cl100k", 100_277)])
def test_ranks_of_openai_give_the_ids_of_tiktoken(encoding: str, size: int) -> None:
    path = vocabularies() / "tiktoken-ranks" / f"{encoding}_base.tiktoken"
    tokens = {base64.b64decode(line.split()[0]): int(line.split()[1]) for line in path.read_bytes().splitlines()}
    gpt2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    known = ranks.ENCODINGS[encoding]
    theirs = tiktoken.Encoding(
        encoding, pat_str=known.split or gpt2, mergeable_ranks=tokens, special_tokens=known.special
    )
    encoder = load_encoder(path, encoding=encoding)
    assert ids_of(encoder, HOSTILE) == [theirs.encode_ordinary(text) for text in HOSTILE]
    assert encoder.vocabulary.size == size
