"""Text as a quoted string of JSON, which TOML and YAML read as well; characters that one of them refuses are escaped."""

import json
import re

UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def quoted(text: str) -> str:
    """Return text as a string for JSON and YAML; lone surrogates become U+FFFD."""
    return UNPRINTABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"
