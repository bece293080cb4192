"""What every source of files shares: how it is made, which files it names, and what is next to them and not read."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from atom_data.errors import ConfigError
from atom_data.graph import RawSource, Source
from atom_data.readers.files import current_input, files_below, has_suffix, listed, named
from atom_data.readers.rows import check_ids
from atom_data.storage.paths import is_remote, plain
from atom_data.storage.shards import Input, Shard
from atom_data.workspace import Workspace

Place = str | os.PathLike[str]
"""A file, folder, pattern or URL."""
Places = Place | Sequence[Place]
"""What a source is given: places one after the other, or all of them in one list."""
SHOWN = 8


class FileSource(RawSource):
    """A source of files: a frozen dataclass with a field `paths`, whose constructor hands its parameters to `_settle`.

    `suffixes` says which files of a folder it reads.
    """

    __slots__ = ()
    paths: tuple[str, ...]
    suffixes: tuple[str, ...]

    def _settle(self, paths: Sequence[Places], ways_of_ids: tuple[str, ...], **fields: object) -> None:
        """Set the fields of a source, once, after checking them: `*paths` is more than a dataclass can write by itself.

        Every field whose name ends in `_bytes` is a limit. ConfigError for what is not a path, a limit below 1 (`split_bytes`:
        below 0), and for `ids` that is none of `ways_of_ids`.
        """
        kind = type(self).__name__
        for name, value in fields.items():
            if name.endswith("_bytes") and (not isinstance(value, int) or value < (0 if name == "split_bytes" else 1)):
                raise ConfigError(f"{kind}: {name} is {value}; it is a number of bytes. Give one above 0.")
        if ways_of_ids:
            check_ids(kind, str(fields["ids"]), ways_of_ids)
        for name, value in {"paths": paths_of(kind, paths), **fields}.items():
            object.__setattr__(self, name, value)

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """One shard per file, or one per part of a large file, sorted by name."""
        return workspace.listing(repr(self), self._parts)

    def _parts(self) -> tuple[Shard, ...]:
        return tuple(self._whole_files())

    def _whole_files(self) -> list[Shard]:
        return named(listed(self.paths, self.suffixes))

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The file as it is now, without its hash."""
        return (current_input(self.paths, shard),)


def paths_of(where: str, given: Sequence[Places]) -> tuple[str, ...]:
    """Return places as text: of several arguments, or of one list or tuple. ConfigError for anything else."""
    first: object = given[0] if len(given) == 1 else None
    places: Sequence[object] = first if isinstance(first, (list, tuple)) else given
    found = [os.fspath(place) if isinstance(place, os.PathLike) else place for place in places]
    for place in found:
        if not isinstance(place, str) or not place:
            raise ConfigError(
                f"{where}: {place!r} is not a path. Give files, folders, patterns or URLs, as text or pathlib.Path, one after the "
                "other or as one list."
            )
    return tuple(map(str, found))


@runtime_checkable
class SaysIds(Protocol):
    """A source that tells people how it makes ids."""

    @property
    def name(self) -> str:
        """The source's name."""

    @property
    def ids_said(self) -> str:
        """How ids are made: `a hash of source, file and text`."""


def ids_said(source: Source) -> str:
    """Say how a source makes ids; nothing of one that does not tell."""
    return f"{source.name} ids: {source.ids_said}" if isinstance(source, SaysIds) else ""


def unread(source: Source) -> str | None:
    """Return a sentence on the files below a source's folders whose ending it does not read; None where all is read.

    Files and patterns say what is meant, so it is about folders alone. Hidden files, and names that begin with `_`
    (`_SUCCESS`, `_temporary/`), are never input and are not mentioned.
    """
    if not isinstance(source, FileSource):
        return None
    passed: list[str] = []
    for path in source.paths:
        folder = "" if is_remote(path) else os.path.abspath(plain(path))  # noqa: PTH100 - links keep their names
        if folder and Path(folder).is_dir():
            passed += [name for name in files_below(folder) if not has_suffix(name, source.suffixes)]
    if not passed:
        return None
    kinds = Counter(_ending(name) for name in passed)
    counts = ", ".join(f"{ending} {count:,}" for ending, count in kinds.most_common(SHOWN))
    more = f", {len(kinds) - SHOWN} others" if len(kinds) > SHOWN else ""
    return (
        f"{source.name}: files in its folders that are not read: {len(passed):,}, because it reads {', '.join(source.suffixes)} "
        f"({counts}{more}; the first is {passed[0]}). If they are documents, make a source of them."
    )


def _ending(name: str) -> str:
    endings = "".join(Path(name).suffixes[-2:]).lower()
    return endings or "without an ending"
