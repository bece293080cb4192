"""A run with stored signals and three cards, and questions about it."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from atom_data.runner.recipe import load_recipe
from atom_data.tune.bounds import CardRule, read_setting, read_sweep, rules_of
from atom_data.tune.choose import cards_of, choose
from atom_data.tune.report import Question, Report, ask
from atom_data.tune.stored import open_stored
from atom_data.workspace import Workspace
from tests.command import SAMPLE, Done, atom_data

RECIPE = f"""
    from atom_data import Extract, Stage, Warc, keep
    from atom_data.signals import CheckUrl, FastTextLanguage, count_characters, count_lines, count_words

    STEPS = (Extract(), CheckUrl(), FastTextLanguage(), count_characters, count_words, count_lines)

    def stages():
        measured = Stage(name="measured", reads=Warc({str(SAMPLE / "*.warc.gz")!r}, source="sample"), steps=STEPS)
        cards = (keep("web_page"), keep("sample_languages"), keep("gopher_quality"))
        return (Stage(name="clean", reads=measured, steps=cards),)
"""


def asked(run: tuple[Path, Path], **question: Any) -> Report:
    """Return the answer to a question about the stage `measured`; without rules, about the recipe's cards."""
    loaded = load_recipe(str(run[0]))
    rules = question.pop("rules", rules_of(cards_of(loaded, "measured")))
    settings = tuple(read_setting(text) for text in question.pop("settings", ()))
    sweeps = tuple(read_sweep(text) for text in question.pop("sweeps", ()))
    with open_stored(loaded, choose(loaded, None, ()).stage, Workspace(str(run[1]))) as stored:
        return ask(stored, Question(rules=tuple(rules), settings=settings, sweeps=sweeps, **question))


def failed(rules: list[CardRule], rows: pa.Table) -> list[list[str]]:
    """Return per row the rules that it fails, by the plain way."""
    (batch,) = rows.combine_chunks().to_batches()
    passed = [item.rule.passes(batch).to_pylist() for item in rules]
    return [
        [item.name for item, kept in zip(rules, column, strict=True) if not kept]
        for column in zip(*passed, strict=True)
    ]


def command(run: tuple[Path, Path], *more: object) -> Done:
    return atom_data("tune", run[0], "--output", run[1], *more)
