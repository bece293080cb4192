"""tiktoken's ranks as a tokenizer.json: the same ids from any encoder that reads one.

A `.tiktoken` file holds bytes and ranks alone. How text is split before merging, and which special tokens there are,
stands in the code of the encoding that it belongs to, so a recipe must say which one: `encoding="cl100k"`.
"""

import base64
import binascii
from typing import Any, NamedTuple

from atom_data.errors import ConfigError

GPT2 = None
"""GPT-2's split, which `tokenizers` and its kin know by the name ByteLevel."""
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{ENDING}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{ENDING}|\p{{N}}{{1,3}}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


class Encoding(NamedTuple):
    """What a file of ranks does not hold."""

    split: str | None
    """The regular expression that cuts a text before merging; None is GPT-2's."""
    ranks: int
    """How many ranks its file holds."""
    special: dict[str, int]


ENCODINGS = {
    "gpt2": Encoding(GPT2, 50_256, {"<|endoftext|>": 50_256}),
    "r50k": Encoding(GPT2, 50_256, {"<|endoftext|>": 50_256}),
    "p50k": Encoding(GPT2, 50_280, {"<|endoftext|>": 50_256}),
    "cl100k": Encoding(
        CL100K,
        100_256,
        {
            "<|endoftext|>": 100_257,
            "<|fim_prefix|>": 100_258,
            "<|fim_middle|>": 100_259,
            "<|fim_suffix|>": 100_260,
            "<|endofprompt|>": 100_276,
        },
    ),
    "o200k": Encoding(O200K, 199_998, {"<|endoftext|>": 199_999, "<|endofprompt|>": 200_018}),
}
"""OpenAI's encodings, as tiktoken_ext/openai_public.py of tiktoken 0.14 states them."""


def ranks_definition(where: str, raw: bytes, encoding: str | None) -> dict[str, Any]:
    """Return the tokenizer.json of a file of ranks. ConfigError when it is none, or not of that encoding.

    Every pair of tokens that gives a token may merge, in the order of what it gives: so tiktoken merges, which knows
    no pairs. A piece that is a token whole stays whole.
    """
    if encoding not in ENCODINGS:
        given = "none is given" if encoding is None else f"'{encoding}' is none we know"
        raise ConfigError(
            f"{where}: ranks need their encoding, and {given}; there are {', '.join(ENCODINGS)}. Name it as encoding."
        )
    known, ranks = ENCODINGS[encoding], _ranks(where, raw)
    if len(ranks) != known.ranks:
        raise ConfigError(
            f"{where}: holds {len(ranks):,} ranks, and {encoding} has {known.ranks:,}. Name the encoding it belongs to."
        )
    letters = byte_letters()
    spelled = {token: "".join([letters[byte] for byte in token]) for token in ranks}
    vocabulary = {spelled[token]: rank for token, rank in ranks.items()}
    # fastokens wants no gap below the last rank: p50k's end of text stands in the middle
    vocabulary |= {name: number for name, number in known.special.items() if number < max(ranks.values())}
    return byte_level_definition(vocabulary, _merges(ranks, spelled), known.split, known.special, whole=True)


def _ranks(where: str, raw: bytes) -> dict[bytes, int]:
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(raw.splitlines(), 1):
        if line.strip():
            try:
                token, rank = line.split()
                ranks[base64.b64decode(token, validate=True)] = int(rank)
            except (ValueError, binascii.Error) as error:
                raise ConfigError(
                    f"{where}, line {number}: {line[:40]!r} is not a token in base64 and its rank. Give a .tiktoken file."
                ) from error
    return ranks


def _merges(ranks: dict[bytes, int], spelled: dict[bytes, str]) -> list[list[str]]:
    """Return every pair of tokens that gives a token, in the order of its rank, then of the rank of the first part."""
    merges: list[list[str]] = []
    for token in sorted(ranks, key=ranks.__getitem__):
        parts = [(token[:at], token[at:]) for at in range(1, len(token))]
        pairs = sorted((ranks[a], a, b) for a, b in parts if a in ranks and b in ranks)
        merges += [[spelled[a], spelled[b]] for _, a, b in pairs]
    return merges


def byte_level_definition(
    vocabulary: dict[str, int], merges: list[list[str]], split: str | None, special: dict[str, int], whole: bool
) -> dict[str, Any]:
    """Return the tokenizer.json of a byte-level BPE; `whole`: a piece that is a token is not looked into."""
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": split is None}
    cut = {"type": "Split", "pattern": {"Regex": split}, "behavior": "Isolated", "invert": False}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    added = [{"id": number, "content": name, **flags, "special": True} for name, number in special.items()]
    none = ("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix")
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": sorted(added, key=lambda entry: int(str(entry["id"]))),
        "normalizer": None,
        "pre_tokenizer": level if split is None else {"type": "Sequence", "pretokenizers": [cut, level]},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "model": {
            "type": "BPE",
            **dict.fromkeys(none),
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": whole,
            "vocab": vocabulary,
            "merges": merges,
        },
    }


def byte_letters() -> list[str]:
    """Return the letter that byte-level BPE writes for each byte: itself where it shows, else one from U+0100 on."""
    shown = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = iter(range(0x100, 0x200))
    return [chr(byte if byte in shown else next(hidden)) for byte in range(256)]
