"""The rubric's self-assessment: its numbers, and what closes what."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from atom_data.publish.folder import How, known_of
from atom_data.publish.grade.grade import Grade, grade, rubric
from atom_data.publish.passport.passport import Passport
from atom_data.publish.passport.questions import tables
from atom_data.publish.passport.read import read_passport
from atom_data.publish.summary.fields import fields_of, parts_of
from atom_data.publish.summary.known import Known
from atom_data.workspace import Workspace
from tests.publish.corpus import KINDS, make_run, passport, with_hidden
from tests.tokens.corpus import SCHEMA

WEIGHTS = {
    "Document": (30, 54), "General information": (54, 220), "Public data sources": (26, 323),
    "Private data sources": (27, 258), "Scraped and crawled data": (46, 566), "User data": (14, 88),
    "Synthetic and other data": (28, 212), "Data processing": (17, 172),
}  # fmt: skip
"""Questions and weights by section, as the rubric's page of methodology has them (24 July 2026)."""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = tmp_path_factory.mktemp("grade")
    with known_of(Workspace(str(make_run(folder))), passport(folder, KINDS), How()) as (found, _):
        return found


def graded(known: Known, said: Passport) -> Grade:
    return grade(parts_of(replace(known, passport=said)))


def test_the_rubric_is_the_public_one() -> None:
    counts, weights = Counter[str](), Counter[str]()
    for question in rubric():
        counts[question.section] += 1
        weights[question.section] += question.weight
    assert {name: (counts[name], weights[name]) for name in counts} == WEIGHTS
    assert len({question.id for question in rubric()}) == 242
    assert all(question.asked and question.needs for question in rubric())


def test_an_empty_passport_leaves_the_data_half(known: Known) -> None:
    found = graded(known, Passport("passport.toml"))
    assert found.score().people == 0 and found.score().data > 0
    by = {one.question.id: one.by for one in found.verdicts}
    data = ("F1.3.a.1", "F1.3.b.1", "F1.3.b.3", "F1.3.c.1", "F1.3.d.1", "F1.3.d.3", "F1.3.e.1", "F1.3.e.2", "F1.3.e.3",
            "F1.3.e.4", "F1.3.f.1", "F1.3.g.1", "F1.3.g.2", "F3.1.b.4", "F3.3.a.1", "D7", "D8")  # fmt: skip
    assert {by[name] for name in data} == {"data"}
    assert by["F1.1.a.1"] == "open" and by["F1.3.b.4"] == "none"


def full(folder: Path, sources: dict[str, dict[str, str]], drop: str = "") -> Passport:
    """Return a passport with every question answered, but for one."""
    yes = {"summary.is_first", "summary.is_latest", "summary.beside_model", "summary.is_public", "summary.in_time"}
    values = {
        "text": '"said"',
        "url": '"https://example.org"',
        "date": '"2026-12-01"',
        "month": '"2026-11"',
        "list": '["one"]',
    }
    answers: dict[str, str] = {}
    more = ""
    for table in tables().values():
        for question in table.questions.values():
            key = f"{table.name}.{question.key}"
            value = (
                ("true" if key in {*yes, "training.only_this_corpus"} else "false")
                if question.kind == "yesno"
                else values.get(question.kind, "")
            )
            if table.many or key == drop or not value:
                continue
            answers[key.replace(".", "__")] = value.replace("said", f"said of {key}")
    many = ("model", "crawler")
    for name in many:
        more += f"[[{name}]]\n"
        for question in tables()[name].questions.values():
            if f"{name}.{question.key}" != drop:
                more += f"{question.key} = {values[question.kind].replace('said', f'{name} {question.key}')}\n"
    return passport(folder, sources, more, **answers)


ALL = {name: {**values, "version": '"1"', "url": '"https://example.org"', "title": f'"T{name}"', "selection": '"all"',
              "opt_out": '"none"', "license": '"MIT"'} for name, values in KINDS.items()}  # fmt: skip


def test_a_full_passport_leaves_nothing_open(known: Known, tmp_path: Path) -> None:
    found = graded(known, full(tmp_path, ALL))
    assert [(one.question.id, one.close) for one in found.verdicts if one.by == "open"] == []
    assert found.score().share == 1
    by = {one.question.id: one.by for one in found.verdicts}
    data = ("F2.1.c.2", "F2.1.e.1", "F2.2.2.d.5", "F2.2.2.e.1", "F2.2.2.e.2", "F2.3.f.1", "F2.3.f.2", "F2.3.h.1", "F2.3.h.2",
            "F2.3.i.1", "F2.3.i.2")  # fmt: skip
    assert {by[name] for name in data} == {"data"}
    assert by["F2.4.c.1"] == by["F2.5.c.1"] == by["F2.6.b.1"] == "none", "the rubric leaves out what does not apply"


@pytest.mark.parametrize(
    ("drop", "asked"),
    [("provider.contact", {"F1.1.a.3", "F1.1.a.4"}), ("crawler.captchas", {"F2.3.d.2"}),
     ("rights.policy", {"F3.1.c.1", "F3.1.c.2"}),
     ("training.demography", {"F1.3.f.2", "F2.3.f.3"})],
)  # fmt: skip
def test_what_is_missing_is_open_and_says_how_to_close_it(
    known: Known, tmp_path: Path, drop: str, asked: set[str]
) -> None:
    found = graded(known, full(tmp_path, ALL, drop))
    assert {one.question.id for one in found.verdicts if one.by == "open"} == asked
    ((close, weight, ids),) = found.ways()
    assert drop.partition(".")[2] in close and set(ids) == asked
    assert weight == sum(question.weight for question in rubric() if question.id in asked) == found.score().open


def test_columns_that_are_missing_are_open(tmp_path: Path) -> None:
    out = make_run(tmp_path, SCHEMA)
    with known_of(Workspace(str(out)), full(tmp_path, ALL), How()) as (known, _):
        found = grade(parts_of(known))
    open_ = {one.question.id: one.close for one in found.verdicts if one.by == "open"}
    assert open_["F1.3.e.1"] == "recipe: add FastTextLanguage and keep the column language"
    assert {"F2.3.f.2", "F2.2.2.d.5"} <= set(open_)


def test_a_hidden_source_is_never_called_complete(tmp_path: Path) -> None:
    sources = with_hidden() | {"manuals": ALL["manuals"] | {"hidden": "true"}}
    out = make_run(tmp_path)
    with known_of(Workspace(str(out)), passport(tmp_path, sources), How()) as (known, _):
        found = grade(parts_of(known))
    by = {one.question.id: one.by for one in found.verdicts}
    assert by["F2.1.c.1"] == by["F2.1.c.2"] == by["F2.1.c.3"] == by["F2.1.c.5"] == "open"


@pytest.mark.parametrize("alone", [False, True])
def test_domains_of_a_hidden_crawl_are_open_and_what_closes_them_is_not_the_recipe(tmp_path: Path, alone: bool) -> None:
    hidden = {"kind": '"crawled"', "hidden": "true"}
    sources = {name: ALL[name] | (hidden if alone or name == "manuals" else {}) for name in ALL}
    sources = {name: values | {"kind": '"crawled"'} for name, values in sources.items()}
    with known_of(Workspace(str(make_run(tmp_path))), full(tmp_path, sources), How()) as (known, _):
        found = grade(parts_of(known))
    verdicts = {one.question.id: one for one in found.verdicts}
    for name in ("F2.3.f.1", "F2.3.h.1", "F2.3.h.2", "F2.3.i.1"):
        assert verdicts[name].by == "open"
        assert verdicts[name].close == "a crawled source is hidden: hidden = false shows its domains"


def test_value_is_json_and_says_what_it_is(known: Known) -> None:
    page = json.loads(json.dumps(graded(known, Passport("passport.toml")).value()))
    assert page["self_assessment"] is True and len(page["questions"]) == 242


@pytest.mark.parametrize(
    "previous", ["", '[[previous]]\nversion = "0.9"\nurl = "https://example.org/0.9"\nchanges = "all"\n']
)
def test_no_field_says_a_thing_twice(known: Known, tmp_path: Path, previous: str) -> None:
    answers = {"summary__is_first": "false" if previous else "true", "provider__representative_required": "false"}
    said = full(tmp_path, ALL)
    path = tmp_path / "passport.toml"
    text = path.read_text()
    for key, value in answers.items():
        name = key.partition("__")[2]
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.M)
    path.write_text(text + previous)
    said = read_passport(path)
    fields = {field.key: field.lines for field in fields_of(parts_of(replace(known, passport=said)))}
    assert not {key: lines for key, lines in fields.items() if len(set(lines)) < len(lines)}
    assert fields["1.1.b"] == ("Does not apply: a representative is not required.",)
    assert ("This is the first version." in fields["0.a"]) is not bool(previous)
    assert ("https://example.org/0.9" in fields["0.a"]) is bool(previous)
