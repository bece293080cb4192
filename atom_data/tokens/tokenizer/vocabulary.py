"""A tokenizer as data: what is in it, which tokens are around a document, and what its ids fit into."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from atom_data.errors import ConfigError
from atom_data.tokens.tokenizer.definition import Definition, read_definition
from atom_data.tokens.tokenizer.plain import plain_page, special_names, unknown_name
from atom_data.tokens.tokenizer.structure import LARGEST, check_structure

END_OF_DOCUMENT = ("<|endoftext|>", "</s>", "<|end_of_text|>")
"""Tried in this order where the recipe names no token."""

UINT16_BELOW = 65_500
"""Ids are stored in two bytes only for vocabularies smaller than this.

Megatron's `DType.optimal_dtype` draws the line at 65,500, its `GPTDatasetConfig` and others at 65,536: between the two
they disagree with each other, so between the two ids take four bytes.
"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A tokenizer and what follows from it. `definition` is the tokenizer.json that all encoders are built from."""

    file: str
    sha256: str
    eos: str
    eos_id: int
    bos: str | None
    """The token that begins every document, where there is one."""
    bos_id: int | None
    size: int
    """The largest id plus one: every id is below it."""
    definition: str
    plain: str
    """The same for documents: no text can make a special token of it by spelling its name."""
    ordinary: tuple[tuple[str, int], ...]
    """Added tokens that are not special, with their ids: text that spells one becomes it."""
    special_names: tuple[str, ...]
    special_ids: tuple[int, ...]
    """Ids that no text may make, in order."""
    unknown_id: int | None
    """What stands for text that the vocabulary does not know."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Little-endian type of the stored ids."""
        return stored_dtype(self.size)


def load_vocabulary(
    path: Path, eos: str | None = None, *, bos: str | None = None, encoding: str | None = None, checked: bool = False
) -> Vocabulary:
    """Read a tokenizer. ConfigError when there is none, it is random (BPE dropout), or has no token `eos` or `bos`.

    `path` is a tokenizer.json, a .tiktoken file with its `encoding`, or a folder that holds a tokenizer. Where `eos` is
    None the usual names are tried, then what the folder's tokenizer_config.json names: that of a chat model ends a turn.

    Truncation and padding written in the file are taken out: they would cut documents in silence. The tokens around a
    document are marked special, so that all encoders take text that spells them for ordinary text. With `checked` it is
    known that the file's parts fit together.
    """
    definition = read_definition(path, encoding)
    page = definition.page
    model = page.get("model")
    if not isinstance(model, dict) or "vocab" not in model:
        raise ConfigError(f"{path}: holds no tokenizer: it has no model with a vocabulary. Give a tokenizer.json.")
    if model.get("dropout"):
        raise ConfigError(
            f"{path}: its BPE dropout is {model['dropout']}, so the same text gives other ids each time. Set it to null."
        )
    if path.suffix != ".tiktoken" and not checked:  # what was made of ranks is whole, and has half a million merges
        check_structure(str(path), page)
    added = page.get("added_tokens") or []
    ends = (eos,) if eos is not None else _usual_ends(definition)
    end = _special(path, added, ends, "eos", "to end a document with")
    begin = _special(path, added, (bos,), "bos", "to begin a document with") if bos is not None else None
    if begin is end:
        raise ConfigError(f"{path}: '{bos}' cannot both begin and end a document. Name two tokens, or eos alone.")
    for entry in filter(None, (end, begin)):
        entry["special"] = True
    names, unknown = special_names(page), unknown_name(page)
    unknown_id = names.get(unknown) if unknown is not None else None
    page["truncation"] = page["padding"] = None
    definition_text, plain = json.dumps(page, ensure_ascii=False), plain_page(page)
    return Vocabulary(
        file=path.name,
        sha256=definition.sha256,
        eos=end["content"],
        eos_id=end["id"],
        bos=begin["content"] if begin else None,
        bos_id=begin["id"] if begin else None,
        size=1 + max(_ids(model["vocab"], added)),
        definition=definition_text,
        plain=definition_text if plain is page else json.dumps(plain, ensure_ascii=False),
        ordinary=tuple((entry["content"], entry["id"]) for entry in added if entry["content"] not in names),
        special_names=tuple(sorted(names)),
        special_ids=tuple(sorted({*names.values()} - ({unknown_id} - {end["id"], begin["id"] if begin else None}))),
        unknown_id=unknown_id,
    )


def stored_dtype(size: int) -> np.dtype[Any]:
    """Return the little-endian type in which ids below `size` are stored. ConfigError when they fit into none."""
    if size > LARGEST:
        raise ConfigError(
            f"a vocabulary of {size:,} ids: Megatron's index has no type for ids from {LARGEST:,} on. Take another tokenizer."
        )
    return np.dtype("<u2" if size < UINT16_BELOW else "<u4")


def _usual_ends(definition: Definition) -> tuple[str, ...]:
    """Return the names that are tried: where the folder names one that usually ends documents, that one comes first."""
    named = definition.end
    if named in END_OF_DOCUMENT:
        return (named, *END_OF_DOCUMENT)
    return (*END_OF_DOCUMENT, *filter(None, [named]))


def _special(path: Path, added: list[dict[str, Any]], wanted: Sequence[str], key: str, what: str) -> dict[str, Any]:
    for name in wanted:
        for entry in added:
            if entry["content"] == name:
                return entry
    special = [entry["content"] for entry in added if entry.get("special")]
    there = ", ".join(special[:20]) + (f" and {len(special) - 20} more" if len(special) > 20 else "")
    raise ConfigError(
        f"{path}: there is no token {' or '.join(wanted)} {what}; special tokens there: {there or 'none'}. "
        f"Name one of them as {key}."
    )


def _ids(vocabulary: dict[str, int] | list[Any], added: list[dict[str, Any]]) -> list[int]:
    known = list(vocabulary.values()) if isinstance(vocabulary, dict) else list(range(len(vocabulary)))
    return known + [entry["id"] for entry in added]
