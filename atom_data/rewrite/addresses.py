"""Addresses of pages cut out of a text, and long runs of line feeds (DCLM, before its heuristics)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.assets import filters_folder
from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.rewrite.each import each_changed

_SPACE = r"\s{0,10}"
_SCHEME = r"(?:(?:https?|ftp)://)?"
_HOST, _TAIL = r"[-a-zA-Z0-9@:%._+~#=]", r"[-a-zA-Z0-9()@:%_+.~#?&/=]*"
_MOST_HOST, _MOST_SPACE = 256, 10
_NUMBER = r"[0-2]?[0-9]{1,2}"
_IPV4 = re.compile(rf"{_SPACE}\b{_SCHEME}(?:{_NUMBER}\.){{3}}{_NUMBER}{_TAIL}")
_MAYBE_IPV4 = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")
_SCHEME_BEFORE = re.compile(r"(?:https?|ftp)://\Z")
_HOST_CHARACTER = re.compile(_HOST)


class _Patterns(NamedTuple):
    first: re.Pattern[str]
    """The dot and the top-level domain with a character of a host before them."""
    whole: re.Pattern[str]
    begins: re.Pattern[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveAddresses:
    """Cut web addresses out of `text`, and add `removed_address_count` (int32). Reads `text`.

    An address is up to 256 characters of a host, a dot and a top-level domain in lower case that ends a word, with what may
    follow it, or four numbers between dots; `http`, `https` or `ftp` and up to 10 white spaces before it go along. Mail addresses
    and the ends of sentences without a space (`here.it is`) are taken for addresses, as by DCLM.

    The rules are those of DCLM (Li et al. 2024; baselines/mappers/modifiers.py, url_removal_modifier at 361714b). A null text stays
    null. Pages without an address cost one search for a dot before a top-level domain.
    """

    domains: Path | None = None
    """A file of top-level domains, one per line; None takes `filters/lists/top_level_domains.txt`, which is DCLM's."""

    as_dclm: bool = False
    """Look for host names only in a page that begins with the letters of a top-level domain, in any case: DCLM's code tests the
    beginning where it means the page, and so was its data made (`The` begins with `th`, `Zebras` with none)."""

    def __post_init__(self) -> None:
        """Refuse a list that is not there."""
        if self.domains is not None and not self.domains.is_file():
            raise ConfigError(f"RemoveAddresses: no file {self.domains}. Give the path of a list of top-level domains.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Cut the addresses of a batch."""
        patterns = _patterns(self.domains or filters_folder() / "lists" / "top_level_domains.txt")
        counts = np.zeros(batch.num_rows, np.int32)

        def cut(text: str, row: int) -> str:
            if not self.as_dclm or patterns.begins.match(text):
                text, counts[row] = _without(text, _named(text, patterns))
            if _MAYBE_IPV4.search(text):
                text, more = _IPV4.subn("", text)
                counts[row] += more
            return text

        text = each_changed(column(batch, "text"), cut)
        return with_columns(batch, text=text, removed_address_count=counts)


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitNewlines:
    """Leave at most this many line feeds in a row in `text`; add `removed_newline_count` (int32). Reads `text`; a null stays.

    DCLM leaves two (baselines_configs/dclm_baseline_refinedweb.yaml, newline_removal_modifier).
    """

    most: int = 2

    def __post_init__(self) -> None:
        """Refuse a number below 1."""
        if self.most < 1:
            raise ConfigError(f"LimitNewlines: most is {self.most}. Give 1 or more.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Shorten the runs of a batch."""
        before = column(batch, "text")
        after = pc.replace_substring_regex(before, rf"\n{{{self.most + 1},}}", "\n" * self.most)
        fewer = pc.subtract(pc.binary_length(before), pc.binary_length(after))
        return with_columns(batch, text=after, removed_newline_count=pc.fill_null(fewer, 0).cast(pa.int32()))


@cache
def _patterns(path: Path) -> _Patterns:
    lines = path.read_text("utf-8").splitlines()
    names = "|".join(
        re.escape(line) for line in sorted({line.strip() for line in lines if not line.startswith("#")} - {""})
    )
    end = rf"\.(?:{names})\b"
    return _Patterns(
        re.compile(rf"{_HOST}({end})"),
        re.compile(rf"{_SPACE}{_SCHEME}{_HOST}{{1,{_MOST_HOST}}}{end}{_TAIL}"),
        re.compile(names, re.IGNORECASE),
    )


def _named(text: str, patterns: _Patterns) -> Iterator[tuple[int, int]]:
    """Yield where addresses with a host name are: what the whole pattern finds, looked for only where it can begin."""
    after = 0
    while hit := patterns.first.search(text, after):
        start = _begin(text, hit.start(1), after)
        found = patterns.whole.match(text, start)
        if found is None:  # never: the hit itself would match
            return
        yield found.span()
        after = found.end()


def _begin(text: str, dot: int, after: int) -> int:
    """Return the first place from which an address with a dot there matches."""
    start, least = dot, max(after, dot - _MOST_HOST)
    while start > least and _HOST_CHARACTER.match(text, start - 1):
        start -= 1
    scheme = _SCHEME_BEFORE.search(text, max(after, start - 8), start)
    start = scheme.start() if scheme else start
    least = max(after, start - _MOST_SPACE)
    while start > least and text[start - 1].isspace():
        start -= 1
    return start


def _without(text: str, spans: Iterator[tuple[int, int]]) -> tuple[str, int]:
    parts, after = [], 0
    for start, end in spans:
        parts.append(text[after:start])
        after = end
    return ("".join([*parts, text[after:]]), len(parts)) if parts else (text, 0)
