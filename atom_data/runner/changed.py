"""Which code or library is another one than when a shard was made."""

import re
from collections.abc import Mapping

HASH = re.compile(r"[0-9a-f]{16}|[0-9a-f]{64}")
"""Of a room, and of all that was made before rooms had their own."""
PACKAGE = "atom_data"
NAMED = 3


def code_change(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say what differs between two mappings of names to versions or to SHA-256 of sources; nothing where they are equal.

    `ftfy 6.3.0, was 6.3.1`; `atom-data's code changed`; of more than three the first, and how many more.
    """
    if then == now:  # of 100,000 receipts nearly all
        return ""
    said = [
        _said(name, then.get(name), now.get(name)) for name in sorted({*then, *now}) if then.get(name) != now.get(name)
    ]
    more = f"; and {len(said) - NAMED:,} more" if len(said) > NAMED else ""
    return "; ".join(said[:NAMED]) + more


def _said(name: str, then: str | None, now: str | None) -> str:
    if any(value is not None and HASH.fullmatch(value) for value in (then, now)):
        return "atom-data's code changed" if name == PACKAGE else f"the code of {name} changed"
    if now is None:
        return f"{name} no longer used, was {then}"
    return f"{name} {now}, was {'not used' if then is None else then}"
