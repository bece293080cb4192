"""What the check of a tokenizer came to is kept, and decides nothing that a check would not decide."""

import json
import logging
from pathlib import Path

import pytest

from atom_data.errors import ConfigError
from atom_data.tokens.tokenizer import encode
from atom_data.tokens.tokenizer.checked import Asked
from tests.tokens.corpus import tiny_tokenizer
from tests.tokens.test_losses import NO_UNKNOWN, bpe, write


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATOM_DATA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def asked(path: Path, eos: str | None = None, backend: str = "fastokens") -> Asked:
    return Asked(path, eos, backend, None, None)


def built(check: Asked) -> int:
    """Return how many encoders a check builds."""
    encode._encoder.cache_clear()
    encode._vocabulary.cache_clear()
    check.check()
    return encode._encoder.cache_info().misses


def records(cache: Path) -> list[Path]:
    return sorted(cache.rglob("checked.json"))


def test_the_same_files_are_checked_once(tmp_path: Path, cache: Path) -> None:
    path = tiny_tokenizer(tmp_path / "tokenizer.json")
    assert [built(asked(path)), built(asked(path))] == [1, 0]
    assert built(asked(path, "<|endoftext|>")) == 1, "the recipe names another end"
    assert built(asked(path, backend="tokenizers")) == 1, "another encoder"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=3))
    assert built(asked(path)) == 1, "another file"
    assert len(records(cache)) == 4


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"[1]", b"[null, null]", b"{}"])
def test_a_damaged_record_is_as_none(damage: bytes, tmp_path: Path, cache: Path) -> None:
    from atom_data.assets import keep

    path = tiny_tokenizer(tmp_path / "tokenizer.json")
    built(asked(path))
    (record,) = records(cache)
    good = record.read_bytes()
    record.write_bytes(damage)
    assert built(asked(path)) == 1
    assert record.read_bytes() == good
    keep(record, damage)
    assert built(asked(path)) == 1
    assert record.read_bytes() == good


def test_what_is_refused_is_refused_again(tmp_path: Path, cache: Path) -> None:
    path = tiny_tokenizer(tmp_path / "tokenizer.json")
    built(asked(path))
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"there is no token <none> to end a document with"):
            asked(path, "<none>").check()
    page = json.loads(path.read_text())
    page["model"]["merges"].append(["no", "such"])
    path.write_text(json.dumps(page))
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"names '.*', which is not a token"):
            asked(path).check()
        with pytest.raises(ConfigError, match=r"names '.*', which is not a token"):
            asked(path).encoder()
    path.unlink()
    with pytest.raises(ConfigError, match=r"cannot be read"):
        asked(path).check()
    assert len(records(cache)) == 1


def test_what_is_lost_is_said_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path, bpe("ab", **NO_UNKNOWN))
    texts = []
    for _ in range(2):
        encode.say.cache_clear()
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            Asked(path, "</s>", "tokenizers", None, None).check()
        texts.append(caplog.messages)
    assert texts[0] == texts[1]
    assert "this tokenizer loses text" in texts[0][0]


def test_a_checked_tokenizer_makes_the_same_ids(tmp_path: Path) -> None:
    path, texts = tiny_tokenizer(tmp_path / "tokenizer.json"), ["the mill", "<|endoftext|> is text", ""]
    first = asked(path).encoder().encode(texts)
    asked(path).check()
    encode._encoder.cache_clear()
    again = asked(path).encoder().encode(texts)
    assert first.ids.tolist() == again.ids.tolist()
    assert first.offsets.tolist() == again.offsets.tolist()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, cache: Path) -> None:
    cache.write_text("a file")
    path = tiny_tokenizer(tmp_path / "tokenizer.json")
    assert [built(asked(path)), built(asked(path))] == [1, 1]
