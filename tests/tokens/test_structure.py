"""A tokenizer.json that is not whole is refused in a sentence, whatever reads it afterwards."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from atom_data.errors import AtomDataError, ConfigError
from atom_data.tokens.tokenizer import definition
from atom_data.tokens.tokenizer.encode import load_encoder
from atom_data.tokens.tokenizer.vocabulary import load_vocabulary
from tests.tokens.corpus import tiny_tokenizer

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(tiny_tokenizer(tmp_path_factory.mktemp("good") / "t.json").read_text())
    return found


def changed(page: dict[str, Any], change: Change) -> dict[str, Any]:
    made = copy.deepcopy(page)
    change(made)
    return made


def added(**entry: object) -> Change:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    return lambda page: page["added_tokens"].append(flags | entry)


def vocab(**pieces: object) -> Change:
    return lambda page: page["model"]["vocab"].update(pieces)


def merge(*merges: object) -> Change:
    return lambda page: page["model"]["merges"].extend(merges)


def model(**parts: object) -> Change:
    return lambda page: page["model"].update(parts)


def unigram(pieces: object) -> Change:
    return lambda page: page.update(model={"type": "Unigram", "unk_id": 0, "vocab": pieces})


WRONG: list[tuple[Change, str]] = [
    (model(type=3), "its model is of type 3"),
    (model(vocab=[]), "its vocabulary is not an object that maps tokens to ids"),
    (model(vocab="x"), "its vocabulary is not an object"),
    (vocab(a=1.5), r"the id of token 'a' is 1\.5, no whole number from 0 to 2\*\*31 - 1"),
    (vocab(a=-1), "the id of token 'a' is -1"),
    (vocab(a=True), "the id of token 'a' is True"),
    (vocab(a="7"), "the id of token 'a' is '7'"),
    (vocab(a=2**33), "the id of token 'a' is 8589934592"),
    (vocab(zzz=17), r"the tokens '.*' and 'zzz' have one id, 17"),
    (vocab(zzz=2**31 - 2), r"its ids go up to 2,147,483,646 for \d+ tokens"),
    (model(merges=None), "its BPE model has no list of merges"),
    (model(merges="a b"), "has no list of merges"),
    (merge(3), r"merge \d+ is 3, not two tokens"),
    (merge(["a", "b", "c"]), r"merge \d+ is \['a', 'b', 'c'\], not two tokens"),
    (merge(["zq", "a"]), r"merge \d+, .* names 'zq', which is not a token"),
    (merge("z q"), r"merge \d+, 'z q', names 'zq', which is not a token"),
    (model(continuing_subword_prefix="##"), r"merge 1: .* does not begin with the prefix '##'"),
    (lambda page: page.update(added_tokens="x"), "added_tokens is not a list"),
    (lambda page: page.update(added_tokens=[3]), "the added token 3 has no content"),
    (added(id=364), "has no content"),
    (added(id=364, content=""), "has no content"),
    (added(content="<x>"), "the id of the added token '<x>' is None"),
    (added(id="7", content="<x>"), "the id of the added token '<x>' is '7'"),
    (added(id=17, content="<x>"), r"the added token '<x>' has id 17, which is that of '.*'"),
    (added(id=0, content="<x>", special=True), r"'<x>' has id 0, which is that of '<\|endoftext\|>'"),
    (added(id=900, content="<|im_start|>"), r"'<\|im_start\|>' has id 900, and another one elsewhere"),
    (added(id=5_000, content="<x>"), r"'<x>' has id 5,000, and tokenizers gives it 364: the ids before it have a gap"),
    (unigram([["a", "b"]]), r"its vocabulary is not a list of \[token, score\]"),
    (unigram({"a": 0}), "its vocabulary is not a list"),
    (unigram([["a", 1e999]]), "is not JSON"),
    (lambda page: page.update(normalizer={"type": "Nope"}), "cannot use this tokenizer"),
    (lambda page: page.update(pre_tokenizer=3), "cannot use this tokenizer"),
    (lambda page: page.update(decoder=[]), "cannot use this tokenizer"),
    (lambda page: page.update(version="9.0"), "Unknown tokenizer version"),
    (vocab(**{"\ud800": 399}), "cannot use this tokenizer"),
]


@pytest.mark.parametrize("backend", ["fastokens", "tokenizers"])
@pytest.mark.parametrize(("change", "says"), WRONG)
def test_what_is_not_whole_is_said(
    tmp_path: Path, good: dict[str, Any], change: Change, says: str, backend: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(changed(good, change)))
    with pytest.raises(ConfigError, match=says):
        load_encoder(path, backend=backend)
    assert "panicked" not in capfd.readouterr().err


@settings(max_examples=60, deadline=None)
@given(cut=st.floats(0, 1), data=st.data())
def test_any_cut_or_changed_byte_is_a_sentence_or_a_tokenizer(
    tmp_path_factory: pytest.TempPathFactory, good: dict[str, Any], cut: float, data: st.DataObject
) -> None:
    raw = bytearray(json.dumps(good).encode())
    place = int(cut * (len(raw) - 1))
    if data.draw(st.booleans()):
        del raw[place:]
    else:
        raw[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "mutilated.json"
    path.write_bytes(raw)
    try:
        load_encoder(path, backend="tokenizers")
    except AtomDataError as error:
        assert str(error).count("mutilated.json")


def test_deeply_nested_and_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("[" * 200_000)
    with pytest.raises(ConfigError, match="is not JSON"):
        load_vocabulary(path)
    monkeypatch.setattr(definition, "LARGEST_FILE", 1_000)
    with pytest.raises(ConfigError, match=r"200,000 bytes, and a tokenizer has at most 1,000"):
        load_vocabulary(path)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("{", r"tokenizer_config\.json: is not JSON"),
        ('{"eos_token": 3}', r"tokenizer_config\.json: eos_token is 3\. Give the name of a token there, or none"),
        ('{"eos_token": ["</s>"]}', "eos_token is"),
    ],
)
def test_configuration_that_names_no_token_is_refused(tmp_path: Path, config: str, says: str) -> None:
    tiny_tokenizer(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer_config.json").write_text(config)
    with pytest.raises(ConfigError, match=says):
        load_vocabulary(tmp_path)


def test_configuration_settles_which_of_two_usual_ends_it_is(tmp_path: Path, good: dict[str, Any]) -> None:
    page = changed(good, added(id=364, content="</s>", special=True))
    page["added_tokens"] = sorted(page["added_tokens"], key=lambda entry: entry["id"])
    page["added_tokens"][-1]["id"] = max(page["model"]["vocab"].values()) + 2
    (tmp_path / "tokenizer.json").write_text(json.dumps(page))
    assert load_vocabulary(tmp_path).eos == "<|endoftext|>"
    for named in ("</s>", {"content": "</s>", "special": True}):
        (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": named}))
        assert load_vocabulary(tmp_path).eos == "</s>"
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|im_start|>"}))
    assert load_vocabulary(tmp_path).eos == "<|endoftext|>", "that of a chat model ends a turn"
