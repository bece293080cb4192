"""HTML to text with jusText: paragraphs classed by length, links and stop words, then by their neighbors."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from resiliparse.parse.html import HTMLTree

from atom_data.errors import ConfigError
from atom_data.extract.engine import Content


@dataclass(frozen=True, kw_only=True, slots=True)
class JusText:
    """What jusText takes for content, with the library's own settings: a paragraph a line. The title is the page's `<title>`.

    Source: Pomikalek 2011, "Removing Boilerplate and Duplicate Content from Web Corpora", chapter 3.
    Errors: ConfigError for a language without a list of stop words, and without jusText (`pip install 'atom-data[extract]'`),
    when a page or zero rows are read.
    """

    language: str | None = "English"
    """Whose stop words count, by jusText's name for it; None for no stop words, which takes more of a page for content."""
    length_low: int = 70
    length_high: int = 200
    stopwords_low: float = 0.3
    stopwords_high: float = 0.32
    max_link_density: float = 0.2

    def extract(self, html: str, url: str | None) -> Content:
        """Return text and title."""
        justext, words = _library(self.language)
        sizes = {"stopwords_low": 0.0, "stopwords_high": 0.0} if self.language is None else {
            "stopwords_low": self.stopwords_low, "stopwords_high": self.stopwords_high
        }  # fmt: skip
        paragraphs = justext(
            html,
            words,
            length_low=self.length_low,
            length_high=self.length_high,
            max_link_density=self.max_link_density,
            **sizes,
        )
        title = HTMLTree.parse(html).title  # jusText throws the head away before it looks
        return Content("\n".join(part.text for part in paragraphs if not part.is_boilerplate), title)


@cache
def _library(language: str | None) -> tuple[Callable[..., Any], frozenset[str]]:
    """Return what classes paragraphs, and the stop words of a language."""
    try:
        import justext  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("JusText: the package justext is not installed. pip install 'atom-data[extract]'.") from error
    if language is None:
        return justext.justext, frozenset()
    if language not in justext.get_stoplists():
        there = ", ".join(sorted(justext.get_stoplists()))
        raise ConfigError(f"JusText: language is {language!r}; jusText has stop words for {there}. Give one, or None.")
    return justext.justext, justext.get_stoplist(language)
