"""What extract.py measures beside text: title, author and date, and the structure of Markdown, against WCXB's own fields."""

import importlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from measure import ROOT

from atom_data.extract.metadata import metadata_of, title_of
from atom_data.text.html.markdown import markdown_text
from atom_data.text.html.scan import scan
from atom_data.text.main_text.choice import choose
from atom_data.train.extraction.days import lessons_of_days, unseen_days
from atom_data.train.extraction.extractor import Options, Scored
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
_FORMULA = re.compile(r"\$\$?([^$]+)\$\$?")
HAND = ROOT / "tests" / "text" / "html" / "markdown_pages.txt"
STRUCTURES = ("heading", "item", "cell", "code")


def fields(judged: Sequence[Scored]) -> dict[str, Any]:
    """Return how often title, author and day are right.

    Ours knows the kind of a page and its text by models that have not seen its site, and weighs days as other sites taught.

    Title and author: F1 of words, the mean over pages that have one in the truth. Date: the harmonic mean of the share of days
    given that are right, and of the share of days in the truth that are found.
    """
    pages = [one.example.labeled for one in judged]
    lessons = lessons_of_days(judged, [day_of_truth(page) for page in pages], Options())
    days = dict(zip((page.name for page in pages), unseen_days(judged, lessons, Options()), strict=True))
    engines: dict[str, Callable[[Labeled], Fields]] = {"atom-data": lambda page: _ours(page, days[page.name])}
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
            "date_f1": day_f1([_day(answer[2]) for answer in answers], [_day(truth[2]) for truth in truths]),
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


def day_of_truth(page: Labeled) -> str | None:
    """Return the day that WCXB's truth has for a page."""
    return _day(_truth(page)[2])


def _ours(page: Labeled, day: str | None) -> Fields:
    read = scan(page.html)
    return title_of(read), metadata_of(read).author, day


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


def day_f1(answers: Sequence[str | None], truths: Sequence[str | None]) -> float:
    """Return the harmonic mean of the share of days given that are right, and of the share of days in the truth that are found."""
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


def by_hand() -> dict[str, Any]:
    """Return how well Markdown keeps the structure of the thirty pages of tests/text/html/markdown_pages.txt, formulas too.

    F1 as in `structure`, the mean over pages that have any. Each stands in an article between two paragraphs.
    """
    from atom_data.extract import MainText

    ours = MainText(markdown=True)
    engines: dict[str, Callable[[str], str]] = {
        "atom-data": lambda html: str(ours.read(html.encode(), None).more.get("markdown") or "")
    }
    try:
        extract = importlib.import_module("trafilatura").extract
        engines["trafilatura"] = lambda html: extract(html, output_format="markdown") or ""
    except ImportError as error:
        print(f"  trafilatura: left out, {error}.")
    cases = [part.split("\n--- expected\n") for part in ("\n" + HAND.read_text("utf-8")).split("\n=== ")[1:]]
    filler = f"<p>{'There is more to say of this, and it is said in another place. ' * 4}</p>"
    found: dict[str, Any] = {"pages": len(cases), "engines": {}}
    for name, engine in engines.items():
        pages = [
            f"<html><body><article>{filler}{page.partition(chr(10))[2]}{filler}</article></body></html>"
            for page, _ in cases
        ]
        answers = [_with_formulas(engine(page)) for page in pages]
        truths = [_with_formulas(expected) for _, expected in cases]
        found["engines"][name] = {kind: _structure_f1(answers, truths, (kind,)) for kind in (*STRUCTURES, "formula")}
        found["engines"][name]["all"] = _structure_f1(answers, truths, (*STRUCTURES, "formula"))
    return found


def _with_formulas(markdown: str) -> Counter[tuple[str, str]]:
    found = structured(markdown)
    found.update(("formula", " ".join(match[1].split())) for match in _FORMULA.finditer(markdown))
    return found


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
