"""Writing an object only where nobody else did meanwhile: what S3 calls a conditional write (If-Match, If-None-Match)."""

from typing import Any
from urllib.parse import urlsplit

from atom_data.storage.paths import create, exists, unreadable
from atom_data.storage.retry import ask, is_changed, is_unknown
from atom_data.storage.state import state

S3 = ("s3", "s3a", "s3n")


def version(path: str) -> str | None:
    """Return what a store calls this version of an object; None where there is none, empty where it does not say."""
    return state(path).etag if exists(path) else None


def write_unless_changed(path: str, data: bytes, seen: str | None, token: str) -> bool:
    """Write a small object where it is still the version that was seen, None for none. False where it is another one.

    A store that is not S3, does not say versions, or knows no conditions writes in any case. DataError where it does not answer.
    After an answer that was lost, the object may be ours although this says False: look.
    """
    if urlsplit(path).scheme not in S3 or seen == "":
        _write(path, data, token)
        return True
    try:
        ask(lambda: _put(path, data, {"IfNoneMatch": "*"} if seen is None else {"IfMatch": seen}))
    except Exception as error:  # botocore's have no base
        if is_changed(error):
            return False
        if not is_unknown(error):
            raise unreadable(path, "cannot be written", error) from error
        _write(path, data, token)
    return True


def _write(path: str, data: bytes, token: str) -> None:
    with create(path, token) as stream:
        stream.write(data)


def _put(path: str, data: bytes, condition: dict[str, Any]) -> None:
    import smart_open  # noqa: PLC0415

    more = {"multipart_upload": False, "client_kwargs": {"S3.Client.put_object": condition}}
    with smart_open.open(path, "wb", compression="disable", transport_params=more) as stream:
        stream.write(data)
