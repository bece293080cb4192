"""What extract.py measures beside text: title, author and date, and the structure of Markdown, against WCXB's own fields."""

import importlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from atom_data.extract.metadata import metadata_of, title_of
from atom_data.text.html.markdown import markdown_text
from atom_data.text.html.scan import scan
from atom_data.text.main_text.choice import choose
from atom_data.train.extraction.extractor import Scored
from atom_data.train.extraction.pages import Labeled
from atom_data.train.extraction.words import agreement, words_of

Fields = tuple[str | None, str | None, str | None]
"""Title, author, date."""
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_HEADING, _ITEM, _ROW = (
    re.compile(r"^#{1,6}\s+(.*)"),
    re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(.*)"),
    re.compile(r"^\s*\|(.*)\|\s*$"),
)
_RULE = re.compile(r"^[\s|:-]+$")
_TARGET = re.compile(r"\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
STRUCTURES = ("heading", "item", "cell", "code")


def fields(pages: Sequence[Labeled]) -> dict[str, Any]:
    """Return how often title, author and day are right.

    Title and author: F1 of words, the mean over pages that have one in the truth. Date: the harmonic mean of the share of days
    given that are right, and of the share of days in the truth that are found.
    """
    engines: dict[str, Callable[[Labeled], Fields]] = {"atom-data": _ours}
    try:
        engines["trafilatura"] = _trafilatura()
    except ImportError as error:
        print(f"  trafilatura: left out, {error}.")
    truths = [_truth(page) for page in pages]
    found = {}
    for name, engine in engines.items():
        answers = [_tried(engine, page) for page in pages]
        found[name] = {
            "title_f1": _word_f1([answer[0] for answer in answers], [truth[0] for truth in truths]),
            "author_f1": _word_f1([answer[1] for answer in answers], [truth[1] for truth in truths]),
            "date_f1": _day_f1([_day(answer[2]) for answer in answers], [_day(truth[2]) for truth in truths]),
        }
    counts = {
        name: sum(truth[place] is not None for truth in truths)
        for place, name in enumerate(("title", "author", "date"))
    }
    return {"pages_with": counts, "engines": found}


def _truth(page: Labeled) -> Fields:
    known = page.truth.get("ground_truth") or {}
    return tuple(str(known[key]) if known.get(key) else None for key in ("title", "author", "publish_date"))


def _tried(engine: Callable[[Labeled], Fields], page: Labeled) -> Fields:
    try:
        return engine(page)
    except Exception:
        return None, None, None


def _ours(page: Labeled) -> Fields:
    read = scan(page.html)
    known = metadata_of(read)
    return title_of(read), known.author, known.published


def _trafilatura() -> Callable[[Labeled], Fields]:
    extract = importlib.import_module("trafilatura").extract_metadata

    def run(page: Labeled) -> Fields:
        known = extract(page.html.decode("utf-8", "replace"), default_url=page.url)
        return known.title, known.author, known.date

    return run


def _word_f1(answers: Sequence[str | None], truths: Sequence[str | None]) -> float:
    return round(
        float(
            np.mean([agreement(answer or "", truth)[0] for answer, truth in zip(answers, truths, strict=True) if truth])
        ),
        4,
    )


def _day(text: str | None) -> str | None:
    match = _DAY.search(text or "")
    try:
        return date(*map(int, match.groups())).isoformat() if match else None
    except ValueError:
        return None


def _day_f1(answers: Sequence[str | None], truths: Sequence[str | None]) -> float:
    right = sum(answer is not None and answer == truth for answer, truth in zip(answers, truths, strict=True))
    given, wanted = sum(answer is not None for answer in answers), sum(truth is not None for truth in truths)
    return round(2 * right / max(1, given + wanted), 4)


def structure(scored: Sequence[Scored]) -> dict[str, Any]:
    """Return how well Markdown keeps headings, items of lists, cells of tables and code.

    F1 of words together with what they stand in, the mean over pages whose `main_content_markdown` has any of it; a heading's
    rank does not count. Ours is made of the blocks that a model chose which had not seen the page's site.
    """
    engines: dict[str, Callable[[Scored], str]] = {"atom-data": _our_markdown}
    try:
        extract = importlib.import_module("trafilatura").extract
        engines["trafilatura"] = lambda one: (
            extract(
                one.example.labeled.html.decode("utf-8", "replace"),
                url=one.example.labeled.url,
                output_format="markdown",
            )
            or ""
        )
    except ImportError as error:
        print(f"  trafilatura: left out, {error}.")
    known = [
        one for one in scored if (one.example.labeled.truth.get("ground_truth") or {}).get("main_content_markdown")
    ]
    truths = [structured(one.example.labeled.truth["ground_truth"]["main_content_markdown"]) for one in known]
    found: dict[str, Any] = {}
    for name, engine in engines.items():
        answers = [structured(_text(engine, one)) for one in known]
        found[name] = {kind: _structure_f1(answers, truths, (kind,)) for kind in STRUCTURES}
        found[name]["all"] = _structure_f1(answers, truths, STRUCTURES)
    counts = {kind: sum(any(key[0] == kind for key in truth) for truth in truths) for kind in STRUCTURES}
    return {"pages": len(known), "pages_with": counts, "engines": found}


def _text(engine: Callable[[Scored], str], one: Scored) -> str:
    try:
        return engine(one)
    except Exception:
        return ""


def _our_markdown(one: Scored) -> str:
    page = one.example.page
    kept, _ = choose(page, one.chances)
    return markdown_text(page, kept, links=False).decode("utf-8", "replace")


def structured(markdown: str) -> Counter[tuple[str, str]]:
    """Return the words of Markdown that stand in a heading, an item, a cell or code, each with which of them."""
    found: Counter[tuple[str, str]] = Counter()
    in_code = False
    for line in _TARGET.sub("]", markdown).split("\n"):
        if line.lstrip().startswith(("```", "~~~")):
            in_code = not in_code
            continue
        kind, text = "code" if in_code else "", line
        for name, pattern in (("heading", _HEADING), ("item", _ITEM), ("cell", _ROW)):
            match = None if kind else pattern.match(line)
            if match:
                kind, text = name, match.group(1)
        if kind and not (kind == "cell" and _RULE.match(line)):
            found.update((kind, word) for word in words_of(text))
    return found


def _structure_f1(
    answers: Sequence[Mapping[tuple[str, str], int]],
    truths: Sequence[Mapping[tuple[str, str], int]],
    kinds: Sequence[str],
) -> float:
    values = []
    for answer, truth in zip(answers, truths, strict=True):
        one = Counter({key: count for key, count in answer.items() if key[0] in kinds})
        other = Counter({key: count for key, count in truth.items() if key[0] in kinds})
        if other:
            values.append(2 * (one & other).total() / (one.total() + other.total()))
    return round(float(np.mean(values)), 4) if values else 0.0
