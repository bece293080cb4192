"""How days of publication are weighed: learns the weights of extract/dates/trust.py, and says what is wrong on sites held out.

    python benchmarks/extract_days.py
    python benchmarks/extract_days.py --data FOLDER --write

FOLDER has wcxb-dev-500.warc.gz and wcxb-dev-rest.tar.xz (by default ../shared/data, or BENCH_DATA). Models of text and kinds are
cross-validated by site, and so are the weights, in folds of their own. With `--write` the weights of all pages are put into
trust.py. Writes benchmarks/results/extract_days.json.
"""

import re
from collections import Counter
from collections.abc import Mapping

from extract import WCXB, pages_at
from extract_fields import day_f1, day_of_truth
from inputs import arguments
from measure import ROOT, write_report

from atom_data.extract.dates import trust
from atom_data.train.extraction.days import Lesson, learned_trust, lessons_of_days, unseen_days
from atom_data.train.extraction.examples import example_of
from atom_data.train.extraction.extractor import Options, cross_validated

TRUST = ROOT / "atom_data" / "extract" / "dates" / "trust.py"


def main() -> None:
    """Learn, say and write."""
    parser = arguments(__doc__, "WCXB's development half")
    parser.add_argument("--write", action="store_true", help="put the weights into trust.py")
    given = parser.parse_args()
    pages = [page for name, license_name in WCXB for page in pages_at(given.data / name, license_name)]
    if not pages:
        return
    judged = list(cross_validated([example_of(page) for page in pages], Options(), print))
    truths = [day_of_truth(one.example.labeled) for one in judged]
    lessons = lessons_of_days(judged, truths, Options())
    found = unseen_days(judged, lessons, Options())
    weights = learned_trust(lessons)
    fitted = [trust.trusted_day(lesson.named, weights) for lesson in lessons]
    report = {
        "pages": len(lessons),
        "pages_with_a_day": sum(truth is not None for truth in truths),
        "date_f1": day_f1(found, truths),
        "date_f1_of_the_pages_learned_from": day_f1(fitted, truths),
        "date_f1_with_the_right_day_of_those_named": day_f1([best_named(lesson) for lesson in lessons], truths),
        "outcomes": dict(sorted(Counter(map(outcome, lessons, found)).items())),
        "weights": weights,
    }
    print({name: value for name, value in report.items() if name != "weights"})
    if given.write:
        TRUST.write_text(with_weights(TRUST.read_text("utf-8"), weights), "utf-8")
    print(f"written: {write_report('extract_days', report).relative_to(ROOT)}")


def best_named(lesson: Lesson) -> str | None:
    """Return the right day where the page names it: what nobody who reads the page can better."""
    return lesson.day if lesson.day in lesson.named.days else None


def outcome(lesson: Lesson, found: str | None) -> str:
    """Return the kind of a page's outcome."""
    if lesson.day is not None and lesson.day not in lesson.named.days:
        return (
            "right day is not on the page, none given"
            if found is None
            else "right day is not on the page, another given"
        )
    if found == lesson.day:
        return "right, none" if found is None else "right"
    if found is None:
        return "missed"
    return "given where the truth has none" if lesson.day is None else relation(lesson.named.days, lesson.day, found)


def relation(days: Mapping[str, set[str]], truth: str, found: str) -> str:
    """Return how a wrong day is related to the right one."""
    if _is_published(days[found]) and not _is_published(days[truth]):
        return "wrong: data says published, the truth is another day that is shown"
    if _is_published(days[truth]) and not _is_published(days[found]):
        return "wrong: a day that is shown, the truth is what data says is published"
    return "wrong: another"


def _is_published(marks: set[str]) -> bool:
    return not marks.isdisjoint({"article published", "thread published", "head published"})


def with_weights(source: str, weights: Mapping[str, float]) -> str:
    """Return trust.py with other weights."""
    return re.sub(
        r'^    ("[^"]+"): [-\d.]+,$', lambda line: f"    {line[1]}: {weights[line[1][1:-1]]},", source, flags=re.M
    )


if __name__ == "__main__":
    main()
