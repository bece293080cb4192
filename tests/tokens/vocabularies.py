"""Real tokenizers, where the project's shared data lies beside the checkout; tests that need them skip without."""

import tarfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
ARCHIVE = SHARED / "tokenizers.tar.xz"

needs_vocabularies = pytest.mark.skipif(not ARCHIVE.exists(), reason="no shared/data/tokenizers.tar.xz here")


@cache
def vocabularies() -> Path:
    """Unpack the archive once a session and return its folder."""
    folder = Path(mkdtemp(prefix="atom-data-vocabularies-"))
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "tokenizers"
