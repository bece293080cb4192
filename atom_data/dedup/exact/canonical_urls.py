"""Canonical URLs: equivalent ones by RFC 3986, and those that lead to the same page, are spelled alike."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

import idna

LONGEST_HOST = 253
"""Characters of a name (RFC 1035, section 2.3.4); a longer one is not a name, and IDNA is not tried on it."""

# What may stand unescaped beside the unreserved characters (RFC 3986, sections 2.3 and 3.3 to 3.5).
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9\-._~]")
_IN_PATH: Final = "!$&'()*+,;=:@/%"
_IN_QUERY: Final = _IN_PATH + "?"
_IN_ADDRESS: Final = "[]:"
_PORTS: Final = {"http": "80", "https": "443", "ftp": "21", "ws": "80", "wss": "443"}
_EDGES: Final = "".join(map(chr, range(33)))
_INSIDE: Final = {ord(one): None for one in "\t\n\r"}

# RFC 3986, appendix B; it finds parts in any text and never looks at a character twice.
_PARTS: Final = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL
)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DOTS: Final = re.compile(r"[\u3002\uff0e\uff61]")
_NUMBERS: Final = re.compile(r"\[[0-9a-f:.]+\]")
_WWW: Final = re.compile(r"(?:www\.)*")
_SESSION: Final = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)


def canonical_url(
    url: str, is_tracking: Callable[[str], bool], *, merge_schemes: bool = True, drop_www: bool = True
) -> str | None:
    """Return the canonical form of a url, in ASCII, or None when it has no scheme or no host.

    Never raises, takes time as n log n, and of its own result gives the same again. RFC 3986, sections 6.2.2 and 6.2.3:
    scheme and host in lower case, escapes in upper case and only where they are needed, dot segments resolved, no default
    port, no empty path. As browsers read it (WHATWG URL): blanks and control characters at the ends and line breaks
    inside do not count, a backslash in the path is a slash. Names are those of IDNA 2008 with the mapping of UTS 46,
    without a final dot. And beyond equivalence, what rarely tells one page from another: user and password, final
    slashes, a session in the path, and the fragment go (but not one that begins with `!`, which sites use as a path);
    parameters that `is_tracking` knows go and the rest is sorted, with `+` as a blank; with `merge_schemes` http is
    https, and with `drop_www` the host has no `www.`.
    """
    scheme, authority, path, query, fragment = _parts(url)
    merged = merge_schemes and scheme in ("http", "https")
    ports: set[str | None] = {"80", "443"} if merged else {_PORTS.get(scheme)}
    host = _host(authority, ports, drop_www)
    if not scheme or not host:
        return None
    path = _without_dots(_SESSION.sub("", _escaped(path, _IN_PATH))).rstrip("/")
    asked = _sorted(query, is_tracking)
    more = f"?{asked}" if asked else ""
    if fragment.startswith("!"):
        more += f"#{_escaped(fragment, _IN_QUERY)}"
    return f"{'https' if merged else scheme}://{host}{path or ('/' if more else '')}{more}"


def _parts(url: str) -> tuple[str, str, str, str, str]:
    text = url.strip(_EDGES).translate(_INSIDE)
    if "\\" in text:
        edge = min(place for place in (text.find("?"), text.find("#"), len(text)) if place >= 0)
        text = text[:edge].replace("\\", "/") + text[edge:]
    match = _PARTS.fullmatch(text)
    scheme, authority, path, query, fragment = (part or "" for part in match.groups()) if match else ("",) * 5
    return scheme.lower(), authority, path, query, fragment


def _host(authority: str, default_ports: set[str | None], drop_www: bool) -> str:
    name, colon, port = authority.rpartition("@")[2].rpartition(":")
    if not colon or "]" in port:
        name, port = name + colon + port, ""
    host = _name(name) if len(name) <= LONGEST_HOST else _quoted(unquote(name).lower().rstrip("."), "")
    if drop_www:
        host = _without_www(host)
    port = unquote(port)
    port = port.lstrip("0") if port.isascii() and port.isdigit() else _quoted(port, "")
    return f"{host}:{port}" if host and port and port not in default_ports else host


@lru_cache(maxsize=1 << 14)
def _name(name: str) -> str:
    """Return a host name in ASCII. Pages of one site follow one another, so the last names are remembered (some MB)."""
    plain = _DOTS.sub(".", unquote(name)).lower().rstrip(".")
    if plain.isascii():
        return _quoted(plain, _IN_ADDRESS if _NUMBERS.fullmatch(plain) else "")
    try:
        return idna.encode(plain, uts46=True).decode().rstrip(".")
    except (idna.IDNAError, UnicodeError):
        return _quoted(plain, "")


def _without_www(host: str) -> str:
    match = _WWW.match(host)
    end = match.end() if match else 0
    # A name must stay: www.com is not com.
    return host[end if "." in host[end:] else max(end - 4, 0) :]


def _escaped(text: str, safe: str) -> str:
    """Return text with escapes in upper case, where they are needed and only there."""
    return _quoted(_ESCAPE.sub(_escape, _STRAY.sub("%25", text)) if "%" in text else text, safe)


def _escape(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if _UNRESERVED.fullmatch(character) else found[0].upper()


def _quoted(text: str, safe: str) -> str:
    return quote(text, safe, errors="replace")


def _without_dots(path: str) -> str:
    """Return a path without dot segments (RFC 3986, section 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    for part in path.split("/")[1:]:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    return "/" + "/".join(kept)


def _sorted(query: str, is_tracking: Callable[[str], bool]) -> str:
    parts = (_escaped(part.replace("+", "%20"), _IN_QUERY) for part in query.split("&") if part)
    return "&".join(sorted(part for part in parts if not is_tracking(part.partition("=")[0])))
