"""Lists that lie in a file, a gzip or a member of a `.tar.gz`, read as a stream of bytes."""

import contextlib
import gzip
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from atom_data.errors import ConfigError


@contextlib.contextmanager
def member(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open a list: the file itself, unpacked where it ends in `.gz`, or the member `name` of a `.tar.gz`. Memory: a buffer."""
    if not path.name.endswith((".tar.gz", ".tgz")):
        with path.open("rb") as file:
            yield cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if path.suffix == ".gz" else file
        return
    with tarfile.open(path, "r|gz") as archive:
        for item in archive:
            found = archive.extractfile(item) if item.name == name else None
            if found is not None:
                yield found
                return
    raise ConfigError(f"{path}: there is no member '{name}' in it. Give an archive with one, or the list itself.")
