"""Bytes [start, stop) of a remote file, asked for again when the store is busy or a connection breaks."""

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from atom_data.errors import DataError
from atom_data.storage.paths import open_raw, unreadable, without_secrets
from atom_data.storage.retry import ask, is_changed, is_missing

CONNECTIONS = 64


def read_range(path: str, start: int, stop: int, tag: str | None = None) -> bytes:
    """Return bytes [start, stop) of a URL. DataError when it is not there, is shorter, or its store fails six times.

    `tag` is the ETag that it had (RFC 9110, 8.8.3): DataError when it has changed. Without one this is not checked.
    """
    return _answer(path, start, stop, tag)[0]


def tag_of(path: str, size: int) -> str | None:
    """Return the ETag of a URL of `size` bytes, None where its store gives none. It asks for the last byte, if any."""
    return _answer(path, size - 1, size, None)[1] if size else None


def _answer(path: str, start: int, stop: int, tag: str | None) -> tuple[bytes, str | None]:
    try:
        data, found = ask(lambda: _whole(path, start, stop, tag))
    except Exception as error:  # every store has errors of its own
        if is_changed(error):
            raise _changed(path, tag) from error
        if is_missing(error) or isinstance(error, ImportError):
            raise unreadable(path, "cannot be read", error) from error
        raise DataError(
            f"{without_secrets(path)}: bytes {start:,} to {stop:,} cannot be read ({error}). "
            "Check the store and that the file is whole, then resume."
        ) from error
    if _is_another(found, tag):
        raise _changed(path, tag)
    return data, found


def _is_another(found: str | None, tag: str | None) -> bool:
    return tag is not None and found is not None and found != tag


def _changed(path: str, tag: str | None) -> DataError:
    return DataError(
        f"{without_secrets(path)}: was changed or rebuilt while it was open: its ETag was {tag}. Its bytes are others: "
        "bring back the file that the run began with, or start a new run on this one."
    )


def _whole(path: str, start: int, stop: int, tag: str | None) -> tuple[bytes, str | None]:
    data, found = _read(path, start, stop, tag)
    if len(data) != stop - start and not _is_another(found, tag):
        raise EOFError(f"{len(data):,} of {stop - start:,} bytes from {start:,} on")
    return data, found


def _read(path: str, start: int, stop: int, tag: str | None) -> tuple[bytes, str | None]:
    if not path.startswith("s3://"):
        with open_raw(path) as stream:
            found = _http_tag(stream) if path.startswith(("http://", "https://")) else None
            stream.seek(start)
            return stream.read(stop - start), found
    url = urlsplit(path)
    wanted = {} if tag is None else {"IfMatch": tag}
    answer = client(os.getpid()).get_object(
        Bucket=url.netloc, Key=url.path.lstrip("/"), Range=f"bytes={start}-{stop - 1}", **wanted
    )
    data: bytes = answer["Body"].read()
    return data, answer.get("ETag")


def _http_tag(stream: Any) -> str | None:  # noqa: ANN401 - smart_open's class
    """Return the ETag of what was opened; the range requests that follow are for the same, says smart_open."""
    found: str | None = stream.response.headers.get("ETag")
    return found


@lru_cache(maxsize=1)
def client(process: int) -> Any:  # noqa: ANN401
    """Return this process's client: a forked one must not share its parent's connections."""
    import boto3  # noqa: PLC0415 - the s3 extra
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client("s3", config=Config(max_pool_connections=CONNECTIONS))
