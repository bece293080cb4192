"""What a server answered, as a crawler kept it: status, headers, and the payload with its codings undone."""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import brotli
from backports import zstd
from isal import igzip_lib

from atom_data.extract.flow import BROKEN_DATA, HEAD_END

STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)")
MIME = re.compile(rb"[ \t]*([A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+*-]{1,120})[ \t]*(?:[;,]|$)")
CHARSET = re.compile(rb";[ \t]*charset[ \t]*=[ \t]*[\"']?[ \t]*([A-Za-z0-9_.:+-]{1,40})", re.IGNORECASE)
CHUNK = re.compile(rb"\r?\n?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
CODINGS_LIMIT = 3
PIECE_BYTES = 1 << 20


class TooLarge(Exception):
    """A payload that decodes to more than is allowed."""


@dataclass(slots=True)
class Answer:
    """A parsed HTTP response."""

    status: int | None
    fields: dict[bytes, bytes]
    payload: bytes | memoryview
    """As it was stored: chunks and content codings are still in it. A view where it is part of a record."""


def split_answer(block: bytes, parse: Callable[[bytes], dict[bytes, bytes]], limit: int) -> Answer | None:
    """Split a response record's block; None where its header is longer than `limit`.

    A block that does not begin like an HTTP response is all payload; a header that no blank line ends is all header.
    """
    found = STATUS.match(block)
    if found is None:
        return Answer(None, {}, block)
    end = HEAD_END.search(block, 0, limit)
    if end is None and len(block) > limit:
        return None
    head = block[: end.end()] if end else block
    return Answer(int(found[1]), parse(head), memoryview(block)[end.end() :] if end else b"")


def mime_of(content_type: bytes) -> str | None:
    """Return the MIME type in lower case and without parameters; None where there is none."""
    found = MIME.match(content_type)
    return found[1].decode("ascii").lower() if found else None


def charset_of(content_type: bytes) -> str | None:
    """Return the charset parameter in lower case, as the server wrote it; None where there is none."""
    found = CHARSET.search(content_type)
    return found[1].decode("ascii").lower() if found else None


def decoded(answer: Answer, limit: int) -> bytes | memoryview:
    """Return the payload with chunks and content codings undone.

    Many crawlers decode a payload and keep the header that said so: what does not decode is returned as it is, and what
    decodes only up to a point is returned up to that point. Errors: TooLarge beyond `limit` bytes.
    """
    payload = answer.payload
    if b"chunked" in answer.fields.get(b"transfer-encoding", b"").lower():
        payload = dechunked(bytes(payload))
    if named := answer.fields.get(b"content-encoding"):
        for coding in reversed(named.lower().replace(b" ", b"").split(b",")[-CODINGS_LIMIT:]):
            payload = _uncoded(bytes(payload), coding, limit)
    return payload


def dechunked(payload: bytes) -> bytes:
    """Join the chunks of a payload, up to the first bad one; a payload that begins with none is returned as it is."""
    pieces, place = [], 0
    while (found := CHUNK.match(payload, place)) is not None:
        size = int(found[1], 16)
        pieces.append(payload[found.end() : found.end() + size])
        place = found.end() + size
        if size == 0:
            break
    return b"".join(pieces) if pieces else payload


def _uncoded(payload: bytes, coding: bytes, limit: int) -> bytes:
    if coding in (b"gzip", b"x-gzip") and payload.startswith(b"\x1f\x8b"):
        return _joined(_pieces(igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP), payload), limit) or payload
    if coding == b"deflate":
        for flag in (igzip_lib.DECOMP_ZLIB, igzip_lib.DECOMP_DEFLATE):
            if plain := _joined(_pieces(igzip_lib.IgzipDecompressor(flag), payload), limit):
                return plain
    if coding == b"br":
        return _joined(_brotli(payload), limit) or payload
    if coding == b"zstd" and payload.startswith(b"\x28\xb5\x2f\xfd"):
        return _joined(_pieces(zstd.ZstdDecompressor(), payload), limit) or payload
    return payload


def _pieces(decompressor: Any, payload: bytes) -> Iterator[bytes]:  # noqa: ANN401
    piece = decompressor.decompress(payload, PIECE_BYTES)
    while piece:
        yield piece
        if decompressor.eof:
            return
        piece = decompressor.decompress(b"", PIECE_BYTES)


def _brotli(payload: bytes) -> Iterator[bytes]:
    decompressor = brotli.Decompressor()
    piece = decompressor.process(payload, output_buffer_limit=PIECE_BYTES)
    while piece:
        yield piece
        if decompressor.is_finished() or decompressor.can_accept_more_data():
            return
        piece = decompressor.process(b"", output_buffer_limit=PIECE_BYTES)


def _joined(pieces: Iterator[bytes], limit: int) -> bytes:
    total, kept = 0, []
    with contextlib.suppress(*BROKEN_DATA, brotli.error):
        for piece in pieces:
            total += len(piece)
            if total > limit:
                raise TooLarge
            kept.append(piece)
    return b"".join(kept)
