"""The questions of passport.toml, as the package has them in questions.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Kind = Literal["text", "url", "date", "month", "yesno", "list", "choice"]
PAGE = Path(__file__).with_name("questions.toml")


@dataclass(frozen=True, slots=True)
class Question:
    """Something that only people know."""

    key: str
    kind: Kind
    ask: str
    fills: str
    required: bool = False
    example: str | tuple[str, ...] = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table of passport.toml."""

    name: str
    ask: str
    questions: Mapping[str, Question]
    many: bool = False
    """It may stand several times."""


@cache
def tables() -> Mapping[str, Table]:
    """Return the tables by name, in the order in which the file has them."""
    found = {}
    for page in tomllib.loads(PAGE.read_text("utf-8"))["table"]:
        questions = {}
        for item in page["question"]:
            lists = {name: tuple(item[name]) for name in ("example", "choices") if isinstance(item.get(name), list)}
            questions[item["key"]] = Question(**{**item, **lists})
        found[page["name"]] = Table(page["name"], page["ask"], questions, page.get("many", False))
    return found
