"""Where a document comes from, and whether its address says that it is not for a corpus."""

import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.assets import filters_folder
from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError, DataError
from atom_data.signals.published.archives import member
from atom_data.text.buffers import string_array, string_buffers
from atom_data.text.hosts import NO_HOST, OTHER_HOST, are_listed, domain_table, entry_hashes, hosts
from atom_data.text.phrases import ASCII_LETTERS, Phrases, build_phrases, entry, phrase_counts

# The host of RFC 3986, as browsers find it: up to the last `@`, and a backslash ends it as well as a slash. A name has no
# space or control character in it. For hosts that are not ASCII; the kernel finds the others.
_HOST = (
    r"^\s*(?:[A-Za-z][A-Za-z0-9+.\-]*:)?[/\\]{2}(?:[^/?#\\]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\\\[\]\pZ\pC]*)(?:[/?#:\\]|\s*$)"
)
_MOST_WORDS = 2000
_CHUNK_BYTES = 1 << 24


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckUrl:
    """Add `domain` (string), `is_blocked_url` (bool) and `url_blocked_by` (string) from `url`.

    `domain` is the host in lower case, without `www.`, port and final dot; an internationalized name stays as it is
    written. It is null for a null url and one without a host. A url is blocked when its domain or one above it is in
    `domains`, or when one of `words` is in it; a null url is not. `url_blocked_by` says which, `domain` or `word`, and is
    null for one that is not blocked. The rules follow Penedo et al. 2023, The RefinedWeb Dataset for Falcon LLM, section
    3.1.

    Of a list of domains 64-bit hashes are kept: 12 to 24 bytes a domain and, while it is read, 8 more and 50 MB. A domain
    that is not listed is taken for one that is with a probability of its labels times the length of the list in 2^64:
    with 5 million domains, once in some 10^12 urls.
    """

    domains: Path | tuple[Path, ...] | None = None
    """Files of blocked domains, one per line, or lines of a hosts file (`0.0.0.0 name`), plain, `.gz`, or `domains` in a
    `.tar.gz`; `#` begins a remark. None blocks none."""  # fmt: skip

    words: Path | None = None
    """A file of blocked words; None takes `filters/lists/url_words.txt`, which says what a line may be."""

    def __post_init__(self) -> None:
        """Read the list of words, and look for the others, so that a wrong one is found before a document is read."""
        _blocked_words(self._words())
        for path in self._lists():
            if not path.is_file():
                raise ConfigError(f"CheckUrl: no file {path} of blocked domains. Give the path of a list.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Look at every url of a batch."""
        urls = column(batch, "url").cast(pa.string())
        domains = domains_of(urls)
        worded = phrase_counts(string_buffers(urls), _blocked_words(self._words()), ASCII_LETTERS) > 0
        lists = self._lists()
        named = are_listed(string_buffers(domains), blocked_domains(lists)) if lists and len(urls) else ~worded & False
        blocked_by = pa.array(["domain", "word"]).take(pa.array(np.where(named, 0, 1), mask=~(named | worded)))
        return with_columns(batch, domain=domains, is_blocked_url=named | worded, url_blocked_by=blocked_by)

    def _lists(self) -> tuple[Path, ...]:
        if self.domains is None:
            return ()
        given = self.domains if isinstance(self.domains, (tuple, list)) else (self.domains,)
        return tuple(Path(path) for path in given)

    def _words(self) -> Path:
        return filters_folder() / "lists" / "url_words.txt" if self.words is None else Path(self.words)


def domains_of(urls: pa.Array) -> pa.Array:
    """Return the host of every url in lower case, without `www.` and final dot; null where there is none."""
    buffers, kinds = hosts(string_buffers(urls))
    found = string_array(buffers.data, buffers.offsets, urls.fill_null(""))
    domains = pc.if_else(pa.array(kinds == NO_HOST), pa.scalar(None, pa.string()), found)
    others = kinds == OTHER_HOST
    if not others.any():
        return domains
    return pc.replace_with_mask(domains, pa.array(others), _other_domains(urls.filter(pa.array(others))))


def _other_domains(urls: pa.Array) -> pa.Array:
    host = pc.struct_field(pc.extract_regex(urls, _HOST), "host")
    name = pc.replace_substring_regex(pc.ascii_lower(host), r"^www\.|\.+$", "")
    return pc.if_else(pc.equal(name, ""), pa.scalar(None, pa.string()), name)


@cache
def blocked_domains(paths: tuple[Path, ...]) -> npt.NDArray[np.uint64]:
    """Return the table of the domains in some files."""
    return domain_table([hashes for path in paths for hashes in _hashes_in(path)])


def _hashes_in(path: Path) -> Iterator[npt.NDArray[np.uint64]]:
    """Yield the hashes of the entries of a file, which is read in parts that end with a line."""
    try:
        with member(path, "domains") as stream:
            rest = b""
            while chunk := stream.read(_CHUNK_BYTES):
                lines, end, after = chunk.rpartition(b"\n")
                if end:
                    yield _hashes_of(rest + lines + end)
                rest = after if end else rest + chunk
            yield _hashes_of(rest)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise DataError(f"CheckUrl: {path.name} cannot be read ({error}). Fetch the list of domains again.") from error


def _hashes_of(lines: bytes) -> npt.NDArray[np.uint64]:
    hashes = np.empty(lines.count(b"\n") + 1, np.uint64)
    count = entry_hashes(np.frombuffer(lines, np.uint8), hashes) if lines else 0
    return hashes[:count].copy()


@cache
def _blocked_words(path: Path) -> Phrases:
    """Return the automaton that finds any word of a file."""
    if not path.is_file():
        raise ConfigError(f"CheckUrl: no file {path} of blocked words. Give the path of a list.")
    words = list(_entries(path))
    wrong = [word for word in words if not re.fullmatch(r"\*?[a-z]+\*?", word)]
    if wrong or not 0 < len(words) <= _MOST_WORDS:
        what = f"the entry '{wrong[0]}'" if wrong else f"{len(words)} entries"
        raise ConfigError(
            f"{path.name}: {what}; it takes 1 to {_MOST_WORDS} words of a to z, with * before or after for more letters. "
            "Fix the list."
        )
    return build_phrases([entry(word) for word in words])


def _entries(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            word = line.partition("#")[0].strip()
            if word:
                yield word
