"""Changes of bytes and of JSON that follow from a counter alone."""

import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"65536",
    b"2147483648",
    b"4294967295",
    b"9223372036854775807",
    b"99999999999999999999",
    b"1e9",
)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 2**31, 2**63, 1e308, "", "a", "\ud800", "\0", "<s>", "x" * 5_000, [], {}, [[]], {"": None},
)  # fmt: skip


def changed(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    """Return the data after one to eight changes."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        data = chance.choice(CHANGES)(data, chance, words, others)
    return data


def _place(data: bytes, chance: random.Random) -> tuple[int, int]:
    """Return a place and a length, short most of the time."""
    at = chance.randrange(len(data) + 1)
    return at, min(chance.choice((1, 1, 2, 4, 16, 100, 4_000)), len(data) - at)


def _flip(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    at, _ = _place(data, chance)
    return data[:at] + bytes(byte ^ (1 << chance.randrange(8)) for byte in data[at : at + 1]) + data[at + 1 :]


def _set(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    at, length = _place(data, chance)
    return data[:at] + chance.randbytes(length) + data[at + length :]


def _insert(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    at, _ = _place(data, chance)
    word = chance.choice(words) if words else b"\0"
    return data[:at] + word * chance.choice((1, 1, 1, 2, 50)) + data[at:]


def _remove(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    at, length = _place(data, chance)
    return data[:at] + data[at + length :]


def _repeat(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    at, length = _place(data, chance)
    return data[:at] + data[at : at + length] * chance.choice((2, 3, 40)) + data[at + length :]


def _cut(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _splice(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    other = chance.choice(others) if others else b""
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _number(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    places = [at for at, byte in enumerate(data[:20_000]) if 48 <= byte <= 57]
    if not places:
        return data
    at = end = chance.choice(places)
    while end < len(data) and 48 <= data[end] <= 57:
        end += 1
    return data[:at] + chance.choice(NUMBERS) + data[end:]


CHANGES: tuple[Callable[[bytes, random.Random, Sequence[bytes], Sequence[bytes]], bytes], ...] = (
    _flip, _set, _insert, _insert, _remove, _repeat, _cut, _splice, _number,
)  # fmt: skip


def changed_json(value: Any, chance: random.Random) -> Any:
    """Return a JSON value of which one to three parts are another value, gone, or twice there."""
    value = json.loads(json.dumps(value))
    for _ in range(chance.choice((1, 1, 2, 3))):
        holder: Any = {"": value}
        key: Any = ""
        while isinstance(holder[key], (dict, list)) and holder[key] and chance.random() < 0.8:
            holder = holder[key]
            key = chance.choice(sorted(holder)) if isinstance(holder, dict) else chance.randrange(len(holder))
        if chance.random() < 0.2 and holder is not value and key != "":
            del holder[key]
        elif isinstance(holder, list) and chance.random() < 0.3:
            holder.insert(key, copy.deepcopy(holder[key]))
        elif key == "" and holder.get("") is value:
            value = copy.deepcopy(chance.choice(VALUES))
        else:
            holder[key] = copy.deepcopy(chance.choice(VALUES))
    return value
