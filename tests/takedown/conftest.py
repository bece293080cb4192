"""A small corpus, built once, and copies of it."""

import shutil
from pathlib import Path

import pytest

from tests.takedown.corpus import build, records, write_pages


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The input of the small corpus."""
    return write_pages(tmp_path_factory.mktemp("small") / "pages", records())


@pytest.fixture(scope="session")
def built(pages: Path) -> Path:
    """The small corpus. Tests must not change it."""
    out = pages.parent / "out"
    build(pages, out)
    return out


@pytest.fixture
def out(built: Path, tmp_path: Path) -> Path:
    """A copy of the small corpus."""
    return Path(shutil.copytree(built, tmp_path / "out"))
