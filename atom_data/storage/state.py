"""What tells that a file is another one than before, without reading it."""

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlsplit

from atom_data.storage.paths import is_remote, open_raw, plain, unreadable
from atom_data.storage.retry import ask

if TYPE_CHECKING:
    from atom_data.storage.web.stream import WebFile


class State(NamedTuple):
    """What tells, without reading it, that a file is another one than before."""

    bytes: int
    modified: int = 0
    """Modification time in ns; 0 where it is not asked for."""
    etag: str = ""
    """What a store calls this version of the object (RFC 9110, section 8.8.3); empty where it says nothing."""


def state(path: str) -> State:
    """Return what is known of a file without reading it: a local one has a modification time, a remote one an ETag."""
    if is_remote(path):
        return _remote_state(path)
    try:
        found = os.stat(plain(path))  # noqa: PTH116
    except OSError as error:
        raise unreadable(path, "cannot be opened", error) from error
    return State(found.st_size, found.st_mtime_ns)


def _remote_state(path: str) -> State:
    with open_raw(path) as stream:
        if path.startswith("hf://"):
            file = cast("WebFile", stream)
            size = file.size()
            return State(size, 0, file.etag)
        etag = _etag(path, stream)
        try:
            return State(stream.seek(0, os.SEEK_END), 0, etag)
        except (OSError, ValueError):
            return State(0, 0, etag)


def _etag(path: str, stream: Any) -> str:  # noqa: ANN401 - smart_open's stream of that store
    """Return the ETag of an object on S3, or of what a web server gives; empty where the store does not say."""
    scheme = urlsplit(path).scheme
    if scheme in ("http", "https") and stream.response is not None:
        headers = stream.response.headers
        return str(headers.get("ETag") or headers.get("Last-Modified") or "")
    if scheme not in ("s3", "s3a", "s3n"):
        return ""
    environment = tuple(sorted((key, value) for key, value in os.environ.items() if key.startswith("AWS_")))
    try:
        return str(ask(lambda: stream.to_boto3(_s3(environment)).e_tag))
    except Exception:  # credentials that stand in the URL alone; then the size must do
        return ""


@lru_cache(maxsize=4)
def _s3(environment: tuple[tuple[str, str], ...]) -> Any:  # noqa: ANN401
    """Return a connection to S3; making one takes a tenth of a second. Another environment is another connection."""
    import boto3  # noqa: PLC0415 - an extra

    return boto3.resource("s3")
