"""passport.toml: the file to fill in, and what is refused in one."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from atom_data.errors import ConfigError
from atom_data.publish.passport.questions import tables
from atom_data.publish.passport.read import read_passport, require
from atom_data.publish.passport.strings import quoted
from atom_data.publish.passport.write import write_blank
from tests.publish.corpus import ANSWERS, KINDS, SOURCES, empty_passport, passport, passport_text


def test_the_file_to_fill_in_has_every_question_and_reads_as_unanswered(tmp_path: Path) -> None:
    text = empty_passport("out")
    page = tomllib.loads(text)
    for name, table in tables().items():
        value = page[name][0] if table.many else page[name]
        assert set(value) == set(table.questions)
        for question in table.questions.values():
            assert question.ask.split()[0] in text and question.fills
    path = tmp_path / "passport.toml"
    path.write_text(text, "utf-8")
    found = read_passport(path)
    assert [row.text("name") for row in found.rows("source")] == list(SOURCES)
    assert not any(row.values for row in found.tables.values())
    with pytest.raises(ConfigError, match=r"corpus.name, corpus.description, .* are not answered"):
        require(found)


def test_answers(tmp_path: Path) -> None:
    found = passport(tmp_path, KINDS, provider__small_company="true", summary__date="2026-12-01")
    require(found)
    assert found.list("corpus.authors") == ("Doe, Ada", "Our Laboratory")
    assert found.yes("provider.small_company") is True and found.yes("summary.is_first") is None
    assert found.text("summary.date") == "2026-12-01", "a date of TOML itself"
    assert found.named("crawled") == {"crawl"} and not found.hidden


@pytest.mark.parametrize(
    ("answers", "more", "said"),
    [
        ({}, "[corpsu]\n", r"there is no table \[corpsu\]; there are corpus, .* Did you mean 'corpus'\?"),
        ({"corpus.nmae": '"x"'}, "", r"\[corpus\] has no 'nmae'; there are name, .* Did you mean 'name'\?"),
        ({"corpus.name": "3"}, "", r"\[corpus\] name is 3, which is not text in quotation marks"),
        ({"corpus.url": '"example.org"'}, "", r"\[corpus\] url is 'example.org', which is not a web address"),
        ({"corpus.date": '"1.12.2026"'}, "", r"date is '1.12.2026', which is not a day such as"),
        ({"corpus.date": '"2026-02-30"'}, "", "which is not a day such as"),
        ({"corpus.authors": '"Doe"'}, "", r"authors is 'Doe', which is not a list of texts"),
        ({"summary.is_first": '"yes"'}, "", r"is_first is 'yes', which is not true or false"),
        ({}, '[source]\nname = "x"\n', r"source may stand several times. Write \[\[source\]\] above each"),
        ({}, '[[source]]\nkind = "public"\n', r"\[\[source\]\] number 1 has no name"),
        (
            {},
            '[[source]]\nname = "x"\nkind = "publik"\n',
            r"kind is 'publik'; there are public, .* Did you mean 'public'\?",
        ),
        ({}, '[[source]]\nname = "x"\n[[source]]\nname = "x"\n', r"\[\[source\]\] 'x' stands twice"),
        ({}, '[[source]]\nname = "x"\nfrom = "2026"\n', "from is '2026', which is not a month such as"),
        ({}, "[corpus\n", "is not TOML"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path: Path, answers: dict[str, str], more: str, said: str) -> None:
    path = tmp_path / "passport.toml"
    path.write_text(passport_text(ANSWERS | answers, {}, more), "utf-8")
    with pytest.raises(ConfigError, match=said):
        read_passport(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no such file. Write one to fill in: atom-data publish OUT --init"):
        read_passport(tmp_path / "passport.toml")


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "passport.toml"
    write_blank(path, "one", "t")
    with pytest.raises(ConfigError, match="is there already, and is yours"):
        write_blank(path, "two", "t")
    assert path.read_text() == "one"


@given(st.text())
def test_quoted_text_is_the_same_in_toml_and_yaml(text: str) -> None:
    yaml = pytest.importorskip("yaml")
    expected = "".join("\ufffd" if 0xD800 <= ord(letter) <= 0xDFFF else letter for letter in text)
    assert tomllib.loads(f"a = {quoted(text)}")["a"] == expected
    assert yaml.safe_load(f"a: {quoted(text)}")["a"] == expected
