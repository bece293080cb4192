"""A tokenizer.json as data: what is in it, which token ends a document, and what its ids fit into."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from atom_data.errors import ConfigError

END_OF_DOCUMENT = ("<|endoftext|>", "</s>", "<|end_of_text|>")
"""Tried in this order where the recipe names no token."""

UINT16_BELOW = 65_500
"""Ids are stored in two bytes only for vocabularies smaller than this.

Megatron's `DType.optimal_dtype` draws the line at 65,500, its `GPTDatasetConfig` and others at 65,536: between the two
they disagree with each other, so between the two ids take four bytes.
"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A tokenizer.json and what follows from it. `definition` is the JSON that both encoders are built from."""

    file: str
    sha256: str
    eos: str
    eos_id: int
    size: int
    """The largest id plus one: every id is below it."""
    definition: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """Little-endian type of the stored ids."""
        return np.dtype("<u2" if self.size < UINT16_BELOW else "<u4")


def load_vocabulary(path: Path, eos: str | None = None) -> Vocabulary:
    """Read a tokenizer.json. ConfigError when it is none, is random (BPE dropout), or has no token `eos`.

    Truncation and padding written in the file are taken out: they would cut documents in silence. The end token is
    marked special, so that both encoders take text that spells it for ordinary text.
    """
    try:
        raw = path.read_bytes()
        definition = json.loads(raw)
    except OSError as error:
        what = (error.strerror or "input/output error").lower()
        raise ConfigError(f"{path}: cannot be read ({what}). Give the path of a tokenizer.json.") from error
    except ValueError as error:
        raise ConfigError(f"{path}: is no JSON ({error}). Give the path of a tokenizer.json.") from error
    model = definition.get("model") if isinstance(definition, dict) else None
    if not isinstance(model, dict) or "vocab" not in model:
        raise ConfigError(f"{path}: holds no tokenizer: it has no model with a vocabulary. Give a tokenizer.json.")
    if model.get("dropout"):
        raise ConfigError(
            f"{path}: its BPE dropout is {model['dropout']}, so the same text gives other ids each time. Set it to null."
        )
    added = definition.get("added_tokens") or []
    end = _end_of_document(path, added, eos)
    end["special"] = True
    definition["truncation"] = definition["padding"] = None
    return Vocabulary(
        file=path.name,
        sha256=hashlib.sha256(raw).hexdigest(),
        eos=end["content"],
        eos_id=end["id"],
        size=1 + max(_ids(model["vocab"], added)),
        definition=json.dumps(definition, ensure_ascii=False),
    )


def _end_of_document(path: Path, added: list[dict[str, Any]], eos: str | None) -> dict[str, Any]:
    wanted = END_OF_DOCUMENT if eos is None else (eos,)
    for name in wanted:
        for entry in added:
            if entry["content"] == name:
                return entry
    special = [entry["content"] for entry in added if entry.get("special")]
    there = ", ".join(special[:20]) + (f" and {len(special) - 20} more" if len(special) > 20 else "")
    raise ConfigError(
        f"{path}: there is no token {' or '.join(wanted)} to end a document with; special tokens there: {there or 'none'}. "
        "Name one of them as eos."
    )


def _ids(vocabulary: dict[str, int] | list[Any], added: list[dict[str, Any]]) -> list[int]:
    known = list(vocabulary.values()) if isinstance(vocabulary, dict) else list(range(len(vocabulary)))
    return known + [entry["id"] for entry in added]
