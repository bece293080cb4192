"""Words of any script, and how alike two texts are by them."""

import re
from collections import Counter

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff"  # Korean, whose words carry their endings
    "\u1780-\u17ff"  # Khmer
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Japanese
    "\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese
)
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W{_UNSPACED}]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters.

    A word is a run of letters, digits and underscores; in scripts that are written without spaces, and in Korean, every
    character is one.
    """
    return _WORD.findall(text.lower())


def agreement(found: str, truth: str) -> tuple[float, float, float]:
    """Return F1, precision and recall of the words of a text, each counted as often as it occurs.

    1 where both are empty, 0 where one is. Source: the scoring of WCXB (arXiv 2605.21097), whose words are `\\w+`.
    """
    one, other = Counter(words_of(found)), Counter(words_of(truth))
    if not one or not other:
        return (1.0, 1.0, 1.0) if not one and not other else (0.0, 0.0, 0.0)
    shared = (one & other).total()
    precision, recall = shared / one.total(), shared / other.total()
    return (2 * precision * recall / (precision + recall) if shared else 0.0), precision, recall
