"""The guard: a pass that would wipe out a source or a language stops and says so.

An audit of unverified deduplication found whole sources gone (859,092 documents -> 2; marin issue 6854).
"""

from typing import Any

from atom_data.errors import DataError

SMALL = 1000
"""Groups with fewer documents are not judged."""


def refuse_losses(name: str, loss: list[list[Any]], allowed: float) -> None:
    """Raise DataError when of any group of [column, value, documents, removed] more than `allowed` is removed."""
    wiped = [line for line in loss if line[2] >= SMALL and line[3] > allowed * line[2]]
    if wiped:
        listed = "; ".join(
            f"{column} '{value}' would lose {removed:,} of {all_:,}" for column, value, all_, removed in wiped[:5]
        )
        raise DataError(
            f"{name}: {listed}; allowed are {allowed:.0%}. Look at the copies in {name}/, "
            "then set allow_loss in the recipe if this is right."
        )
