"""How far a public rubric of such summaries is answered by this corpus: a self-assessment, question by question.

The rubric: D. A. H. Blankvoort, H. J. Pandit, M. Gahntz, Quality Assessment of Public Summary of Training Content for GPAI models
required by AI Act Article 53(1)(d), FAccT 2026, doi:10.5281/zenodo.18803975; AIAccountabilityLab/gpai-training-transparency, read
24 July 2026. rubric.tsv has its 242 numbers, sections, fields, dimensions and weights; what each asks for is said in our words.
Its authors judge what is true and clear, which nobody can do for themselves: here a question counts where it is answered.
"""

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from atom_data.publish.summary.part import By, Part

PAGE = Path(__file__).with_name("rubric.tsv")
BYS: tuple[By, ...] = ("data", "form", "people", "open", "none")
USEFUL = ("Accessibility", "Comprehension")
"""The dimensions of usefulness; the other four are those of transparency."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the rubric."""

    id: str
    section: str
    field: str
    dimension: str
    weight: int
    needs: tuple[str, ...]
    """Names of the parts that answer it."""
    asked: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A question, who answers it, and where it is open how to close it."""

    question: Question
    by: By
    close: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """Weights by who answers."""

    data: int = 0
    form: int = 0
    people: int = 0
    open: int = 0
    none: int = 0

    @property
    def applies(self) -> int:
        """The weight of what applies; the rubric leaves the rest out of its maximum, too."""
        return self.data + self.form + self.people + self.open

    @property
    def share(self) -> float | None:
        """The answered share of what applies; None where nothing does."""
        return (self.applies - self.open) / self.applies if self.applies else None


@dataclass(frozen=True, slots=True)
class Grade:
    """All verdicts."""

    verdicts: tuple[Verdict, ...]

    def score(self, section: str = "", useful: bool | None = None) -> Score:
        """Return the weights of a section, or of all; of usefulness or transparency alone where that is asked."""
        sums = dict.fromkeys(BYS, 0)
        for one in self.verdicts:
            if section in ("", one.question.section) and useful in (None, one.question.dimension in USEFUL):
                sums[one.by] += one.question.weight
        return Score(**sums)

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections in the order of the rubric."""
        return tuple(dict.fromkeys(one.question.section for one in self.verdicts))

    def ways(self) -> list[tuple[str, int, list[str]]]:
        """Return what closes open questions, with the weight and the numbers of these; the heaviest first."""
        found: dict[str, list[Question]] = {}
        for one in self.verdicts:
            if one.by == "open":
                found.setdefault(one.close, []).append(one.question)
        lines = [(close, sum(one.weight for one in asked), [one.id for one in asked]) for close, asked in found.items()]
        return sorted(lines, key=lambda line: (-line[1], line[0]))

    def value(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        sections = {name: {**asdict(self.score(name)), "share": self.score(name).share} for name in self.sections}
        whole = {**asdict(self.score()), "share": self.score().share}
        kinds = {"transparency": self.score(useful=False).share, "usefulness": self.score(useful=True).share}
        questions = [{**asdict(one.question), "by": one.by, "close": one.close} for one in self.verdicts]
        return {"self_assessment": True, "all": whole, **kinds, "sections": sections, "questions": questions}


@cache
def rubric() -> tuple[Question, ...]:
    """Return the questions in the order of the rubric."""
    with PAGE.open(encoding="utf-8", newline="") as stream:
        return tuple(
            Question(
                row["id"], row["section"], row["field"], row["dimension"], int(row["weight"]),
                tuple(row["needs"].split()), row["asked"],
            )
            for row in csv.DictReader(stream, delimiter="\t")
        )  # fmt: skip


def grade(parts: Mapping[str, Part]) -> Grade:
    """Answer every question of the rubric by the parts of the summary. KeyError for a part that nothing makes: a bug."""
    return Grade(tuple(_verdict(question, [parts[name] for name in question.needs]) for question in rubric()))


def _verdict(question: Question, parts: list[Part]) -> Verdict:
    """Return who answers: nobody while one part is open, people where one is theirs; it applies where one part does."""
    bys = [part.by for part in parts]
    if "open" in bys:
        return Verdict(question, "open", next(part.close for part in parts if part.by == "open"))
    if all(by == "none" for by in bys):
        return Verdict(question, "none", parts[0].close)
    by: By = "people" if "people" in bys else "data" if "data" in bys else "form"
    return Verdict(question, by)
