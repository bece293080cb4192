"""Bad words: how often the words of a list stand in a text (Raffel et al. 2020, T5, section 2.2)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.assets import filters_folder
from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.text.buffers import string_buffers
from atom_data.text.phrases import INSIDE, UNICODE_WORDS, Phrases, build_phrases, folded, phrase_counts

INSIDE_WORDS = ("ja", "th", "zh")
"""Languages written without spaces: a listed word counts wherever it stands, as in the code that made mC4."""

ALLOWED = ("sm", "グロ", "女の子", "性")
"""Listed, but parts of plain words: each alone would drop more than a tenth of Japanese or Chinese (mC4's code)."""

OTHER_NAMES = {"tl": "fil"}
"""Languages that the model calls otherwise than the lists: Tagalog is listed as Filipino."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CountBadWords:
    """Add `bad_word_count` (int32): places in `text` where a word or phrase of a list ends. Reads `text`, `language`.

    The list is that of the row's `language`; a row of a language without a list is null. A listed word counts where no
    letter, number or underscore stands on either side of it, in any case; in Chinese, Japanese and Thai it counts
    everywhere. Where two listed words end at the same place, one counts. The semantics are those of C4 and mC4, the
    lists those of LDNOOBW in 28 languages (`filters/lists/bad_words`, CC-BY-4.0), which are crude: they drop medicine and
    education along with the rest, so look at what a card would drop. A null or empty text has 0.

    The lists of the languages seen are held in memory, 0.1 to 2 MB each.
    """

    language: str | None = None
    """One list for all rows, instead of the column `language`."""

    lists: tuple[Path, ...] = ()
    """Your own lists, `LANGUAGE.txt` with an entry per line and comments after `#`; without it, ours."""

    as_listed: bool = False
    """Whether an entry with a capital letter is kept as it is and so is never found, as in C4's code and datatrove's."""

    def __post_init__(self) -> None:
        """Refuse a list that is not there, and a language without one."""
        missing = [path for path in self.lists if not path.is_file()]
        if missing:
            raise ConfigError(f"CountBadWords: no file {missing[0]} of bad words. Give the path of a list.")
        known = sorted(self._files())
        if self.language is not None and self.language not in known:
            raise ConfigError(
                f"CountBadWords: no list of '{self.language}'; there are {', '.join(known)}. Choose one, or give `lists`."
            )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Count in the texts of a batch."""
        buffers = string_buffers(column(batch, "text"))
        total = np.zeros(batch.num_rows, np.int64)
        if self.language is not None:
            total = phrase_counts(buffers, self._phrases(self.language), UNICODE_WORDS)
            return with_columns(batch, bad_word_count=total.astype(np.int32))
        languages = column(batch, "language")
        listed = np.zeros(batch.num_rows, np.bool_)
        for language in sorted(filter(None, pc.unique(languages).to_pylist())):
            name = OTHER_NAMES.get(language, language)
            if name in self._files():
                chosen = pc.fill_null(pc.equal(languages, language), False).to_numpy(zero_copy_only=False)
                total += phrase_counts(buffers, self._phrases(name), UNICODE_WORDS, chosen)
                listed |= chosen
        return with_columns(batch, bad_word_count=pa.array(total.astype(np.int32), mask=~listed))

    def _files(self) -> dict[str, Path]:
        return {path.stem: path for path in self.lists} if self.lists else _our_lists()

    def _phrases(self, language: str) -> Phrases:
        return _list(self._files()[language], self.as_listed)


@cache
def _our_lists() -> dict[str, Path]:
    return {path.stem: path for path in sorted((filters_folder() / "lists" / "bad_words").glob("*.txt"))}


@cache
def _list(path: Path, as_listed: bool) -> Phrases:
    """Return the automaton of a list."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    entries = {line.partition("#")[0].strip() for line in lines} - {"", *ALLOWED}
    wanted = sorted({entry if as_listed else folded(entry) for entry in entries})
    reachable = [entry for entry in wanted if folded(entry) == entry]
    place = INSIDE if path.stem in INSIDE_WORDS else 0
    return build_phrases([(entry.encode(), place) for entry in reachable])
