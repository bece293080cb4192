"""The passport.toml to fill in: every question with what it is for, and the sources that the corpus has."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from atom_data.errors import ConfigError
from atom_data.publish.passport.questions import Question, Table, tables
from atom_data.publish.passport.strings import quoted
from atom_data.storage.paths import create
from atom_data.workspace import Workspace

WIDTH = 110
HEAD = """\
# What only people know of this corpus. Everything else is counted, or stands in the receipts.
# Fill in what you can: what stays empty is left out or said to be open, never guessed.
#     atom-data publish {out} --to FOLDER     writes the papers and the data, ready for a hub
#     atom-data publish {out} --grade         says what is still open, and what it weighs
# In brackets: the papers and the fields of the EU summary (C(2025) 8311) that the answer fills.
# Answers of yes or no are true or false, without quotation marks.
"""


def blank(workspace: Workspace, sources: Sequence[str]) -> str:
    """Return the file with every question, and a table [[source]] for each source that the documents name."""
    parts = [HEAD.format(out=workspace.root)]
    for table in tables().values():
        names = list(sources) if table.name == "source" and sources else [""]
        parts += ["\n".join(_table(table, name, number == 0)) for number, name in enumerate(names)]
    return "\n\n".join(parts) + "\n"


def write_blank(path: Path, text: str, token: str) -> None:
    """Write it, never over one that is there. ConfigError."""
    if path.exists():
        raise ConfigError(f"{path}: is there already, and is yours. Move it away for a new one, or edit it.")
    with create(str(path), token) as stream:
        stream.write(text.encode())


def _table(table: Table, name: str, with_words: bool) -> Iterator[str]:
    more = " May stand several times; remove it where it does not apply." if table.many else ""
    if with_words:
        yield from _comment(table.ask + more)
    yield f"[[{table.name}]]" if table.many else f"[{table.name}]"
    for question in table.questions.values():
        if with_words:
            yield from _comment(_words(question))
        yield f"{question.key} = {quoted(name) if question.key == 'name' and name else _empty(question)}"


def _words(question: Question) -> str:
    said = f"{question.ask} [{question.fills}]"
    if question.required:
        said = f"Required. {said}"
    if question.kind == "yesno":
        said += " true or false."
    if question.choices:
        said += f" One of: {', '.join(question.choices)}."
    if question.example:
        many = isinstance(question.example, tuple)
        example = ", ".join(map(quoted, question.example)) if many else quoted(str(question.example))
        said += f" Example: {f'[{example}]' if many else example}"
    return said


def _empty(question: Question) -> str:
    return "[]" if question.kind == "list" else '""'


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False)]
