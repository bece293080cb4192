"""Real tokenizers, where the project's shared data lies beside the checkout; tests that need them skip without."""

import tarfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
ARCHIVE = SHARED / "tokenizers.tar.xz"

needs_vocabularies = pytest.mark.skipif(not ARCHIVE.exists(), reason="no shared/data/tokenizers.tar.xz here")


@cache
def unpacked() -> "TemporaryDirectory[str]":
    """Unpack the archive once a session, into a folder that goes away with it."""
    folder = TemporaryDirectory(prefix="atom-data-vocabularies-")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder.name, filter="data")
    return folder


def vocabularies() -> Path:
    """Return the folder with the tokenizers."""
    return Path(unpacked().name) / "tokenizers"
