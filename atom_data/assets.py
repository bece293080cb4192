"""Files beside the code: cards, word lists and templates that come with the package, the user's cache, installed libraries.

The cache is `$ATOM_DATA_CACHE`, else `$XDG_CACHE_HOME/atom-data`, else `~/.cache/atom-data`. It has what can be rebuilt:
compiled kernels and parsed sources. A file there has its hash in front, and is named after all that decides its content.
"""

import hashlib
import os
import re
import secrets
import shutil
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from atom_data.errors import ConfigError

_PACKAGE = Path(__file__).parent
KEPT = 8
"""Number of keys to keep: of the releases and machines that share a home folder, the last ones used."""
DAY = 86_400.0
HEAD_BYTES = 4_096
"""The version of a library stands in the first lines of its description."""
_VERSION = re.compile(rb"^Version: *(\S+) *\r?$", re.MULTILINE)


def filters_folder() -> Path:
    """Return the folder of the filter cards: `atom_data/filters` in an installed wheel, else `filters` of the checkout.

    A ConfigError says which two folders were looked for.
    """
    places = (_PACKAGE / "filters", _PACKAGE.parent / "filters")
    for place in places:
        if place.is_dir():
            return place
    raise ConfigError(
        f"filter cards: no folder of cards; looked for {places[0]} and {places[1]}. Install atom-data again."
    )


def templates_folder() -> Path:
    """Return the folder of the templates of `init`: `atom_data/templates` in an installed wheel, else that of the checkout."""
    places = (_PACKAGE / "templates", _PACKAGE.parent / "pipelines" / "templates")
    for place in places:
        if place.is_dir():
            return place
    raise ConfigError(f"templates: no folder of them; looked for {places[0]} and {places[1]}. Install atom-data again.")


def cache_folder() -> Path:
    """Return the folder: of the user, or the one that ATOM_DATA_CACHE names."""
    given = os.environ.get("ATOM_DATA_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - Path's raises without a home
    return Path(base) / "atom-data"


def read_kept(path: Path) -> bytes | None:
    """Return what was kept, or None when there is nothing, or something damaged."""
    with suppress(OSError):
        head, _, body = path.read_bytes().partition(b"\n")
        if head == hashlib.sha256(body).hexdigest().encode():
            return body
    return None


def keep(path: Path, body: bytes) -> None:
    """Write a file whole or not at all, also when other processes or machines write the same one. OSError when it cannot be."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_old(path.parent.parent)
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as stream:
            stream.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def remove_old(folder: Path, most: int = KEPT) -> list[Path]:
    """Remove the folders of keys that were used longest ago, until `most` are left; none that was used within a day."""
    folders = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    old = [path for path in folders[: max(0, len(folders) - most)] if path.stat().st_mtime < time.time() - DAY]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return old


def touch(folder: Path) -> None:
    """Note that a folder is in use, once a day."""
    with suppress(OSError):
        if folder.stat().st_mtime < time.time() - DAY:
            os.utime(folder)


def version_of(library: str) -> str | None:
    """Return the version of an installed distribution, by any spelling of its name; None where it is not installed.

    As `importlib.metadata.version`, which takes 20 ms to be imported with all that parses mail, and then reads the whole
    description of each library, where the version stands in the third line.
    """
    for folder in sys.path:
        if os.path.isfile(folder):  # noqa: PTH113 - an archive
            break
        file = _descriptions(folder or ".").get(_spelled(library))
        if file is not None:
            found = _version_in(file)
            if found is None:
                break
            return found
    else:
        return None
    import importlib.metadata  # noqa: PLC0415 - see above

    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def _spelled(name: str) -> str:
    """Return a name as names of distributions are compared (packaging.python.org, "Name normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _descriptions(folder: str) -> dict[str, str]:
    """Return the files that describe what is installed in a folder; older kinds with a file that is not there."""
    found: dict[str, str] = {}
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 - a Path for each of a thousand entries
            stem, _, kind = name.rpartition(".")
            if kind.lower() in ("dist-info", "egg-info"):
                found.setdefault(_spelled(stem.partition("-")[0]), f"{folder}/{name}/METADATA")
    return found


def _version_in(file: str) -> str | None:
    with suppress(OSError), open(file, "rb") as stream:  # noqa: PTH123 - see above
        said = _VERSION.search(stream.read(HEAD_BYTES).replace(b"\r\n", b"\n").partition(b"\n\n")[0])
        return said[1].decode("utf-8", "replace") if said else None
    return None
