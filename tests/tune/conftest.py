"""The run that the tests of tune ask about."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import atom_data, recipe
from tests.tune.asking import RECIPE


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The recipe and output of a real run: a stage that measures, and one that applies three cards."""
    folder = tmp_path_factory.mktemp("run [1]*?")  # what DuckDB would take for a pattern
    path = recipe(folder, RECIPE)
    done = atom_data("run", path, "--output", folder / "out", "--workers", 2)
    assert done.returncode == 0, done.stderr
    return path, folder / "out"


@pytest.fixture(scope="module")
def rows(run: tuple[Path, Path]) -> pa.Table:
    """All stored rows."""
    return pa.concat_tables(pq.read_table(path) for path in sorted((run[1] / "measured").glob("*.parquet")))
