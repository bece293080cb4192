"""A tokenizer as documents meet it: one to which the names of its special tokens are ordinary text.

Engines have a switch that leaves special tokens in text alone, but it is for the added tokens only. Where the model's own
vocabulary holds the name, as SentencePiece's, BERT's and GPT-2's do, a text that spells it may become the special token by
another way: whole words and Unigram pieces are looked up by name, and some engines try what is not in the vocabulary
letter by letter as a whole. So the names are taken out of the model, and the ids stay.
"""

import copy
import re
from typing import Any

from atom_data.tokens.tokenizer.structure import pieces_of

MARK = "\U0010ffff"
"""A noncharacter (Unicode 16, section 23.7) around the names that stand for special tokens in the model."""
BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")
"""SentencePiece's name of a byte that has no letter."""
CUT_BYTES = {
    "type": "Split",
    "pattern": {"Regex": "<(?=0x[0-9A-Fa-f]{2}>)"},
    "behavior": "Isolated",
    "invert": False,
}
"""Cuts a text that spells the name of a byte, so that no lookup finds the whole of it."""


def special_names(page: dict[str, Any]) -> dict[str, int]:
    """Return the tokens that no text may make, with their ids: special ones, those of templates and padding, and unknown."""
    pieces = pieces_of(page["model"]) or {}
    added = page.get("added_tokens") or []
    found = {entry["content"]: entry["id"] for entry in added if entry.get("special")}
    named = {*_template_names(page.get("post_processor")), unknown_name(page)}
    return {**found, **{name: pieces[name] for name in sorted(filter(None, named)) if name in pieces}}


def unknown_name(page: dict[str, Any]) -> str | None:
    """Return the token that stands for what the vocabulary does not know; None where there is none."""
    model = page["model"]
    if model.get("type") == "Unigram":
        number, vocabulary = model.get("unk_id"), model["vocab"]
        is_there = isinstance(number, int) and isinstance(vocabulary, list) and 0 <= number < len(vocabulary)
        return str(vocabulary[number][0]) if is_there else None
    default = {"WordPiece": "[UNK]", "WordLevel": "<unk>"}.get(model.get("type"))
    name = model.get("unk_token", default)
    return name if isinstance(name, str) else None


def plain_page(page: dict[str, Any]) -> dict[str, Any]:
    """Return the tokenizer.json with the names of its special tokens out of reach of any text; ids are the same.

    The page itself is returned where its model holds none of them.
    """
    model, pieces = page["model"], pieces_of(page["model"]) or {}
    special = special_names(page)
    ids = {*special.values()}
    names = {name: f"{MARK}{name}{MARK}" for name, number in pieces.items() if name in special or number in ids}
    cuts = _reads_bytes_by_name(model) and any(BYTE.fullmatch(piece) for piece in pieces)
    if not names and not cuts:
        return page
    made = {**page, "model": {**model, "vocab": _renamed(model["vocab"], names)}}
    made["added_tokens"] = [entry for entry in page.get("added_tokens") or [] if entry["content"] not in names]
    if isinstance(model.get("unk_token"), str):
        made["model"]["unk_token"] = names.get(model["unk_token"], model["unk_token"])
    elif unknown_name(page) in names and model.get("type") in ("WordPiece", "WordLevel"):
        made["model"]["unk_token"] = names[str(unknown_name(page))]
    if isinstance(model.get("merges"), list):
        made["model"]["merges"] = [merge for merge in model["merges"] if not _makes(merge, names)]
    if names:
        made["post_processor"] = None  # it puts special tokens around texts, which is done without it
    if cuts:
        before = page.get("pre_tokenizer")
        made["pre_tokenizer"] = {
            "type": "Sequence",
            "pretokenizers": [*([before] if before else []), copy.deepcopy(CUT_BYTES)],
        }
    return made


def _reads_bytes_by_name(model: dict[str, Any]) -> bool:
    """Tell whether a model looks up whole stretches of text in a vocabulary that may hold names of bytes."""
    return bool(model.get("byte_fallback")) and (model.get("type") == "Unigram" or bool(model.get("ignore_merges")))


def _renamed(vocabulary: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 - an object or a list of pairs
    if isinstance(vocabulary, dict):
        return {names.get(piece, piece): number for piece, number in vocabulary.items()}
    return [[names.get(piece, piece), score] for piece, score in vocabulary]


def _makes(merge: Any, names: dict[str, str]) -> bool:  # noqa: ANN401
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return not names.keys().isdisjoint((left, right, left + right))


def _template_names(template: object) -> set[str]:
    """Return the tokens that a post-processor puts around texts: those of BERT, RoBERTa, and templates."""
    if not isinstance(template, dict):
        return set()
    found = {value[0] for key in ("sep", "cls") if isinstance(value := template.get(key), list) and value}
    special = template.get("special_tokens")
    found |= set(special) if isinstance(special, dict) else set()
    for part in template.get("processors") or []:
        found |= _template_names(part)
    return {name for name in found if isinstance(name, str)}
