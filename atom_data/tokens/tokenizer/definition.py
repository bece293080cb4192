"""Where a tokenizer comes from: a tokenizer.json, a file of tiktoken's ranks, or a folder as model hubs lay it out."""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from atom_data.errors import ConfigError
from atom_data.identity import canonical
from atom_data.tokens.tokenizer.ranks import byte_level_definition, ranks_definition

PAIRS = (("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"))
"""GPT-2's vocabulary and merges, by the hub's names and by OpenAI's."""
LARGEST_FILE = 1 << 30
"""Bytes of a file; those of a vocabulary of 260,000 tokens have 35 MB."""
GIVE = "Give a tokenizer.json, a .tiktoken file, or a folder that holds a tokenizer"


class Definition(NamedTuple):
    """A tokenizer as the content of a tokenizer.json, and the hash of the files that it came from."""

    page: dict[str, Any]
    sha256: str
    end: str | None
    """The end token that a folder's tokenizer_config.json names."""


def definition_files(path: Path) -> tuple[Path, ...]:
    """Return the files that decide a tokenizer's ids. ConfigError when a folder holds none."""
    if not path.is_dir():
        return (path,)
    if (path / "tokenizer.json").is_file():
        return (path / "tokenizer.json",)
    for names in PAIRS:
        if all((path / name).is_file() for name in names):
            return tuple(path / name for name in names)
    there = ", ".join(sorted(item.name for item in path.iterdir())[:20]) or "nothing"
    raise ConfigError(
        f"{path}: holds no tokenizer; there is {there}. Give a folder with tokenizer.json, or vocab.json and merges.txt."
    )


def read_definition(path: Path, encoding: str | None = None) -> Definition:
    """Read a tokenizer from its file or folder, offline. ConfigError when there is none, or it cannot be read.

    `encoding` is what a .tiktoken file needs, and only that. The hash of one file is that of its bytes: a folder and
    the tokenizer.json in it are the same tokenizer.
    """
    files = definition_files(path)
    raw = [_bytes(file) for file in files]
    is_ranks = files[0].suffix == ".tiktoken"
    if encoding is not None and not is_ranks:
        raise ConfigError(f"{path}: encoding '{encoding}' goes with a .tiktoken file alone. Leave it out.")
    if is_ranks:
        page = ranks_definition(str(path), raw[0], encoding)
    elif len(files) == 2:
        page = _byte_level(files[0], raw[0], files[1], raw[1])
    else:
        page = _json(files[0], raw[0])
    hashes = [hashlib.sha256(content).hexdigest() for content in raw]
    alone = len(hashes) == 1 and not is_ranks
    sha256 = hashes[0] if alone else hashlib.sha256(canonical([encoding, hashes]).encode()).hexdigest()
    return Definition(page, sha256, configured_end(path))


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise ConfigError(f"{path}: {size:,} bytes, and a tokenizer has at most {LARGEST_FILE:,}. {GIVE}.")
        return path.read_bytes()
    except OSError as error:
        what = (error.strerror or "input/output error").lower()
        raise ConfigError(f"{path}: cannot be read ({what}). {GIVE}.") from error


def _json(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        page = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not JSON ({error}). {GIVE}.") from error
    if not isinstance(page, dict):
        raise ConfigError(f"{path}: holds no tokenizer: it is not a JSON object. {GIVE}.")
    return page


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def _byte_level(vocabulary_file: Path, raw: bytes, merges_file: Path, lines: bytes) -> dict[str, Any]:
    """Put GPT-2's two files together: its split, and its one special token, which ends a document."""
    vocabulary = _json(vocabulary_file, raw)
    if not all(isinstance(number, int) for number in vocabulary.values()):
        raise ConfigError(f"{vocabulary_file}: does not map tokens to ids. {GIVE}.")
    merges = [line.split(" ") for line in lines.decode("utf-8", "replace").split("\n") if line.strip()]
    merges = merges[1:] if merges and merges[0][0] == "#version:" else merges
    wrong = next((pair for pair in merges if len(pair) != 2 or "".join(pair) not in vocabulary), None)
    if wrong is not None:
        raise ConfigError(
            f"{merges_file}: {' '.join(wrong)[:40]!r} is not a merge of two tokens into one of {vocabulary_file.name}. "
            "Give files of one tokenizer."
        )
    special = {name: number for name, number in vocabulary.items() if name == "<|endoftext|>"}
    return byte_level_definition(vocabulary, merges, None, special, whole=False)


def configured_end(path: Path) -> str | None:
    """Return the end token that a folder's tokenizer_config.json names, or None."""
    file = path / "tokenizer_config.json"
    if not path.is_dir() or not file.is_file():
        return None
    end = _json(file, _bytes(file)).get("eos_token")
    named = end.get("content") if isinstance(end, dict) else end
    if not isinstance(named, (str, type(None))):
        raise ConfigError(f"{file}: eos_token is {named!r:.60}. Give the name of a token there, or none.")
    return named
