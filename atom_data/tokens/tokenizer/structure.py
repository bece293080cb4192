"""Whether a tokenizer.json is whole, before an engine sees it: what is wrong is said in a sentence, and no engine panics.

The rules are those that Hugging Face's `tokenizers` 0.23 reads such a file by (its `models/*/serialization.rs` and
`added_vocabulary.rs`); where that library would take another id than the file says, the file is refused.
"""

import math
from collections.abc import Iterable
from typing import Any

from atom_data.errors import ConfigError

LARGEST = 2**31
"""Four-byte ids are int32 to Megatron."""
GAPS = 1_000_000
"""So many ids may stand unused, and three for each that is used: an engine holds a table up to the largest id."""

Pieces = dict[str, int]


def check_structure(where: str, page: dict[str, Any]) -> None:
    """Raise ConfigError where vocabulary, merges or added tokens of a tokenizer.json do not fit together.

    A page without a model, or with a model of an unknown kind, is left to those that look for one.
    """
    model = page.get("model")
    if not isinstance(model, dict) or "vocab" not in model:
        return
    if not isinstance(model.get("type"), (str, type(None))):
        raise _wrong(where, f"its model is of type {model['type']!r:.40}")
    pieces = pieces_of(model)
    if pieces is None:
        kind = "a list of [token, score]" if model.get("type") == "Unigram" else "an object that maps tokens to ids"
        raise _wrong(where, f"its vocabulary is not {kind}")
    for piece, number in pieces.items():
        _check_id(where, f"token {piece!r:.60}", number)
    double = _double(pieces.items())
    if double is not None:
        raise _wrong(where, f"the tokens {double[0]!r:.60} and {double[1]!r:.60} have one id, {pieces[double[1]]}")
    if model.get("type") in (None, "BPE") and not isinstance(model["vocab"], list):
        _check_merges(where, model, pieces)
    _check_added(where, page.get("added_tokens"), pieces)
    ids = [*pieces.values(), *(entry["id"] for entry in page.get("added_tokens") or [])]
    if ids and max(ids) > 4 * len(ids) + GAPS:
        raise _wrong(where, f"its ids go up to {max(ids):,} for {len(ids):,} tokens")


def pieces_of(model: dict[str, Any]) -> Pieces | None:
    """Return the tokens of a model with their ids; None where its vocabulary is neither an object nor a list of pairs."""
    vocabulary, is_list = model["vocab"], model.get("type") == "Unigram"
    if isinstance(vocabulary, dict) and not is_list:
        return vocabulary
    if not isinstance(vocabulary, list) or not (is_list or model.get("type") not in KINDS):
        return None
    good = all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and _is_score(pair[1])
        for pair in vocabulary
    )
    return {pair[0]: number for number, pair in enumerate(vocabulary)} if good else None


KINDS = (None, "BPE", "WordPiece", "WordLevel")
"""Models whose vocabulary is an object."""


def _is_score(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _check_id(where: str, what: str, number: object) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < LARGEST:
        raise _wrong(where, f"the id of {what} is {number!r:.40}, no whole number from 0 to 2**31 - 1")


def _double(pairs: Iterable[tuple[str, int]]) -> tuple[str, str] | None:
    seen: dict[int, str] = {}
    for piece, number in pairs:
        if seen.setdefault(number, piece) != piece:
            return seen[number], piece
    return None


def _check_merges(where: str, model: dict[str, Any], pieces: Pieces) -> None:
    merges, prefix = model.get("merges"), model.get("continuing_subword_prefix") or ""
    if not isinstance(merges, list) or not isinstance(prefix, str):
        raise _wrong(where, "its BPE model has no list of merges")
    for number, merge in enumerate(merges, 1):
        parts = merge.split(" ") if isinstance(merge, str) else merge
        if isinstance(merge, str) and merge.startswith("#version"):
            continue
        if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(part, str) for part in parts):
            raise _wrong(where, f"merge {number:,} is {merge!r:.60}, not two tokens")
        left, right = parts
        if prefix and not right.startswith(prefix):
            raise _wrong(where, f"merge {number:,}: {right!r:.60} does not begin with the prefix {prefix!r:.20}")
        for piece in (left, right, left + right[len(prefix) :]):
            if piece not in pieces:
                raise _wrong(where, f"merge {number:,}, {merge!r:.60}, names {piece!r:.60}, which is not a token")


def _check_added(where: str, added: object, pieces: Pieces) -> None:
    if not isinstance(added, (list, type(None))):
        raise _wrong(where, "added_tokens is not a list")
    names, spelled = dict[int, str](), {number: piece for piece, number in pieces.items()}
    contents: Pieces = {}
    # A special token may have the id of a token of the model: no text makes either of them, see `plain`.
    for entry in added or []:
        if not isinstance(entry, dict) or not isinstance(entry.get("content"), str) or not entry["content"]:
            raise _wrong(where, f"the added token {entry!r:.80} has no content")
        _check_id(where, f"the added token {entry['content']!r:.60}", entry.get("id"))
        content, number = str(entry["content"]), int(entry["id"])
        other = names.get(number, spelled.get(number, content))
        if other != content and not (entry.get("special") is True and number not in names):
            raise _wrong(where, f"the added token {content!r:.60} has id {number}, which is that of {other!r:.60}")
        if contents.get(content, pieces.get(content, number)) != number:
            raise _wrong(where, f"the added token {content!r:.60} has id {number}, and another one elsewhere")
        names[number], contents[content] = content, number


def _wrong(where: str, what: str) -> ConfigError:
    return ConfigError(f"{where}: is not a whole tokenizer: {what}. Give the tokenizer.json as its maker wrote it.")
