"""Lists of addresses as FineWeb and DCLM apply them: domains, addresses, words, soft words, and parts of words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.signals.published.archives import member
from atom_data.signals.urls import blocked_domains, domains_of
from atom_data.text.buffers import string_buffers
from atom_data.text.hosts import are_listed
from atom_data.text.phrases import ASCII_LETTERS, INSIDE, Phrases, build_phrases, phrase_counts

LISTS = ("domain", "url", "word", "soft_words", "part")
"""In the order in which they are looked at."""
_JOINED, _SPACED, _RAW = "joined", "spaced", "raw"
"""What becomes of signs in an entry: they go, they part words, or they stay."""
Rules = Literal["datatrove", "dclm"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckUrlLists:
    """Add `domain` (string, as `CheckUrl`) and `url_list` (string): the first list that an address is on. Reads `url`.

    `url_list` is `domain`, `url`, `word`, `soft_words` or `part`, and `none` for one on no list and for a null url.
    Nothing is listed without lists; `datatrove_url_lists()` has those of FineWeb. A listed domain counts for all hosts below it.

    `rules="datatrove"` (0.10.1, filters/url_filter.py): words are what is between characters other than a to z and 0 to 9, and
    have to be in lower case; parts are found in what is left of the address without such characters, in any case.
    `rules="dclm"` (baselines/mappers/filters/metadata_filters.py): words are whole words in any case, `_` is part of a word; parts
    are found without `-` and `.`. In both, `min_soft_words` different soft words count.

    Memory: 12 to 24 bytes a listed domain, kept as 64-bit hashes (see `CheckUrl`): 134 MB for the 4.56 million of datatrove, read
    in 3 seconds once a process; 70 bytes a listed address.
    """

    domains: Path | None = None
    """A domain a line, plain, `.gz`, or the member `domains` of a `.tar.gz`."""

    urls: Path | None = None
    """An address a line, or the member `urls` of a `.tar.gz`; compared as it stands."""

    words: Path | None = None
    soft_words: Path | None = None
    parts: Path | None = None
    """Entries, one per line; a line that begins with `#` is a remark. Case does not count. Under datatrove's rules nor do signs."""

    min_soft_words: int = 2

    rules: Rules = "datatrove"

    def __post_init__(self) -> None:
        """Refuse files that are not there, and rules that are not known."""
        for path in (self.domains, self.urls, self.words, self.soft_words, self.parts):
            if path is not None and not path.is_file():
                raise ConfigError(f"CheckUrlLists: no file {path}. Give the path of a list, or leave it out.")
        if self.rules not in ("datatrove", "dclm"):
            raise ConfigError(f"CheckUrlLists: no rules '{self.rules}'; there are datatrove, dclm. Choose one.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Look at every url of a batch."""
        urls = column(batch, "url").cast(pa.string())
        domains = domains_of(urls)
        found = np.full(batch.num_rows, len(LISTS), np.int64)
        for number, hit in reversed(list(enumerate(self._hits(pc.fill_null(urls, ""), domains)))):
            found[hit] = number
        return with_columns(batch, domain=domains, url_list=pa.array([*LISTS, "none"]).take(pa.array(found)))

    def _hits(self, urls: pa.Array, domains: pa.Array) -> Iterator[npt.NDArray[np.bool_]]:
        """Yield for each of LISTS which addresses are on it."""
        none = np.zeros(len(urls), np.bool_)
        named = self.domains is not None and len(urls) > 0
        yield are_listed(string_buffers(domains), blocked_domains((self.domains,))) if named else none
        yield pc.is_in(urls, _addresses(self.urls)).to_numpy(zero_copy_only=False) if self.urls else none
        words = _as_words(urls, self.rules)
        yield _counts(words, _whole(self.words, self.rules)) > 0 if self.words else none
        yield self._soft(words) if self.soft_words else none
        parts = _as_parts(urls, self.rules)
        yield _counts(parts, _inside(self.parts, self.rules)) > 0 if self.parts else none

    def _soft(self, words: pa.Array) -> npt.NDArray[np.bool_]:
        """Tell where enough different soft words are: places are counted first, and named only where there are enough."""
        assert self.soft_words is not None
        many = _counts(words, _whole(self.soft_words, self.rules)) >= self.min_soft_words
        listed = [f" {word} " for word in _entries(self.soft_words, _SPACED if self.rules == "dclm" else _JOINED)]
        for row in np.flatnonzero(many):
            text = words[int(row)].as_py()
            many[row] = sum(word in text for word in listed) >= self.min_soft_words
        return many


def datatrove_url_lists() -> CheckUrlLists:
    """Return the check with the lists that the installed datatrove carries: 4.56 million domains (of the University of Toulouse),
    19,587 addresses, and its words. Its addresses have no `http://`, so that, as in datatrove, none is ever found."""
    spec = find_spec("datatrove")
    folder = Path(str(spec.origin)).parent / "assets" if spec else Path("datatrove")
    archive = folder / "url_filterblacklistsv0_3_0.tar.gz"
    if not archive.is_file():
        raise ConfigError(
            f"datatrove_url_lists: no {archive}; this datatrove carries other lists. Install datatrove 0.10.1, or give paths."
        )
    return CheckUrlLists(
        domains=archive,
        urls=archive,
        words=folder / "banned_words.txt",
        soft_words=folder / "soft_banned_words.txt",
        parts=folder / "banned_subwords.txt",
    )


def dclm_url_lists(folder: Path) -> CheckUrlLists:
    """Return the check with DCLM's lists of words in a folder, by their names in baselines/mappers/banlists; its list of domains is
    not published, so `domains.txt` there is one of your own. ConfigError for a list that is not there."""
    strict, hard, soft = (
        folder / f"refinedweb_banned_words_{kind}_reverse_engineered.txt" for kind in ("strict", "hard", "soft")
    )
    domains = folder / "domains.txt" if (folder / "domains.txt").is_file() else None
    return CheckUrlLists(rules="dclm", domains=domains, parts=strict, words=hard, soft_words=soft)


def _as_words(urls: pa.Array, rules: str) -> pa.Array:
    """Return addresses as words between single spaces. Under datatrove's rules a capital letter spoils its word."""
    if rules == "dclm":
        spaced = pc.replace_substring_regex(pc.ascii_lower(urls), "[^a-z0-9_]+", " ")
    else:
        spaced = pc.replace_substring_regex(pc.replace_substring_regex(urls, "[^A-Za-z0-9]+", " "), "[A-Z]", "~")
    return pc.binary_join_element_wise(" ", pc.utf8_trim(spaced, " "), " ", "")


def _as_parts(urls: pa.Array, rules: str) -> pa.Array:
    signs = "[-.]" if rules == "dclm" else "[^a-zA-Z0-9]+"
    return pc.ascii_lower(pc.replace_substring_regex(urls, signs, ""))


def _counts(urls: pa.Array, phrases: Phrases) -> npt.NDArray[np.int64]:
    return phrase_counts(string_buffers(urls), phrases, ASCII_LETTERS)


@cache
def _addresses(path: Path) -> pa.Array:
    with member(path, "urls") as stream:
        return pa.array(sorted({line.strip() for line in _lines(stream)} - {""}), pa.string())


@cache
def _entries(path: Path, form: str) -> tuple[str, ...]:
    """Return the entries of a list in lower case, sorted, in one of three forms of signs."""
    with path.open("rb") as stream:
        entries = {line.strip().lower() for line in _lines(stream)}
    if form != _RAW:
        sign, signs = ("", r"[^a-z0-9]+") if form == _JOINED else (" ", r"[^a-z0-9_]+")
        entries = {re.sub(signs, sign, entry).strip() for entry in entries}
    return tuple(sorted(entries - {""}))


@cache
def _whole(path: Path, rules: str) -> Phrases:
    """Return the automaton that finds the entries of a list between spaces."""
    entries = _entries(path, _SPACED if rules == "dclm" else _JOINED)
    return build_phrases([(f" {word} ".encode(), INSIDE) for word in entries])


@cache
def _inside(path: Path, rules: str) -> Phrases:
    return build_phrases([(word.encode(), INSIDE) for word in _entries(path, _RAW if rules == "dclm" else _JOINED)])


def _lines(stream: IO[bytes]) -> Iterator[str]:
    return (line.decode("utf-8", "replace") for line in stream if not line.startswith(b"#"))
