"""Which document a step raises on: found by halves, so that a bug report names one document and not a batch of 10,000."""

import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from atom_data.errors import ConfigError

MOST_CALLS = 64
SHOWN = 200
"""Characters of an id: it comes from the data, and may be a page long."""
MOST_SECONDS = 20.0
"""Where halves take longer than this, the rest is left: a step may have worked for an hour before it raised."""


def culprit(step: Callable[[pa.RecordBatch], pa.RecordBatch], batch: pa.RecordBatch, error: Exception) -> str:
    """Return in words on which document of a batch a step raises an error of the same class, when it is given alone.

    Steps are pure, so they may be called again. Each half is tried until one row is left: about two batches' worth of work.
    Where no half raises alone (a step that looks at several rows), or time is up, what is left is named by its range.
    """
    start, rows, calls, end = 0, batch.num_rows, 0, time.monotonic() + MOST_SECONDS
    if isinstance(error, MemoryError):
        return f"on a batch of {rows:,} rows"
    while rows > 1 and calls < MOST_CALLS and time.monotonic() < end:
        half = rows // 2
        parts = ((start, half), (start + half, rows - half))
        raising = next((part for part in parts if _raises(step, batch.slice(*part), error)), None)
        calls += 2
        if raising is None:
            break
        start, rows = raising
    return _named(batch, start, rows)


def fails_on_no_row(where: str, error: Exception) -> ConfigError:
    """Return what is said of a step that raises on a batch without a row: nothing of a corpus is to blame."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return ConfigError(
        f"{where}: with zero rows it raises {type(error).__name__}: {error} ({Path(frame.filename).name}, line {frame.lineno}). "
        "Correct the step: of zero rows it makes zero rows with its columns."
    )


def _raises(step: Callable[[pa.RecordBatch], pa.RecordBatch], batch: pa.RecordBatch, error: Exception) -> bool:
    try:
        step(batch)
    except Exception as raised:
        return type(raised) is type(error)
    return False


def _named(batch: pa.RecordBatch, start: int, rows: int) -> str:
    size = batch.num_rows
    if "id" not in batch.schema.names or not size:
        return f"on a batch of {size:,} rows"
    ids = batch.column("id")
    first = _shown(ids[start])
    if rows == 1:
        return f"on document {first}" + (f" (row {start + 1:,} of a batch of {size:,})" if size > 1 else "")
    last = _shown(ids[start + rows - 1])
    return f"on a batch of {size:,} rows; none of the documents {first} to {last} raises alone"


def _shown(identity: pa.Scalar) -> str:
    return repr(identity.as_py())[:SHOWN]
