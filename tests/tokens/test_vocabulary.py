"""What a tokenizer.json must have, and what its ids fit into."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atom_data.errors import ConfigError
from atom_data.tokens.tokenizer.vocabulary import load_vocabulary
from tests.tokens.corpus import tiny_tokenizer


def definition(folder: Path, size: int = 300, **changes: object) -> Path:
    """Write a tokenizer.json with ids [0, size), the last of which ends a document."""
    page: dict[str, Any] = {
        "added_tokens": [{"id": size - 1, "content": "</s>", "special": True}],
        "model": {"type": "BPE", "vocab": {f"t{i}": i for i in range(size - 1)}, "merges": []},
    }
    page.update(changes)
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(page))
    return path


@pytest.mark.parametrize(
    ("size", "name"), [(300, "uint16"), (65_499, "uint16"), (65_500, "uint32"), (65_530, "uint32"), (100_000, "uint32")]
)
def test_dtype_two_bytes_only_where_all_readers_agree(tmp_path: Path, size: int, name: str) -> None:
    vocabulary = load_vocabulary(definition(tmp_path, size))
    assert (vocabulary.size, vocabulary.dtype.name) == (size, name)
    assert vocabulary.dtype.itemsize == np.dtype(name).itemsize


def test_size_is_by_the_largest_id_not_by_count(tmp_path: Path) -> None:
    added = [{"id": 70_000, "content": "<|endoftext|>", "special": True}]
    vocabulary = load_vocabulary(definition(tmp_path, 300, added_tokens=added))
    assert (vocabulary.size, vocabulary.dtype.name) == (70_001, "uint32")


def test_size_of_a_vocabulary_that_is_a_list(tmp_path: Path) -> None:
    model = {"type": "Unigram", "vocab": [["a", 0.0], ["b", -1.0]]}
    added = [{"id": 2, "content": "</s>", "special": True}]
    assert load_vocabulary(definition(tmp_path, model=model, added_tokens=added)).size == 3


def test_eos_usual_names_in_order(tmp_path: Path) -> None:
    names = ["</s>", "<|endoftext|>", "<|end_of_text|>"]
    added = [{"id": 300 + i, "content": name, "special": True} for i, name in enumerate(names)]
    path = definition(tmp_path, added_tokens=added)
    assert load_vocabulary(path).eos == "<|endoftext|>"
    named = load_vocabulary(path, "<|end_of_text|>")
    assert (named.eos, named.eos_id) == ("<|end_of_text|>", 302)


def test_eos_unknown_names_the_special_tokens(tmp_path: Path) -> None:
    path = tiny_tokenizer(tmp_path / "t.json")
    with pytest.raises(
        ConfigError, match=r"no token <eos> to end .*; special tokens there: <\|endoftext\|>, <\|im_start\|>\. Name one"
    ):
        load_vocabulary(path, "<eos>")
    with pytest.raises(ConfigError, match=r"special tokens there: none"):
        load_vocabulary(definition(tmp_path, added_tokens=[]))


def test_truncation_and_padding_are_taken_out(tmp_path: Path) -> None:
    path = definition(tmp_path, truncation={"max_length": 4}, padding={"length": 4})
    page = json.loads(load_vocabulary(path).definition)
    assert (page["truncation"], page["padding"]) == (None, None)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[1]", "holds no tokenizer"),
        ('{"model": {}}', "holds no tokenizer"),
        ('{"model": {"vocab": {}, "dropout": 0.1}}', "BPE dropout is 0.1"),
    ],
)
def test_file_that_is_no_tokenizer_is_refused(tmp_path: Path, content: str | None, says: str) -> None:
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=says):
        load_vocabulary(path)
