"""Bytes [start, stop) of a remote file, asked for again when the store is busy or a connection breaks."""

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from atom_data.errors import DataError
from atom_data.storage.paths import open_raw, unreadable, without_secrets
from atom_data.storage.retry import ask, is_missing

CONNECTIONS = 64


def read_range(path: str, start: int, stop: int) -> bytes:
    """Return bytes [start, stop) of a URL. DataError when it is not there, is shorter, or its store fails six times."""
    try:
        return ask(lambda: _whole(path, start, stop))
    except Exception as error:  # every store has errors of its own
        if is_missing(error) or isinstance(error, ImportError):
            raise unreadable(path, "cannot be read", error) from error
        raise DataError(
            f"{without_secrets(path)}: bytes {start:,} to {stop:,} cannot be read ({error}). "
            "Check the store and that the file is whole, then resume."
        ) from error


def _whole(path: str, start: int, stop: int) -> bytes:
    data = _read(path, start, stop)
    if len(data) != stop - start:
        raise EOFError(f"{len(data):,} of {stop - start:,} bytes from {start:,} on")
    return data


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
