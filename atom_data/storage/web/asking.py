"""A part of a file asked for over HTTP, again and again while its server is busy, slow or breaks off."""

import base64
import http
import http.client
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from atom_data.errors import DataError
from atom_data.storage.paths import reason, without_secrets
from atom_data.storage.web.traffic import WHOLE, Answer, Patience, Traffic
from atom_data.storage.web.turns import turn

LATER = frozenset((403, 408, 420, 425, 429, 500, 502, 503, 504))
"""Statuses of servers that may give the file later. 403 is among them: Common Crawl's says so to all who ask too much, for
minutes."""
GROWTH = 64
"""How many times longer than the first the longest pause is."""
LONGEST_ASKED = 600.0
"""Seconds that a server may ask to be left alone for by Retry-After (RFC 9110, section 10.2.3); more counts as these."""
SLOWEST_BYTES = 1024
"""Per second, over the time for which a server may stall: what brings less is asked for again."""
UNREACHED = 60.0
"""Seconds after which a host is given up that has never answered: a name that is misspelled does not take half an hour."""
READ_BYTES = 1 << 18


class Later(Exception):
    """The server may answer later: why, and how many seconds it asks for."""

    def __init__(self, why: str, seconds: float = 0.0, unreached: bool = False) -> None:
        """Note why."""
        super().__init__(why)
        self.seconds, self.unreached = seconds, unreached


def ask_for(
    url: str, start: int, stop: int, patience: Patience, traffic: Traffic, etag: str = "", try_parts: bool = False
) -> Answer:
    """Return bytes [start, stop) of a URL, fewer only at the end of the file. What came before a break is kept.

    With `try_parts`, a server that gives whole files and no parts is answered for by WHOLE, and its bytes are not read.
    Errors: DataError where it is not there or was changed meanwhile (another ETag than `etag`), where its server gives no parts
    of files, and when `patience` is at its end. Memory: the part.
    """
    data, pause = bytearray(), patience.pause
    while True:
        before = len(data)
        try:
            with turn(urlsplit(url).netloc.rpartition("@")[2], patience.requests):
                traffic.counts["requests"] += 1
                total, found = _receive(url, start, stop, data, patience, traffic.bearer, try_parts)
                traffic.counts["bytes"] += len(data) - before
        except Later as later:
            traffic.counts["bytes"] += len(data) - before
            pause = patience.pause if len(data) > before else pause
            _wait(url, later, pause, patience, traffic)
            pause = min(2 * pause, GROWTH * patience.pause)
            continue
        if etag and found and found != etag:
            raise DataError(
                f"{without_secrets(url)}: was changed while it was read: its ETag was {etag} and is {found}. Run again."
            )
        return Answer(bytes(data), total, found or etag)


def _wait(url: str, later: Later, pause: float, patience: Patience, traffic: Traffic) -> None:
    seconds = max(pause, min(later.seconds, LONGEST_ASKED))
    allowed = min(patience.seconds, UNREACHED) if later.unreached and not traffic.counts["bytes"] else patience.seconds
    if traffic.waited + seconds > allowed:
        raise DataError(
            f"{without_secrets(url)}: cannot be read ({later}), after {traffic.counts['requests']:,} requests and pauses of "
            f"{traffic.waited:.0f} seconds together. Run again later: finished shards are kept."
        ) from later
    time.sleep(seconds)
    traffic.counts["again"] += 1
    traffic.waited += seconds


def _request(url: str, begin: int, stop: int, bearer: str) -> urllib.request.Request:
    """Return the request for bytes [begin, stop); a user and password in the URL go into its head, which redirects lose."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    headers = {"Range": f"bytes={begin}-{stop - 1}", "Accept-Encoding": "identity", "User-Agent": "atom-data"}
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)), headers=headers)
    basic = f"Basic {base64.b64encode(unquote(user).encode()).decode()}" if user else ""
    if bearer or basic:
        request.add_unredirected_header("Authorization", f"Bearer {bearer}" if bearer else basic)
    return request


def _receive(
    url: str, start: int, stop: int, data: bytearray, patience: Patience, bearer: str, try_parts: bool
) -> tuple[int, str]:
    """Ask once for what `data` lacks of [start, stop) and add what comes. Return the file's size and ETag."""
    begin = start + len(data)
    try:
        with urllib.request.urlopen(_request(url, begin, stop, bearer), timeout=patience.stall) as answer:
            if try_parts and answer.status == http.HTTPStatus.OK:
                return WHOLE, _version(answer.headers)
            total = _total(url, answer, begin)
            _read(answer, min(stop, total) - begin, data, patience.stall)
            return total, _version(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416:  # the file ends before `begin`
                return begin, _version(error.headers)
            if error.code not in LATER:
                todo = "Check your access: on a hub, HF_TOKEN" if error.code == 401 else "Check the URL"
                raise DataError(f"{without_secrets(url)}: cannot be opened ({reason(error)}). {todo}.") from error
            raise Later(reason(error), _seconds(error.headers.get("Retry-After"))) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DataError(f"{without_secrets(url)}: cannot be opened ({reason(error)}). Check the URL.") from error
        raise Later(reason(error), unreached=isinstance(error.reason, (socket.gaierror, ConnectionError))) from error
    except (http.client.HTTPException, OSError) as error:
        raise Later(reason(error)) from error


def _total(url: str, answer: Any, begin: int) -> int:  # noqa: ANN401 - urllib's, or a file's or proxy's
    """Return the size of the file. Later where other bytes come than were asked for."""
    if answer.status == 206:
        said = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", str(answer.headers.get("Content-Range")).strip())
        if said is None or int(said[1]) != begin:
            raise Later(f"it answered with the range {answer.headers.get('Content-Range')!r}, not from {begin:,} on")
        return int(said[3])
    size = answer.headers.get("Content-Length")
    if answer.status != 200 or size is None or not size.isdigit():
        raise Later(f"it answered with status {answer.status}, and does not say how large the file is")
    if begin:
        raise DataError(
            f"{without_secrets(url)}: its server gives whole files and no parts (RFC 9110, section 14). Fetch the file and read it "
            "from disk."
        )
    return int(size)


def _read(answer: Any, count: int, data: bytearray, stall: float) -> None:  # noqa: ANN401
    """Add `count` bytes; Later when they end before, or come too slowly."""
    end, since, there = len(data) + count, time.monotonic(), len(data)
    while len(data) < end:
        found = answer.read1(min(READ_BYTES, end - len(data)))
        if not found:
            raise Later(f"it broke off {end - len(data):,} bytes before the end")
        data += found
        passed = time.monotonic() - since
        if passed >= stall:
            if len(data) - there < SLOWEST_BYTES * passed:
                raise Later(f"it gave {len(data) - there:,} bytes in {passed:.0f} seconds")
            since, there = time.monotonic(), len(data)


def _version(headers: Any) -> str:  # noqa: ANN401 - of urllib
    """Return what tells this version of a file from others; empty where the server does not say."""
    return str(headers.get("ETag") or headers.get("Last-Modified") or "")


def _seconds(said: str | None) -> float:
    return float(said) if said and said.strip().isdigit() else 0.0
