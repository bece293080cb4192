"""Files in the folders of a source that it does not read: nothing is passed over without a word."""

import os
from collections import Counter
from pathlib import Path

from atom_data.graph import Source
from atom_data.readers import jsonl, parquet, warc, wet
from atom_data.readers.files import files_below, has_suffix
from atom_data.readers.plain_text import Text
from atom_data.storage.paths import is_remote, plain

SHOWN = 8


def unread(source: Source) -> str | None:
    """Return a sentence on the files below a source's folders whose ending it does not read; None where all is read.

    Files and patterns say what is meant, so it is about folders alone. Hidden files, and names that begin with `_`
    (`_SUCCESS`, `_temporary/`), are no input of anybody and are not mentioned.
    """
    paths, suffixes = _named(source)
    passed: list[str] = []
    for path in paths:
        folder = "" if is_remote(path) else os.path.abspath(plain(path))  # noqa: PTH100 - links keep their names
        if folder and Path(folder).is_dir():
            passed += [name for name in files_below(folder) if not has_suffix(name, suffixes)]
    if not passed:
        return None
    kinds = Counter(_ending(name) for name in passed)
    counts = ", ".join(f"{ending} {count:,}" for ending, count in kinds.most_common(SHOWN))
    more = f", {len(kinds) - SHOWN} others" if len(kinds) > SHOWN else ""
    return (
        f"{source.name}: files in its folders that are not read: {len(passed):,}, for it reads {', '.join(suffixes)} "
        f"({counts}{more}; the first is {passed[0]}). If they are documents, make a source of them."
    )


def _named(source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
    match source:
        case warc.Warc():
            return source.paths, warc.SUFFIXES
        case wet.Wet():
            return source.paths, wet.SUFFIXES
        case jsonl.Jsonl():
            return source.paths, jsonl.SUFFIXES
        case parquet.Parquet():
            return source.paths, parquet.SUFFIXES
        case Text():
            return source.paths, source.suffixes
        case _:
            return (), ()


def _ending(name: str) -> str:
    endings = "".join(Path(name).suffixes[-2:]).lower()
    return endings or "without an ending"
