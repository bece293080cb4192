"""Text that a page keeps in its data and shows only by a script: JSON-LD, Discourse's topics, the state of Next.js; at last its
description.
"""

import json
import re
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np

from atom_data.extract.structured import parsed, records
from atom_data.text.html.page import Page
from atom_data.text.html.plain import plain_text
from atom_data.text.html.scan import scan
from atom_data.text.html.source import unescaped

MOST_BYTES = 4 << 20
LONG_CHARACTERS = 200
"""A text in a page's state that is shorter says little."""
PARTS, DEPTH = 500, 20
MORE = 4
"""What is stored counts when it has so many times the words that the page shows."""
DISCOURSE = re.compile(rb"data-preloaded=\"([^\"]*)\"|data-preloaded='([^']*)'")
NEXT = re.compile(rb"<script[^>]{0,200}?id=[\"']?__NEXT_DATA__[^>]*>", re.IGNORECASE)
SCRIPT_END = re.compile(rb"</script", re.IGNORECASE)
LEAST_DESCRIPTION = 40
"""Words. A description that long is the begin of the text, as forums give it; a shorter one only says what the page is about."""
_NAME = rb"(?:name|property)=[\"'](?:og:|twitter:)?description[\"']"
_VALUE = rb"content=(?:\"([^\"]*)\"|'([^']*)')"
DESCRIPTION = re.compile(
    rb"<meta\s[^>]{0,99}?(?:%s[^>]{0,99}?%s|%s[^>]{0,99}?%s)" % (_NAME, _VALUE, _VALUE, _NAME), re.IGNORECASE
)
CONTENT = re.compile(r"content|body|text|html|article|description|cooked|paragraph|markdown|copy|story", re.IGNORECASE)


def stored_text(page: Page, shown: int) -> str:
    """Return the text that a page holds in its data, where that is much longer than the words it shows; else nothing."""
    for found in (_json_ld(page), _discourse(page), _next(page), _description(page)):
        if len(found.split()) > MORE * max(shown, 5):
            return found
    return ""


def _json_ld(page: Page) -> str:
    bodies = (record.texts.get(name) for record in records(page) for name in ("articleBody", "text"))
    return _plain(max(filter(None, bodies), key=len, default=""))


def _discourse(page: Page) -> str:
    """Return the posts of a topic that Discourse gives to its script: JSON in JSON in an attribute."""
    source = page.source[:MOST_BYTES].tobytes()
    found = DISCOURSE.search(source)
    outer = parsed((unescaped(found[1] or found[2] or b"") or "").encode()) if found else None
    if not isinstance(outer, dict):
        return ""
    topics = [_loads(value) for name, value in outer.items() if name.startswith("topic_")]
    posts = [post for topic in topics if isinstance(topic, dict) for post in _posts(topic)]
    return "\n\n".join(filter(None, map(_plain, posts[:PARTS])))


def _posts(topic: dict[str, Any]) -> Iterator[str]:
    stream = topic.get("post_stream")
    posts = stream.get("posts") if isinstance(stream, dict) else None
    for post in posts if isinstance(posts, list) else []:
        if isinstance(post, dict) and isinstance(post.get("cooked"), str):
            yield post["cooked"]


def _next(page: Page) -> str:
    source = page.source[:MOST_BYTES].tobytes()
    found = NEXT.search(source)
    end = SCRIPT_END.search(source, found.end()) if found else None
    texts = _long_texts(parsed(source[found.end() : end.start()])) if found and end else []
    return "\n\n".join(filter(None, map(_plain, dict.fromkeys(texts[:PARTS]))))


def _description(page: Page) -> str:
    """Return the longest description that the head of a page gives, where it is a text."""
    found = DESCRIPTION.finditer(page.source[:MOST_BYTES].tobytes())
    texts = [_plain(unescaped(b"".join(filter(None, match.groups()))) or "") for match in found]
    longest = max(texts, key=len, default="")
    return longest if len(longest.split()) >= LEAST_DESCRIPTION else ""


def _long_texts(state: object) -> list[str]:
    """Return the long texts of a page's state, as JSON gives it, that stand under a name for content, in order."""
    found: list[str] = []
    _add_long_texts(state, "", 0, found)
    return found


def _add_long_texts(value: object, name: str, depth: int, found: list[str]) -> None:
    if isinstance(value, str):
        if len(value) >= LONG_CHARACTERS and " " in value and CONTENT.search(name):
            found.append(value)
        return
    if depth == DEPTH or not isinstance(value, dict | list):
        return
    for key, item in value.items() if isinstance(value, dict) else zip(repeat(name), value, strict=False):
        kind = type(item)  # most of what is there are numbers and short texts: they are left out before a call
        if kind is dict or kind is list or (kind is str and len(item) >= LONG_CHARACTERS):
            _add_long_texts(item, key, depth + 1, found)


def _plain(text: str) -> str:
    """Return a text without its markup, where it has any."""
    if "<" not in text:
        return text.strip()
    page = scan(text.encode("utf-8", "replace"))
    kept = np.ones(len(page.blocks), np.bool_)
    return plain_text(page, kept).decode("utf-8", "replace")


def _loads(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
