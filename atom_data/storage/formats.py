"""Formats of the files that a run leaves: what a version of this package reads, and what it says of others."""

from collections.abc import Mapping
from typing import Any

from atom_data.errors import DataError


def refuse_other_formats(value: Mapping[str, Any], reads: tuple[int, ...], path: str, what: str) -> None:
    """Refuse a file whose `format` is none of those that are read, the last of them ours. DataError."""
    if value.get("format") not in reads:
        known = f"{reads[0]} to {reads[-1]}" if len(reads) > 1 else f"{reads[0]}"
        raise DataError(
            f"{path}: {what} of format {value.get('format')!r}; this atom-data reads {known}. Use the version that made the "
            "folder, or run into another --output."
        )
