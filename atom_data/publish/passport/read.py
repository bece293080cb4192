"""Reading passport.toml: what is not a question, or not an answer to it, is refused in a sentence."""

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from atom_data.errors import ConfigError, meant
from atom_data.publish.passport.passport import Passport, Row, Value
from atom_data.publish.passport.questions import Kind, Question, Table, tables

URL = re.compile(r"https?://[^\s<>\"]+")
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def read_passport(path: Path, write_one: str = "atom-data publish OUT --init") -> Passport:
    """Read the file. ConfigError for a file that is not there or is not TOML, and for each thing in it that cannot be right.

    Empty answers count as none: what is required is looked at by `require`. `write_one` is the command that writes a file
    to fill in, as it is typed.
    """
    try:
        page = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file. Write one to fill in: {write_one}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML ({error}). Correct it there.") from error
    known = tables()
    single, many = dict[str, Row](), dict[str, tuple[Row, ...]]()
    for name, value in page.items():
        if name not in known:
            raise ConfigError(
                f"{path}: there is no table [{name}]; there are {', '.join(known)}.{meant(name, known)} Correct its name."
            )
        if known[name].many:
            many[name] = _rows(path, known[name], value)
        else:
            single[name] = _row(path, known[name], value, f"[{name}]")
    found = Passport(str(path), single, many)
    _refuse_twice(found)
    return found


def require(passport: Passport) -> None:
    """Refuse a passport in which an answer is missing that no paper can do without. ConfigError with all of them."""
    wanted = [item for item in tables().values() if not item.many]
    missing = [
        f"{table.name}.{question.key}"
        for table in wanted
        for question in table.questions.values()
        if question.required and question.key not in passport.table(table.name).values
    ]
    if missing:
        raise ConfigError(
            f"{passport.path}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not answered, and no paper can do "
            "without. Fill in the file."
        )


def _rows(path: Path, table: Table, value: object) -> tuple[Row, ...]:
    if not isinstance(value, list):
        raise ConfigError(f"{path}: {table.name} may stand several times. Write [[{table.name}]] above each.")
    rows = [_row(path, table, item, f"[[{table.name}]] number {number}") for number, item in enumerate(value, 1)]
    filled = [(number, row) for number, row in enumerate(rows, 1) if row.values]
    for number, row in filled:
        for question in table.questions.values():
            if question.required and question.key not in row.values:
                raise ConfigError(f"{path}: [[{table.name}]] number {number} has no {question.key}. Fill it in.")
    return tuple(row for _, row in filled)


def _row(path: Path, table: Table, value: object, where: str) -> Row:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: {table.name} is {value!r}, not a table. Write [{table.name}] above its answers.")
    found: dict[str, Value] = {}
    for key, answer in value.items():
        question = table.questions.get(key)
        if question is None:
            raise ConfigError(
                f"{path}: {where} has no '{key}'; there are {', '.join(table.questions)}.{meant(key, table.questions)} "
                "Correct it."
            )
        if (read := _answer(answer)) not in ("", ()):
            found[key] = _checked(path, question, read, f"{where} {key}")
    return Row(found)


def _answer(value: Any) -> Any:  # noqa: ANN401 - whatever TOML has
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return tuple(item.strip() if isinstance(item, str) else item for item in value if item != "")
    return value.isoformat() if isinstance(value, date) else value


def _checked(path: Path, question: Question, value: Any, where: str) -> Value:  # noqa: ANN401
    kind = question.kind
    fits, wanted = CHECKS[kind]
    if kind == "choice":
        if value in question.choices:
            return str(value)
        raise ConfigError(
            f"{path}: {where} is {value!r}; there are {', '.join(question.choices)}.{meant(str(value), question.choices)} "
            "Choose one."
        )
    if not fits(value):
        raise ConfigError(f"{path}: {where} is {value!r}, which is not {wanted}. Correct it, or leave it empty.")
    found: Value = value
    return found


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_list(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


CHECKS: Mapping[Kind, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: isinstance(value, str), "text in quotation marks"),
    "url": (lambda value: isinstance(value, str) and bool(URL.fullmatch(value)), "a web address (https://...)"),
    "date": (_is_date, 'a day such as "2026-12-01"'),
    "month": (lambda value: isinstance(value, str) and bool(MONTH.fullmatch(value)), 'a month such as "2026-12"'),
    "yesno": (lambda value: isinstance(value, bool), "true or false (without quotation marks)"),
    "list": (_is_list, 'a list of texts such as ["one", "two"]'),
    "choice": (lambda value: True, ""),
}


def _refuse_twice(passport: Passport) -> None:
    for table in ("source", "crawler", "model"):
        names = [row.text("name") for row in passport.rows(table)]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"{passport.path}: [[{table}]] '{name}' stands twice. Keep one.")
