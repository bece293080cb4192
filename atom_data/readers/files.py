"""The files a source names: listed, given names that hold anywhere, and cut into shards."""

import glob
import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from atom_data.errors import ConfigError
from atom_data.storage.paths import is_remote, plain, size, without_secrets
from atom_data.storage.shards import Input, Shard, part_name, shard_name
from atom_data.storage.state import state

SPLIT_BYTES = 1 << 30
LONGEST_NAME = 160
"""What a name begins with that is not input."""
COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz", ".lz4")
NOT_READ = (".br", ".lzma", ".lz", ".z", ".zip", ".7z", ".lzo", ".sz", ".snappy", ".tar", ".tgz")
"""Compressions that nothing here reads."""
UNCUT = tuple(suffix for suffix in COMPRESSIONS if suffix != ".gz")
"""What a WARC file ends in that is not cut into parts; in .warc.gz a record is a member, in the others seldom."""


@dataclass(frozen=True, slots=True)
class File:
    """An input file: as it is opened, and as it is called in rows, shards and receipts."""

    path: str
    relative: str
    """Path below the common folder of the source: the same on every machine."""
    bytes: int
    """0 for a remote file: asking a store for 90,000 sizes would take every task longer than its work."""


def listed(paths: Sequence[str], suffixes: Sequence[str]) -> tuple[File, ...]:
    """Return the files that paths, globs, folders and URLs name, each once, sorted by relative path.

    A folder stands for all files below it whose name ends in one of `suffixes`, in lowercase or uppercase. Below a
    folder, and below the part of a glob that is not a pattern, names that begin with `.` or `_` are not input, be it files
    or folders (`_SUCCESS`, `_temporary/`): so Spark, Hadoop and Hive mark what is not data. What else a folder holds is
    said by `unread`. Errors: ConfigError for a path that is not there, for a folder or glob without a file, and for a
    folder that holds files of this kind in a compression that is not read.
    """
    if not paths:
        raise ConfigError("a source without a path; there is nothing to read. Name a file, folder, glob or URL.")
    found: dict[str, None] = {}
    for path in paths:
        found.update(dict.fromkeys(_expanded(path, suffixes)))
    files = [File(path, relative(paths, path), 0 if is_remote(path) else size(path)) for path in found]
    return tuple(sorted(files, key=lambda file: (file.relative, file.path)))


def _expanded(path: str, suffixes: Sequence[str]) -> list[str]:
    if is_remote(path):
        return _remote(path, suffixes)
    place = _absolute(path)
    if Path(place).is_dir():
        names = _below(path, place, suffixes)
        what = f"no file ending in {', '.join(suffixes)} in it"
    elif Path(place).exists():
        return [place]
    else:
        names = _matching(place)
        what = "no such file or folder, and no file matches it"
    if not names:
        raise ConfigError(f"{path}: {what}. Check the path.")
    return names


def _remote(path: str, suffixes: Sequence[str]) -> list[str]:
    """Return the files of a store below a folder, or that a pattern names, hidden ones as on disk; a URL without one as it is."""
    from atom_data.storage.web.listing import (  # noqa: PLC0415 - clients of HTTP, which files on disk do without
        MARKS,
        is_pattern,
        list_remote,
        refuse_untested,
    )

    refuse_untested(path)
    if not is_pattern(path):
        return [path]
    known, base = tuple(suffixes), MARKS.split(path, maxsplit=1)[0].rpartition("/")[0]
    names = [name for name in list_remote(path) if not any(map(_is_hidden, _parts(base, name)))]
    if not MARKS.search(path):
        names = [name for name in names if has_suffix(name, known)]
    if not names:
        raise ConfigError(
            f"{without_secrets(path)}: no file there ends in {', '.join(known)}, or matches. Check the path."
        )
    return names


def _below(path: str, folder: str, suffixes: Sequence[str]) -> list[str]:
    names, known = [], tuple(suffixes)
    packed = tuple(f"{suffix}{other}" for suffix in known for other in NOT_READ)
    for name in files_below(folder):
        if has_suffix(name, known):
            names.append(name)
        elif has_suffix(name, packed):
            raise ConfigError(
                f"{path}: {name.removeprefix(folder).lstrip('/')} is compressed in a way that is not read; "
                f"{', '.join(COMPRESSIONS)} are. Decompress it, or name the other files by a pattern."
            )
    return names


def _matching(pattern: str) -> list[str]:
    """Return the files that match; files below names with `.` or `_` only when the pattern spells such a name."""
    found = sorted(name for name in glob.glob(pattern, recursive=True) if Path(name).is_file())  # noqa: PTH207
    base = _base(pattern)
    if any(_is_hidden(part) for part in _parts(base, pattern)):
        return found
    return [name for name in found if not any(_is_hidden(part) for part in _parts(base, name))]


def _parts(base: str, path: str) -> list[str]:
    return [part for part in path.removeprefix(base).split("/") if part]


def files_below(folder: str) -> list[str]:
    """Return all files below a folder, sorted, without those whose name, or whose folder's, begins with `.` or `_`."""
    names = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        names += [f"{place}/{name}" for name in files if not _is_hidden(name)]
    return sorted(names)


def _is_hidden(name: str) -> bool:
    """Tell whether a file or folder is none of the data, as for Hadoop and Spark: `_temporary`, `.crc`; not `_day=1`."""
    return name[:1] == "." or (name[:1] == "_" and "=" not in name)


def has_suffix(name: str, suffixes: tuple[str, ...]) -> bool:
    """Tell whether a name ends in one of the suffixes; capitals are allowed (`A.WARC.GZ`)."""
    return name.endswith(suffixes) or (not name.islower() and name.lower().endswith(suffixes))


def _absolute(path: str) -> str:
    if path[:1] == "/" and path[-1:] != "/" and "/." not in path and "//" not in path:
        return path  # abspath would say the same, and of 100,000 files takes a second
    return os.path.abspath(plain(path))  # noqa: PTH100 - Path.resolve follows links, and names must not


def relative(paths: Sequence[str], path: str) -> str:
    """Return `path` below the deepest folder that holds everything `paths` name on its store."""
    if is_remote(path):
        return _under(_common(tuple(paths), urlsplit(path)[:2]), urlsplit(path).path)
    return _under(_common(tuple(paths), None), _absolute(path))


@lru_cache(maxsize=64)
def _common(paths: tuple[str, ...], store: tuple[str, ...] | None) -> str:
    """Return the deepest folder that holds all local paths, or all on one store: asked for every one of 90,000 files."""
    if store is None:
        bases = [_base(_absolute(path)) for path in paths if not is_remote(path)]
    else:
        bases = [urlsplit(path).path.rpartition("/")[0] or "/" for path in paths if urlsplit(path)[:2] == store]
    return os.path.commonpath(bases)


def _base(place: str) -> str:
    if Path(place).is_dir():
        return place
    while glob.has_magic(place) and not Path(place).exists():
        place = place.rpartition("/")[0]
        if not glob.has_magic(place):
            return place or "/"
    return place.rpartition("/")[0] or "/"


def _under(common: str, path: str) -> str:
    below = path.removeprefix(common).lstrip("/")
    return below.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def named(files: Sequence[File]) -> list[Shard]:
    """Return one shard per file, sorted by name; where two names would be equal, both get a digest of their path."""
    names = [_short(shard_name(_stripped(file.relative))) for file in files]
    twice = {name for name, count in Counter(names).items() if count > 1}
    shards = []
    for file, name in zip(files, names, strict=True):
        unique = f"{name}-{_digest(file.relative)}" if name in twice else name
        shards.append(Shard(unique, file.path, file.bytes))
    for name, count in Counter(shard.name for shard in shards).items():
        if count > 1:
            both = [without_secrets(shard.path) for shard in shards if shard.name == name]
            raise ConfigError(f"{both[0]} and {both[1]} would share the name '{name}'. Make two sources of them.")
    return sorted(shards, key=lambda shard: shard.name)


def _stripped(name: str) -> str:
    for suffix in (*COMPRESSIONS, ".parquet"):
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return name


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}-{_digest(name)}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()


def cut(shard: Shard, split_bytes: int) -> list[Shard]:
    """Return equal byte ranges of at most `split_bytes`; the whole file when it is smaller or `split_bytes` is 0."""
    count = -(-shard.bytes // split_bytes) if split_bytes else 1
    return ranges(shard, shard.bytes, count)


def ranges(shard: Shard, units: int, count: int) -> list[Shard]:
    """Return `count` parts of `units` bytes or row groups, named NAME.p0000 and on; the shard itself when count < 2."""
    if count < 2:
        return [shard]
    bounds = [units * index // count for index in range(count + 1)]
    share = shard.bytes // count
    return [
        replace(shard, name=part_name(shard.name, index), bytes=share, start=bounds[index], stop=bounds[index + 1])
        for index in range(count)
    ]


def split(shards: Sequence[Shard], split_bytes: int, whole: tuple[str, ...] = COMPRESSIONS) -> tuple[Shard, ...]:
    """Return the shards, large files in parts, sorted by name; files that end in one of `whole` stay whole."""
    parts: list[Shard] = []
    for shard in shards:
        parts += cut(shard, 0 if has_suffix(shard.path, whole) else split_bytes)
    return tuple(sorted(parts, key=lambda shard: shard.name))


def current_input(paths: Sequence[str], shard: Shard, by_bytes: bool = True) -> Input:
    """Return what a shard would read now: its path below the source, bytes and modification time, no hash."""
    now = state(shard.path)
    total = now.bytes
    if by_bytes and shard.stop is not None:
        total = max(0, min(shard.stop, total) - shard.start)
    return Input(relative(paths, shard.path), total, "", now.modified, now.etag)
