"""A source for files named on a command line: the kind follows from their endings, or from what a folder holds."""

import glob
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from atom_data.errors import ConfigError, DataError
from atom_data.graph import Source
from atom_data.readers import jsonl, parquet, plain_text, warc, wet
from atom_data.readers.files import files_below, has_suffix
from atom_data.readers.lines import Lines
from atom_data.readers.source import Places, paths_of
from atom_data.readers.streams.window import Window
from atom_data.readers.tables import tables
from atom_data.storage.paths import is_remote, plain, without_secrets

ENDINGS = {
    "JSON lines": jsonl.SUFFIXES,
    "tables": (*tables.DELIMITED, *tables.ARROW),
    "Parquet": parquet.SUFFIXES,
    "text": plain_text.SUFFIXES,
    "WET": wet.SUFFIXES,
    "WARC": warc.SUFFIXES,
}
WITH_TEXT = ("JSON lines", "Parquet", "tables", "text", "WET")
"""Kinds whose documents have a text; a page of a WARC file has none before it is extracted."""


def source_for(
    where: str, *paths: Places, kinds: Sequence[str] = WITH_TEXT, source: str | None = None, text: str = "text"
) -> Source:
    """Return files of one of `kinds` as a source that reads each file whole.

    No file is parted: parts are checked to meet by the jobs of a run, and who reads a source alone has no such check.
    `source` names it, and `text` is the field or column with the text in JSON lines, Parquet and tables.
    A .json file that begins as an array is a table.
    Errors: ConfigError for files of several kinds, of none, or of a kind that is not asked for.
    """
    makers: dict[str, Callable[..., Source]] = {
        "JSON lines": lambda *found: jsonl.Jsonl(*found, split_bytes=0, source=source, text=text),
        "Parquet": lambda *found: parquet.Parquet(*found, split_bytes=0, source=source, text=text),
        "tables": lambda *found: tables.Tables(*found, source=source, text=text),
        "text": lambda *found: plain_text.Text(*found, source=source or "text"),
        "WET": lambda *found: wet.Wet(*found, split_bytes=0, source=source or "wet"),
        "WARC": lambda *found: warc.Warc(*found, split_bytes=0, source=source or "web"),
    }
    found = paths_of(where, paths)
    kind = kind_of(where, found, kinds)
    return makers["tables" if kind == "JSON lines" and _are_arrays(found) else kind](*found)


def kind_of(where: str, paths: Sequence[str], kinds: Sequence[str] = WITH_TEXT) -> str:
    """Return the one kind that all files have which some paths name. ConfigError where there are several or none.

    In a folder only files of `kinds` count.
    """
    wanted = ", ".join(kinds)
    if not paths:
        raise ConfigError(f"{where}: no file is named. Give {wanted} files, or folders and patterns of them.")
    found: dict[str, str] = {}
    for path in paths:
        there = _kinds_at(path, kinds)
        if not there:
            shown = without_secrets(path)
            hint = (
                " Pages have no text yet: run a recipe with Extract() and give what it writes."
                if _is_warc(path)
                else ""
            )
            what = "holds no file of a kind" if _is_folder(path) else "does not end as a file of a kind"
            endings = ", ".join(ENDINGS[kind][0] for kind in kinds)
            raise ConfigError(f"{where}: {shown}: it {what} that is read here: {endings}, compressed or not.{hint}")
        for kind in there:
            found.setdefault(kind, path)
    if len(found) > 1:
        named = " and ".join(f"{kind} ({without_secrets(path)})" for kind, path in sorted(found.items()))
        raise ConfigError(f"{where}: files of several kinds: {named}. Give files of one kind at a time.")
    return next(iter(found))


def _kinds_at(path: str, kinds: Sequence[str]) -> list[str]:
    """Return the kinds of the files that a path names: of a file one or none, of a folder or a pattern perhaps several."""
    kind = _kind(urlsplit(path).path if is_remote(path) else path, kinds)
    if is_remote(path) or (kind is not None and not _is_folder(path)):
        return [kind] if kind is not None else []
    names = _below(path) if _is_folder(path) else glob.glob(plain(path), recursive=True)  # noqa: PTH207
    return sorted({kind for name in names if (kind := _kind(name, kinds)) is not None})


def _are_arrays(paths: Sequence[str]) -> bool:
    """Tell whether all of some files end in .json and the first begins as an array: not a document in each line."""
    if not all(has_suffix(path, tables.ARRAYS) and not is_remote(path) and not _is_folder(path) for path in paths):
        return False
    with suppress(DataError):
        window = Window(plain(paths[0]))
        try:
            return next(Lines(window).pieces(), b"").removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
        finally:
            window.close()
    return False


def _below(folder: str) -> list[str]:
    return files_below(os.path.abspath(plain(folder)))  # noqa: PTH100 - links keep their names


def _kind(name: str, kinds: Sequence[str]) -> str | None:
    return next((kind for kind in kinds if has_suffix(name, ENDINGS[kind])), None)


def _is_warc(path: str) -> bool:
    return bool(_kinds_at(path, ("WARC",)))


def _is_folder(path: str) -> bool:
    return not is_remote(path) and Path(plain(path)).is_dir()
