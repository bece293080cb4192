"""The contenders of extract.py on one protocol: a page's text and address in, its main text out."""

import importlib
import importlib.metadata
from collections.abc import Callable

Engine = Callable[[str, str | None, str | None], str]
"""HTML, URL, language (ISO 639-1); the last two may not be known."""

PACKAGES = {
    "resiliparse": "resiliparse",
    "trafilatura": "trafilatura",
    "trafilatura, recall": "trafilatura",
    "jusText": "jusText",
    "readability-lxml": "readability-lxml",
    "newspaper4k": "newspaper4k",
    "boilerpy3": "boilerpy3",
    "whole text": "resiliparse",
}
"""Package of each contender. What is not installed is left out of the table, with a line that says so."""
SLOW = ("newspaper4k",)
"""Left out of a quick run."""
_STOP_WORDS = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "gl": "Galician", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian",
    "is": "Icelandic", "it": "Italian", "ka": "Georgian", "kk": "Kazakh", "kn": "Kannada", "ko": "Korean", "lt": "Lithuanian",
    "lv": "Latvian", "ml": "Malayalam", "mr": "Marathi", "nb": "Norwegian_Bokmal", "nl": "Dutch", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish",
    "ta": "Tamil", "te": "Telugu", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese",
}  # fmt: skip


def engines(quick: bool = False) -> dict[str, Engine]:
    """Return the contenders whose packages are installed."""
    makers = {
        "resiliparse": _resiliparse,
        "trafilatura": _trafilatura,
        "trafilatura, recall": _trafilatura_recall,
        "jusText": _justext,
        "readability-lxml": _readability,
        "newspaper4k": _newspaper,
        "boilerpy3": _boilerpy,
        "whole text": _whole,
    }
    found = {}
    for name, make in makers.items():
        if quick and name in SLOW:
            continue
        try:
            found[name] = make()
        except ImportError as error:
            print(f"  {name}: left out, {error}. Run `pip install {PACKAGES[name]}`.")
    return found


def versions(names: list[str]) -> dict[str, str]:
    """Return the version of each contender's package."""
    return {name: f"{PACKAGES[name]} {importlib.metadata.version(PACKAGES[name])}" for name in names}


def _resiliparse() -> Engine:
    """Our options: what the recipes have used, main content without comments."""
    from atom_data.extract import Resiliparse

    engine = Resiliparse()
    return lambda html, url, language: engine.extract(html, url).text


def _whole() -> Engine:
    from atom_data.extract import WholeText

    engine = WholeText()
    return lambda html, url, language: engine.extract(html, url).text


def _trafilatura() -> Engine:
    """The library's own settings."""
    extract = importlib.import_module("trafilatura").extract
    return lambda html, url, language: extract(html, url=url) or ""


def _trafilatura_recall() -> Engine:
    extract = importlib.import_module("trafilatura").extract
    return lambda html, url, language: extract(html, url=url, favor_recall=True) or ""


def _justext() -> Engine:
    """With the stop words of the page's language; without any, and then without the rule that needs them, where it has none."""
    justext = importlib.import_module("justext")
    lists: dict[str | None, frozenset[str]] = {}

    def run(html: str, url: str | None, language: str | None) -> str:
        if language not in lists:
            name = _STOP_WORDS.get(language or "en")
            lists[language] = justext.get_stoplist(name) if name in justext.get_stoplists() else frozenset()
        words = lists[language]
        bounds = {} if words else {"stopwords_low": 0, "stopwords_high": 0}
        found = justext.justext(html.encode(), words, encoding="utf-8", **bounds)
        return "\n".join(paragraph.text for paragraph in found if not paragraph.is_boilerplate)

    return run


def _readability() -> Engine:
    document = importlib.import_module("readability").Document
    parse = importlib.import_module("lxml.html").fromstring

    def run(html: str, url: str | None, language: str | None) -> str:
        summary = document(html).summary(html_partial=True)
        return "\n".join(parse(summary).itertext()) if summary.strip() else ""

    return run


def _newspaper() -> Engine:
    article = importlib.import_module("newspaper").Article

    def run(html: str, url: str | None, language: str | None) -> str:
        found = article(url or "https://page.invalid/", fetch_images=False)
        found.download(input_html=html)
        found.parse()
        return found.text

    return run


def _boilerpy() -> Engine:
    extractors = importlib.import_module("boilerpy3.extractors")
    engine = extractors.ArticleExtractor(raise_on_failure=False)
    return lambda html, url, language: engine.get_content(html)
