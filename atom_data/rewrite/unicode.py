"""Text that was broken on its way, repaired; and Unicode brought into one of its normal forms.

The repair itself is that of the library ftfy (Speer 2019), which knows how text gets broken. It is slow, so a kernel first
finds the few lines that it could change.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pyarrow as pa
from ftfy import ExplainedText, TextFixerConfig, fix_and_explain
from ftfy.badness import MOJIBAKE_CATEGORIES, is_bad
from ftfy.chardata import CONTROL_CHARS, LIGATURES, WIDTH_MAP

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.text.buffers import string_buffers
from atom_data.text.edits import Places, replaced
from atom_data.text.suspects import (
    CONTROLS,
    ENTITIES,
    LINE_BREAKS,
    MARKED,
    MARKUP,
    MOJIBAKE,
    Suspects,
    build_suspects,
    suspect_lines,
)

ZERO_WIDTH = "\u00ad\u200b\u2060"
"""Soft hyphen, zero-width space, word joiner: they show nothing, and no script needs them to be read."""

_MOST_CHARS = 1_000_000
"""Characters that ftfy looks at together, of a line that is longer."""

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
_OF_STEP = {
    "unescape_html": "entity",
    "remove_control_chars": "control_character",
    "remove_terminal_escapes": "terminal_escape",
    "fix_line_breaks": "line_ending",
    "fix_latin_ligatures": "ligature",
    "fix_character_width": "character_width",
    "uncurl_quotes": "quote",
}
_QUOTES = "\u02bc\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f"
_FORMS = {"NFC": "\u0300", "NFD": "\u00c0", "NFKC": "\u00a0", "NFKD": "\u00a0"}
"""The first character that a form may change; all before it stay."""

# Of each alternative of ftfy's expression for mojibake (ftfy.badness.BADNESS_RE, version 6.3), two characters that follow
# each other: names of its categories, and characters of their own after a bar.
_PAIRS = """
bad lower_accented upper_accented box start_punctuation end_punctuation currency numeric law lower_common upper_common > bad
bad > lower_accented upper_accented box start_punctuation end_punctuation currency numeric law
lower_accented lower_common box end_punctuation currency numeric > upper_accented
box end_punctuation currency numeric > lower_accented
lower_accented upper_accented box end_punctuation > currency
upper_accented box > numeric law
start_punctuation > numeric
end_punctuation > start_punctuation
currency numeric box upper_accented > start_punctuation
box > kaomoji
lower_accented upper_accented currency numeric start_punctuation end_punctuation law > box
box > end_punctuation
lower_accented upper_accented > start_punctuation end_punctuation
upper_accented > |°
|ÂÃÎÐ > start_punctuation end_punctuation |€œŠš¢£Ÿž\u00a0\u00ad®©°·»–—´¡
|× > |²³
|ØÙ > common currency bad numeric start_punctuation |ŸŠ®°µ»
|à > |²µ¹¼½¾
|√ > |±∂†≠®™´≤≥¥µø
|≈ > |°¢
|‚ > |Äâó
|в > |Ђ
|Г > |ў
|ВГРСΒΓΞΟ > c1 bad start_punctuation end_punctuation currency |°µ
|β > |€
|ā > |€
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RepairUnicode:
    """Repair `text` as the library ftfy does, and count (int32) the lines in which a repair of each kind was made.

    Reads `text`. `mojibake_line_count`: UTF-8 that was read as something else, and C1 control characters;
    `entity_line_count`: HTML entities left in the text; `control_character_line_count`: control characters that mean
    nothing in a text, byte order marks among them; `terminal_escape_line_count`: colors of a terminal;
    `line_ending_line_count`, `ligature_line_count`, `character_width_line_count`, `quote_line_count`,
    `zero_width_line_count`: what the parameters below ask for, else 0. A line goes to its line feed, and is repaired by
    itself, in parts of a million characters. With the defaults the text is that of datatrove's `FTFYFormatter`: they
    change what is broken, and not how people write. A null text stays null. Time is linear; lines that are not suspicious
    are never made Python strings.
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
        lines = suspect_lines(buffers, self._wanted(), _suspects(self._marked()))
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
        entities = self.entities is True or (self.entities == "auto" and not markup)
        config = TextFixerConfig(
            unescape_html=entities,
            fix_latin_ligatures=self.ligatures,
            fix_character_width=self.character_width,
            uncurl_quotes=self.straight_quotes,
            fix_line_breaks=self.line_endings,
            normalization=None,
        )
        parts: list[str] = []
        kinds: set[str] = set()
        for start in range(0, len(line), _MOST_CHARS):
            fixed: ExplainedText = fix_and_explain(line[start : start + _MOST_CHARS], config)
            parts.append(fixed.text)
            kinds |= {_OF_STEP.get(step.parameter, "mojibake") for step in fixed.explanation or ()}
        text = "".join(parts)
        if self.zero_width and any(sign in text for sign in ZERO_WIDTH):
            kinds.add("zero_width")
            text = text.translate(dict.fromkeys(map(ord, ZERO_WIDTH)))
        return text, kinds


@dataclass(frozen=True, kw_only=True, slots=True)
class NormalizeUnicode:
    """Bring `text` into a normal form of Unicode, and count the lines that changed. Reads `text`.

    `normalized_line_count` (int32): lines that were not in the form (Unicode Standard Annex 15). NFC composes letters and
    their marks, and is how the web should be (W3C Character Model); NFKC also replaces characters that are like others
    (ligatures, superscripts, full-width letters), and loses that they were different. A line goes to its line feed, which
    no form changes. The tables are those of this Python's `unicodedata`. A null text stays null.
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
        lines = suspect_lines(buffers, MARKED, _from(_FORMS[self.form]))
        data = buffers.data
        changed: list[int] = []
        after: list[bytes] = []
        for number, (start, end) in enumerate(zip(lines.starts.tolist(), lines.ends.tolist(), strict=True)):
            line = data[start:end].tobytes().decode(errors="replace")
            if not unicodedata.is_normalized(self.form, line):
                changed.append(number)
                after.append(unicodedata.normalize(self.form, line).encode())
        places = Places(*(values[changed] for values in lines))
        counts = np.bincount(places.documents, minlength=batch.num_rows).astype(np.int32)
        return with_columns(batch, text=replaced(texts, buffers, places, after), normalized_line_count=counts)


@cache
def _suspects(marked: str) -> Suspects:
    """Return what a repair looks for; `marked` are the characters that it changes wherever they stand."""
    sides = (line.partition(" > ") for line in _PAIRS.strip().splitlines())
    pairs = [(_signs(before), _signs(after)) for before, _, after in sides]
    ascii_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    others = "".join(chr(code) for code in range(0x10000) if chr(code) not in ascii_letters)
    pairs += [("Œœ", others), ("ÂÃ", " ")]
    alone = {
        CONTROLS: "".join(map(chr, (code for code in CONTROL_CHARS if code < 0x10000))) + _signs("c1"),
        LINE_BREAKS: "\r\x85\u2028\u2029",
        MARKED: marked,
    }
    return build_suspects(pairs, alone)


@cache
def _from(first: str) -> Suspects:
    """Return a search for any character from the first on."""
    return build_suspects([], {MARKED: "".join(map(chr, range(ord(first), 0x10000)))})


def _signs(words: str) -> str:
    """Return the characters of some categories of ftfy, and those after a bar."""
    signs: list[str] = []
    for word in words.split(" "):
        if word[0] == "|":
            signs.append(word[1:])
            continue
        category = MOJIBAKE_CATEGORIES[word]
        for place, sign in enumerate(category):
            if sign == "-":
                signs += map(chr, range(ord(category[place - 1]), ord(category[place + 1]) + 1))
            else:
                signs.append(sign)
    return "".join(signs)
