"""Where a document comes from, and whether its address says that it is not for a corpus."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh64_intdigest

from atom_data.assets import filters_folder
from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError

# The host of RFC 3986, as browsers find it: up to the last `@`, and a backslash ends it as well as a slash. A name has no
# space or control character in it.
_HOST = (
    r"^\s*(?:[A-Za-z][A-Za-z0-9+.\-]*:)?[/\\]{2}(?:[^/?#\\]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\\\[\]\pZ\pC]*)(?:[/?#:\\]|\s*$)"
)
_LONGEST_NAME = 253  # RFC 1035, section 2.3.4, without the final dot
_MOST_WORDS = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckUrl:
    """Add `domain` (string) and `is_blocked_url` (bool) from `url`.

    `domain` is the host in lower case, without `www.`, port and final dot; an internationalized name stays as it is
    written. It is null for a null url and one without a host. A url is blocked when its domain or one above it is in
    `domains`, or when one of `words` is in it; a null url is not. The rules follow Penedo et al. 2023, The RefinedWeb
    Dataset for Falcon LLM, section 3.1.
    """

    domains: Path | None = None
    """A file of blocked domains, one a line; `#` begins a remark. Eight bytes of memory for each. None blocks none."""

    words: Path | None = None
    """A file of blocked words; None takes `filters/lists/url_words.txt`, which says what a line may be."""

    def __post_init__(self) -> None:
        """Read the lists, so that a wrong one is found before a document is read."""
        _blocked_words(self._words())
        if self.domains is not None and not Path(self.domains).is_file():
            raise ConfigError(f"CheckUrl: no file {self.domains} of blocked domains. Give the path of a list.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Look at every url of a batch."""
        urls = column(batch, "url").cast(pa.string())
        domains = domains_of(urls)
        blocked = pc.fill_null(pc.match_substring_regex(urls, _blocked_words(self._words())), False)
        if self.domains is not None:
            blocked = pc.or_(blocked, _is_listed(domains, _blocked_domains(Path(self.domains))))
        return with_columns(batch, domain=domains, is_blocked_url=blocked)

    def _words(self) -> Path:
        return filters_folder() / "lists" / "url_words.txt" if self.words is None else Path(self.words)


def domains_of(urls: pa.Array) -> pa.Array:
    """Return the host of every url in lower case, without `www.` and final dot; null where there is none."""
    host = pc.struct_field(pc.extract_regex(urls, _HOST), "host")
    name = pc.replace_substring_regex(pc.ascii_lower(host), r"^www\.|\.+$", "")
    return pc.if_else(pc.equal(name, ""), pa.scalar(None, pa.string()), name)


def _is_listed(domains: pa.Array, listed: npt.NDArray[np.uint64]) -> pa.Array:
    codes = pc.dictionary_encode(domains)
    found = [_has_any(listed, domain) for domain in codes.dictionary.to_pylist()]
    return pc.fill_null(pc.take(pa.array(found, pa.bool_()), codes.indices), False)


def _has_any(listed: npt.NDArray[np.uint64], domain: str) -> bool:
    # Only a name that the domain name system allows: time would grow with the square of the length.
    if listed.size == 0 or len(domain) > _LONGEST_NAME:
        return False
    labels = domain.split(".")
    hashes = np.array([_hash(".".join(labels[start:])) for start in range(len(labels))], np.uint64)
    places = np.minimum(np.searchsorted(listed, hashes), listed.size - 1)
    return bool((listed[places] == hashes).any())


def _hash(domain: str) -> int:
    return xxh64_intdigest(domain.encode())


@cache
def _blocked_domains(path: Path) -> npt.NDArray[np.uint64]:
    """Return the sorted hashes of the domains in a file. Of 10 million, two share one in 1 of 370,000 lists."""
    names = (line.lower().removeprefix("www.").rstrip(".") for line in _entries(path))
    return np.unique(np.fromiter(map(_hash, names), np.uint64))


@cache
def _blocked_words(path: Path) -> str:
    """Return the pattern that finds any word of a file."""
    if not path.is_file():
        raise ConfigError(f"CheckUrl: no file {path} of blocked words. Give the path of a list.")
    words = list(_entries(path))
    wrong = [word for word in words if not re.fullmatch(r"\*?[a-z]+\*?", word)]
    if wrong or not 0 < len(words) <= _MOST_WORDS:
        what = f"the entry '{wrong[0]}'" if wrong else f"{len(words)} entries"
        raise ConfigError(
            f"{path.name}: {what}; it takes 1 to {_MOST_WORDS} words of a to z, with * before or after for more letters. "
            "Mend the list."
        )
    return "(?i)" + "|".join(map(_word_pattern, words))


def _word_pattern(word: str) -> str:
    before = "" if word[0] == "*" else "(?:^|[^a-z])"
    after = "" if word[-1] == "*" else "(?:[^a-z]|$)"
    return before + word.strip("*") + after


def _entries(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            entry = line.partition("#")[0].strip()
            if entry:
                yield entry
