"""Stop words of the language that a text is in (Penedo et al. 2025, FineWeb2, for Gopher's rule in every language)."""

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
from atom_data.text.buffers import string_buffers
from atom_data.text.statistics.stop_words import Lists, count_listed, word_lists
from atom_data.text.words import unicode_words


@dataclass(frozen=True, kw_only=True, slots=True)
class CountStopWords:
    """Add `language_stop_word_count` (int32): how many different stop words of its language a text has.

    Reads `text` and `language`. Words are runs of letters, numbers and marks, in any case; an entry `*part*` of the list
    counts wherever it stands, which is for languages without spaces between words. 0 for an empty text; null for a null
    text, and where the language is null or has no list: no rule accepts that, so give the rule a
    `where = { language = ... }`. The English count of `count_words` is another column.
    """

    words: Path | None = None
    """A file of lists; None takes `filters/lists/stop_words.txt`, which says what a line is. Its bytes count."""

    def __post_init__(self) -> None:
        """Read the lists, so that a wrong one is found before a document is read."""
        _lists(self._path())

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Count in every text of the batch."""
        texts = column(batch, "text")
        found = _lists(self._path())
        numbers = pc.index_in(column(batch, "language").cast(pa.string()), pa.array(found.languages, pa.string()))
        places = pc.fill_null(numbers, -1).to_numpy(zero_copy_only=False)
        chosen = np.where(places < 0, -1, np.array([*found.numbers, -1])[places]).astype(np.int64)
        buffers = string_buffers(texts)
        counts = count_listed(buffers, unicode_words(buffers), found.lists, chosen)
        nothing = (chosen < 0) | texts.is_null().to_numpy(zero_copy_only=False)
        return with_columns(batch, language_stop_word_count=pa.array(counts, mask=nothing))

    def _path(self) -> Path:
        return filters_folder() / "lists" / "stop_words.txt" if self.words is None else Path(self.words)


class _Found(NamedTuple):
    languages: tuple[str, ...]
    numbers: tuple[int, ...]
    lists: Lists


@cache
def _lists(path: Path) -> _Found:
    if not path.is_file():
        raise ConfigError(f"CountStopWords: no file {path} of stop words. Give the path of a list.")
    numbers: dict[str, int] = {}
    words: list[list[str]] = []
    parts: list[list[str]] = []
    for line in path.read_text("utf-8", "replace").splitlines():
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        languages, colon, listed = entry.partition(":")
        entries = list(dict.fromkeys(listed.split()))
        if not (colon and languages.split() and entries):
            raise ConfigError(f"{path.name}: the line '{entry[:60]}'; it is languages, a colon, words. Fix the list.")
        for language in languages.split():
            if numbers.setdefault(language, len(words)) != len(words):
                raise ConfigError(f"{path.name}: the language '{language}' has two lists. Leave one out.")
        inside = [entry for entry in entries if len(entry) > 2 and entry[0] == entry[-1] == "*"]
        words.append([entry for entry in entries if entry not in inside])
        parts.append([entry[1:-1] for entry in inside])
    try:
        lists = word_lists(words, parts)
    except ValueError as error:
        raise ConfigError(
            f"{path.name}: {error}. Give words of letters, up to 64 a language, and *parts* that are found anywhere."
        ) from error
    return _Found(tuple(numbers), tuple(numbers.values()), lists)
