"""Text that was broken on its way, repaired; and Unicode brought into one of its normal forms.

The repair itself is that of the library ftfy (Speer 2019), which knows how text gets broken. It is slow, so a kernel first
finds the few lines that it could change.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from ftfy import TextFixerConfig, _fix_encoding_one_step_and_explain, fixes
from ftfy.badness import is_bad
from ftfy.chardata import LIGATURES, WIDTH_MAP

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.rewrite.mojibake import long_runs, suspects_from, suspects_of
from atom_data.text.buffers import string_buffers
from atom_data.text.cleaning.suspects import (
    CONTROLS,
    ENTITIES,
    LINE_BREAKS,
    MARKED,
    MARKUP,
    MOJIBAKE,
    RUNS,
    suspect_lines,
)
from atom_data.text.edits import Places, replaced

ZERO_WIDTH = "\u00ad\u200b\u2060"
"""Soft hyphen, zero-width space, word joiner: they show nothing, and no script needs them to be read."""

_MOST_CHARS = 1_000_000
"""Characters that are looked at together, of a line that is longer, as in ftfy."""

_MOST_PASSES = 8
"""How often a line is repaired, as one repair may uncover another. ftfy goes on until nothing changes, which for some
lines (`&amp;amp;amp;...`) takes time that grows with the square of their length."""  # fmt: skip

_REPAIRS = (
    "mojibake",
    "entity",
    "control_character",
    "terminal_escape",
    "line_ending",
    "ligature",
    "character_width",
    "quote",
    "zero_width",
)
_QUOTES = "\u02bc\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f"
_CONFIGURATION = TextFixerConfig()
_FORMS = {"NFC": "\u0300", "NFD": "\u00c0", "NFKC": "\u00a0", "NFKD": "\u00a0"}
"""The first character that a form may change; all before it stay."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RepairUnicode:
    """Repair `text` as the library ftfy does, and count (int32) the lines in which a repair of each kind was made.

    Reads `text`. `mojibake_line_count`: UTF-8 that was read as something else, and C1 control characters;
    `entity_line_count`: HTML entities left in the text; `control_character_line_count`: control characters that mean
    nothing in a text, byte order marks among them; `terminal_escape_line_count`: colors of a terminal;
    `line_ending_line_count`, `ligature_line_count`, `character_width_line_count`, `quote_line_count`,
    `zero_width_line_count`: what the parameters below ask for, else 0. A line goes to its line feed, and is repaired by
    itself, in parts of a million characters, in at most 8 passes. With the defaults the text is that of datatrove's
    `FTFYFormatter`: they change what is broken, and not how people write. A null text stays null. Time is linear; lines
    that are not suspicious are never made Python strings.
    """

    entities: bool | Literal["auto"] = "auto"
    """Whether entities are read; "auto" does until there is a `<` in the text, which may then be markup."""

    line_endings: bool = False
    """Whether CR LF, CR, and the separators of Unicode become line feeds."""

    ligatures: bool = False
    """Whether Latin ligatures become letters (`ﬁ` becomes `fi`)."""

    character_width: bool = False
    """Whether full-width Latin and half-width kana get their usual width."""

    straight_quotes: bool = False
    """Whether curly quotation marks become straight."""

    zero_width: bool = False
    """Whether soft hyphens, zero-width spaces and word joiners are taken out; joiners of emoji and Persian stay."""

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Repair the texts of a batch."""
        texts = column(batch, "text")
        buffers = string_buffers(texts)
        lines = suspect_lines(buffers, self._wanted(), suspects_of(self._marked()))
        data, counts = buffers.data, np.zeros((batch.num_rows, len(_REPAIRS)), np.int32)
        changed: list[int] = []
        after: list[bytes] = []
        spans = zip(lines.starts.tolist(), lines.ends.tolist(), lines.kinds.tolist(), strict=True)
        for number, (start, end, kind) in enumerate(spans):
            line = data[start:end].tobytes().decode(errors="replace")
            if kind & ~MARKUP == MOJIBAKE and not is_bad(line):
                continue
            repaired, kinds = self._repair(line, kind & MARKUP != 0)
            if repaired != line:
                changed.append(number)
                after.append(repaired.encode())
                counts[lines.documents[number], [_REPAIRS.index(kind) for kind in kinds]] += 1
        places = Places(*(values[changed] for values in lines))
        columns = {f"{kind}_line_count": counts[:, index] for index, kind in enumerate(_REPAIRS)}
        return with_columns(batch, text=replaced(texts, buffers, places, after), **columns)

    def _marked(self) -> str:
        asked = (
            (self.ligatures, map(chr, LIGATURES)),
            (self.character_width, map(chr, WIDTH_MAP)),
            (self.straight_quotes, _QUOTES),
            (self.zero_width, ZERO_WIDTH),
        )
        return "".join("".join(signs) for wanted, signs in asked if wanted)

    def _wanted(self) -> int:
        wanted = MOJIBAKE | CONTROLS | MARKED
        wanted |= 0 if self.entities is False else ENTITIES
        return wanted | (LINE_BREAKS if self.line_endings else 0)

    def _repair(self, line: str, markup: bool) -> tuple[str, set[str]]:
        """Return a line repaired, and the kinds of repairs."""
        steps = self._steps(self.entities is True or (self.entities == "auto" and not markup))
        parts: list[str] = []
        kinds: set[str] = set()
        for start in range(0, len(line), _MOST_CHARS):
            text = line[start : start + _MOST_CHARS]
            for _ in range(_MOST_PASSES):
                before = text
                for kind, repair in steps:
                    after = repair(text)
                    kinds |= {kind} if after != text else set()
                    text = after
                if text == before:
                    break
            parts.append(text)
        return "".join(parts), kinds

    def _steps(self, entities: bool) -> list[tuple[str, Callable[[str], str]]]:
        """Return the repairs of the library in its order, and ours."""
        steps: tuple[tuple[bool, str, Callable[[str], str]], ...] = (
            (entities, "entity", fixes.unescape_html),
            (True, "mojibake", _without_mojibake),
            (True, "mojibake", fixes.fix_c1_controls),
            (self.ligatures, "ligature", fixes.fix_latin_ligatures),
            (self.character_width, "character_width", fixes.fix_character_width),
            (self.straight_quotes, "quote", fixes.uncurl_quotes),
            (self.line_endings, "line_ending", fixes.fix_line_breaks),
            (True, "terminal_escape", fixes.remove_terminal_escapes),
            (True, "control_character", fixes.remove_control_chars),
            (self.zero_width, "zero_width", _without_zero_width),
        )
        return [(kind, repair) for wanted, kind, repair in steps if wanted]


@dataclass(frozen=True, kw_only=True, slots=True)
class NormalizeUnicode:
    """Bring `text` into a normal form of Unicode, and count the lines that changed. Reads `text`.

    `normalized_line_count` (int32): lines that were not in the form (Unicode Standard Annex 15). NFC composes letters and
    their marks, and is how the web should be (W3C Character Model); NFKC also replaces characters that are like others
    (ligatures, superscripts, full-width letters), and loses that they were different. A line goes to its line feed, which
    no form changes; a run of more than 64 combining marks is left as it is. The tables are those of this Python's
    `unicodedata`. A null text stays null.
    """

    form: Literal["NFC", "NFD", "NFKC", "NFKD"] = "NFC"
    """The form."""

    def __post_init__(self) -> None:
        """Refuse a form that there is not."""
        if self.form not in _FORMS:
            raise ConfigError(
                f"NormalizeUnicode: no form {self.form!r}; there are {', '.join(_FORMS)}. Choose of these."
            )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Normalize the texts of a batch."""
        texts = column(batch, "text")
        buffers = string_buffers(texts)
        lines = suspect_lines(buffers, MARKED | RUNS, suspects_from(_FORMS[self.form]))
        data = buffers.data
        changed: list[int] = []
        after: list[bytes] = []
        spans = zip(lines.starts.tolist(), lines.ends.tolist(), lines.kinds.tolist(), strict=True)
        for number, (start, end, kind) in enumerate(spans):
            line = data[start:end].tobytes().decode(errors="replace")
            # To put marks in their order takes time that grows with the square of how many follow on each other.
            parts = long_runs().split(line) if kind & RUNS else [line]
            if not all(unicodedata.is_normalized(self.form, part) for part in parts[::2]):
                changed.append(number)
                parts[::2] = [unicodedata.normalize(self.form, part) for part in parts[::2]]
                after.append("".join(parts).encode())
        places = Places(*(values[changed] for values in lines))
        counts = np.bincount(places.documents, minlength=batch.num_rows).astype(np.int32)
        return with_columns(batch, text=replaced(texts, buffers, places, after), normalized_line_count=counts)


def _without_mojibake(text: str) -> str:
    for _ in range(_MOST_PASSES):
        after = _fix_encoding_one_step_and_explain(text, _CONFIGURATION).text
        if after == text:
            break
        text = after
    return text


def _without_zero_width(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, ZERO_WIDTH)))
