"""Bytes [start, stop) of a remote file, asked for again when the store is busy or a connection breaks."""

import os
import time
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from atom_data.errors import DataError
from atom_data.storage.paths import is_missing, open_raw, unreadable, without_secrets

ATTEMPTS = 6
FIRST_WAIT = 0.1
"""Seconds before the second attempt; twice as long before each further one."""
CONNECTIONS = 64


def read_range(path: str, start: int, stop: int) -> bytes:
    """Return bytes [start, stop) of a URL. DataError when it is not there, is shorter, or its store fails six times."""
    error: Exception | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(FIRST_WAIT * 2 ** (attempt - 1))
        try:
            data = _read(path, start, stop)
        except Exception as failure:  # every store has errors of its own
            if is_missing(failure) or isinstance(failure, ImportError):
                raise unreadable(path, "cannot be read", failure) from failure
            error = failure
        else:
            if len(data) == stop - start:
                return data
            error = EOFError(f"{len(data):,} of {stop - start:,} bytes from {start:,} on")
    assert error is not None
    raise DataError(
        f"{without_secrets(path)}: bytes {start:,} to {stop:,} cannot be read in {ATTEMPTS} attempts ({error}). "
        "Check the store and that the file is whole, then resume."
    ) from error


def _read(path: str, start: int, stop: int) -> bytes:
    if not path.startswith("s3://"):
        with open_raw(path) as stream:
            stream.seek(start)
            return stream.read(stop - start)
    url = urlsplit(path)
    answer = _client(os.getpid()).get_object(
        Bucket=url.netloc, Key=url.path.lstrip("/"), Range=f"bytes={start}-{stop - 1}"
    )
    data: bytes = answer["Body"].read()
    return data


@lru_cache(maxsize=1)
def _client(process: int) -> Any:  # noqa: ANN401
    """Return this process's client: a forked one must not share its parent's connections."""
    import boto3  # noqa: PLC0415 - the s3 extra
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client("s3", config=Config(max_pool_connections=CONNECTIONS))
