"""How much of the main text of pages is found, beside other engines on the same pages in the same run.

    make bench-extract            (QUICK=1: some pages, with the model of the wheel, which knows them)
    python benchmarks/extract.py --data FOLDER --multilingual FOLDER

FOLDER has wcxb-dev-500.warc.gz, wcxb-dev-rest.tar.xz and news-multilingual.tar.xz (by default ../shared/data, or BENCH_DATA), the
other one learn.warc.gz and judge.warc.gz as multilingual_pages.py writes them. What is missing is left out, and said.
F1 is of the words of a page, each as often as it occurs, the mean over pages; words by script, as in
`atom_data.train.extraction.words`. On WCXB our models are cross-validated by site. On the other sets ours is a model of WCXB's
pages alone, nearly all of them English: every other language, tool and project is left out of its training at once. On the
multilingual pages the title counts neither for nor against an engine: the better of both is taken. Last, what other sets
would add: models of two thirds of WCXB's sites, alone, with news and with the multilingual pages of `learn`, each on sites that it
has not seen. Nothing is timed here. Writes benchmarks/results/extract.json.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from extract_curves import bounds, calibration
from extract_engines import Engine, engines, versions
from extract_fields import by_hand, fields, structure
from inputs import arguments
from measure import QUICK, ROOT, write_report
from multilingual_pages import CACHE, SETS

from atom_data.extract.main_text import FEW_WORDS
from atom_data.extract.stored import stored_text
from atom_data.text.arrays import Bools
from atom_data.text.html.page import Page
from atom_data.text.html.plain import plain_text
from atom_data.text.html.scan import scan
from atom_data.text.main_text.choice import choose
from atom_data.text.main_text.measures import measured
from atom_data.text.main_text.model import Model
from atom_data.train.extraction.examples import Example, example_of, sites_in_folds
from atom_data.train.extraction.extractor import Options, Scored, cross_validated, scored, train
from atom_data.train.extraction.pages import Labeled, read_pages
from atom_data.train.extraction.words import agreement

OURS = "atom-data"
WCXB = (("wcxb-dev-500.warc.gz", "CC-BY-4.0"), ("wcxb-dev-rest.tar.xz", "CC-BY-4.0"))
QUICK_PAGES = 100
NEWS = "news-multilingual.tar.xz"
"""Under the GNU GPL: looked at, and not learned from for the model of the wheel."""
SCRIPTS = {
    "Arabic": "ar fa ur", "Armenian": "hy", "Bengali": "bn as", "Burmese": "my", "Cyrillic": "be bg kk mk ru sr uk",
    "Devanagari": "hi mr ne", "Georgian": "ka", "Greek": "el", "Gujarati": "gu", "Gurmukhi": "pa", "Han": "zh", "Hangul": "ko",
    "Hebrew": "he", "Japanese": "ja", "Kannada": "kn", "Khmer": "km", "Malayalam": "ml", "Sinhala": "si", "Tamil": "ta",
    "Telugu": "te", "Thai": "th", "Tibetan": "bo dz",
}  # fmt: skip
"""Languages by script; all others of the set are Latin."""
SCRIPT_OF = {language: script for script, languages in SCRIPTS.items() for language in languages.split()}
Scores = dict[str, tuple[float, float, float]]
"""F1, precision and recall by page."""


def main() -> None:
    """Measure and write the report."""
    parser = arguments(__doc__, "WCXB's development half")
    parser.add_argument("--multilingual", type=Path, default=CACHE, help="where multilingual_pages.py wrote its pages")
    given = parser.parse_args()
    contenders = engines(QUICK)
    if QUICK:
        quick(given.data, contenders)
        return
    report: dict[str, Any] = {"versions": versions(list(contenders))}
    english = [page for name, license_name in WCXB for page in pages_at(given.data / name, license_name)]
    examples = [example_of(page) for page in english]
    if examples:
        report["wcxb"] = wcxb(examples, contenders)
    if not examples:
        return
    alone = train(examples, Options(), print)
    learn, judge = (pages_at(given.multilingual / f"{name}.warc.gz", "by package") for name in SETS)
    news = pages_at(given.data / NEWS, "GPL-3.0")
    sets = {"learn": learn, "judge": judge, "news": news}
    read = {name: [example_of(page) for page in pages] for name, pages in sets.items()}
    if learn and judge:
        report["multilingual"] = multilingual([*read["learn"], *read["judge"]], alone, contenders)
    if news:
        report["news"] = of_news(read["news"], alone, contenders)
    if learn and judge and news:
        report["training_sets"] = training_sets(examples, read)
    print(f"written: {write_report('extract', report).relative_to(ROOT)}")


def pages_at(path: Path, license_name: str) -> list[Labeled]:
    """Return the pages of a set; none, with a line that says so, where it is missing."""
    if not path.exists():
        print(f"  {path.name}: there is none. Give its folder; see this file's first lines.", file=sys.stderr)
        return []
    return read_pages(path, license_name)


def quick(data: Path, contenders: Mapping[str, Engine]) -> None:
    """Print a table of some pages that the model of the wheel was trained on."""
    from atom_data.extract.main_text import model_of

    pages = pages_at(data / WCXB[0][0], WCXB[0][1])[:QUICK_PAGES]
    ours = {page.name: agreement(extracted(page, model_of(None)), page.text) for page in pages}
    found = {
        OURS + " (has seen these pages)": ours,
        **{name: run(engine, pages) for name, engine in contenders.items()},
    }
    print_table("WCXB, some pages", found, {page.name: page.kind or "other" for page in pages})


def extracted(page: Labeled, model: Model) -> str:
    """Return the main text of a page by a model."""
    read = scan(page.html)
    return written(read, choose(read, model.chances(read, page.url))[0])


def run(engine: Engine, pages: Sequence[Labeled], *, titled: bool = False) -> Scores:
    """Return how an engine does on pages; one that it fails on counts as empty. `titled`: with or without the title."""
    found = {}
    for page in pages:
        try:
            text = engine(page.html.decode("utf-8", "replace"), page.url, page.language)
        except Exception:
            text = ""
        found[page.name] = best_agreement(text, page) if titled else agreement(text, page.text)
    return found


def best_agreement(text: str, page: Labeled) -> tuple[float, float, float]:
    """Return the better agreement of a text with the truth and with the truth and its title."""
    title = str((page.truth.get("ground_truth") or {}).get("title") or "")
    return max(agreement(text, page.text), agreement(text, f"{title}\n{page.text}"))


def wcxb(examples: Sequence[Example], contenders: Mapping[str, Engine]) -> dict[str, Any]:
    """Return the table of WCXB's development half, and how good the expected F1 is."""
    judged = list(cross_validated(examples, Options(), print))
    pages = [example.labeled for example in examples]
    found = {OURS: {one.example.labeled.name: text_agreement(one) for one in judged}}
    for name, engine in contenders.items():
        found[name] = run(engine, pages)
        print(f"  {name}: {np.mean([f1 for f1, _, _ in found[name].values()]):.4f}", flush=True)
    groups = {page.name: page.kind or "other" for page in pages}
    print_table("WCXB, development half, by kind", found, groups)
    return {
        "pages": len(pages),
        "sites": len({page.site for page in pages}),
        "cross_validation": f"{Options().folds} folds by site",
        "by_kind": table(found, groups),
        "expected_f1": calibration(judged),
        "bounds": bounds(judged),
        "fields": fields(judged),
        "structure": structure(judged),
        "structure_by_hand": by_hand(),
    }


def text_agreement(one: Scored) -> tuple[float, float, float]:
    """Return the agreement of the text that is written for a page, as the other engines' is."""
    kept, _ = choose(one.example.page, one.chances)
    return agreement(written(one.example.page, kept), one.example.labeled.text)


def written(page: Page, kept: Bools) -> str:
    """Return the text that MainText gives for a choice of blocks; what the page has in its data alone is found there."""
    words = measured(page, kept).words
    stored = stored_text(page, words) if words < FEW_WORDS else ""
    return stored or plain_text(page, kept).decode("utf-8", "replace")


def multilingual(examples: Sequence[Example], alone: Model, contenders: Mapping[str, Engine]) -> dict[str, Any]:
    """Return the tables of the multilingual pages, by language, script, theme and set."""
    pages = [example.labeled for example in examples]
    found: dict[str, Scores] = {OURS: {example.labeled.name: scored_text(example, alone) for example in examples}}
    for name, engine in contenders.items():
        found[name] = run(engine, pages, titled=True)
        print(f"  {name}: {np.mean([f1 for f1, _, _ in found[name].values()]):.4f}", flush=True)
    return multilingual_tables(pages, found)


def multilingual_tables(pages: Sequence[Labeled], found: Mapping[str, Scores]) -> dict[str, Any]:
    """Print and return the tables."""
    by = {
        "language": {page.name: page.language or "" for page in pages},
        "script": {page.name: SCRIPT_OF.get(page.language or "", "Latin") for page in pages},
        "theme": {page.name: page.site for page in pages},
        "set": {page.name: page.set_name for page in pages},
    }
    for name, groups in by.items():
        print_table(f"multilingual, by {name}", found, groups)
    return {"pages": len(pages), **{f"by_{name}": table(found, groups) for name, groups in by.items()}}


def of_news(examples: Sequence[Example], alone: Model, contenders: Mapping[str, Engine]) -> dict[str, Any]:
    """Return the table of the news pages, by language."""
    pages = [example.labeled for example in examples]
    found: dict[str, Scores] = {
        OURS: {example.labeled.name: text_agreement(scored(example, alone)) for example in examples}
    }
    found |= {name: run(engine, pages) for name, engine in contenders.items()}
    groups = {page.name: page.language or "" for page in pages}
    print_table("news, by language", found, groups)
    return {"pages": len(pages), "by_language": table(found, groups)}


def training_sets(english: Sequence[Example], read: Mapping[str, Sequence[Example]]) -> dict[str, dict[str, float]]:
    """Return what sets add to a model of two thirds of WCXB's sites; of news one half is trained on and the other looked at."""
    folds, halves = sites_in_folds(english, 3, 0), sites_in_folds(read["news"], 2, 0)
    seen = [example for example, fold in zip(english, folds, strict=True) if fold]
    unseen = [example for example, fold in zip(english, folds, strict=True) if not fold]
    parts = [[example for example, half in zip(read["news"], halves, strict=True) if half == side] for side in (0, 1)]
    alone, learned = train(seen, Options(), print), train([*seen, *read["learn"]], Options(), print)
    with_news = [train([*seen, *part], Options(), print) for part in parts]
    rows = {
        "WCXB": {"wcxb": mean_f1(unseen, alone), "news": mean_f1(read["news"], alone), "judge": mean_f1(read["judge"], alone)},
        "WCXB, learn": {
            "wcxb": mean_f1(unseen, learned), "news": mean_f1(read["news"], learned), "judge": mean_f1(read["judge"], learned),
        },
        "WCXB, news": {
            "wcxb": mean_f1(unseen, with_news[0]),
            "news": (mean_f1(parts[1], with_news[0]) * len(parts[1]) + mean_f1(parts[0], with_news[1]) * len(parts[0]))
            / len(read["news"]),
            "judge": mean_f1(read["judge"], with_news[0]),
        },
    }  # fmt: skip
    print(rows)
    return {name: {key: round(value, 4) for key, value in row.items()} for name, row in rows.items()}


def mean_f1(examples: Sequence[Example], model: Model) -> float:
    """Return the mean F1 of a model on pages."""
    return float(np.mean([scored(example, model).f1 for example in examples]))


def scored_text(example: Example, model: Model) -> tuple[float, float, float]:
    """Return the agreement of a model's text with a page's truth, with or without the title."""
    kept, _ = choose(example.page, model.chances(example.page, example.labeled.url))
    return best_agreement(written(example.page, kept), example.labeled)


def table(found: Mapping[str, Scores], groups: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the mean F1, precision and recall of each contender by group."""
    result: dict[str, dict[str, Any]] = {}
    for group, names in {"all": list(groups), **members(groups)}.items():
        result[group] = {"pages": len(names)}
        for contender, scores in found.items():
            means = np.mean([scores[name] for name in names], 0)
            result[group][contender] = dict(
                zip(("f1", "precision", "recall"), (round(float(one), 4) for one in means), strict=True)
            )
    return result


def members(groups: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the pages of each group."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, group in groups.items():
        found[group].append(name)
    return dict(sorted(found.items()))


def print_table(title: str, found: Mapping[str, Scores], groups: Mapping[str, str]) -> None:
    """Print the F1 of contenders by group; the best of a line has a star."""
    rows = table(found, groups)
    print(f"\n{title}: F1 of words, mean per page\n" + " | ".join(["", "pages", *found]))
    for group, row in rows.items():
        best = max(row[name]["f1"] for name in found)
        cells = [f"{row[name]['f1']:.3f}{'*' if row[name]['f1'] == best else ''}" for name in found]
        print(" | ".join([group, str(row["pages"]), *cells]))


if __name__ == "__main__":
    main()
