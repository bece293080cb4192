"""Files beside the code: cards, word lists and templates that come with the package, and the user's cache.

The cache is `$ATOM_DATA_CACHE`, else `$XDG_CACHE_HOME/atom-data`, else `~/.cache/atom-data`. It has what can be rebuilt:
compiled kernels and parsed sources. A file there has its hash in front, and is named after all that decides its content.
"""

import hashlib
import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from atom_data.errors import ConfigError

_PACKAGE = Path(__file__).parent
KEPT = 8
"""Number of keys to keep: of the releases and machines that share a home folder, the last ones used."""
DAY = 86_400.0


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
