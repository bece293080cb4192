"""How a grade is printed."""

import json

import typer
from rich.markup import escape

from atom_data.commands.screen import console
from atom_data.publish.grade.grade import Grade, Score
from atom_data.publish.summary.known import Known
from atom_data.terminal.table import Column, print_table, printable

NUMBERS = 6
"""Numbers of questions that a line names."""

FROM = "passport.toml: "


def print_grade(found: Grade, known: Known, as_text: bool) -> None:
    """Print the weights by section and who answers, then what closes the open questions."""
    if as_text:
        typer.echo(json.dumps(found.value(), indent=1, ensure_ascii=False))
        return
    screen = console()
    screen.prose(
        "A self-assessment by the 242 weighted questions of Blankvoort, Pandit and Gahntz (FAccT 2026, "
        "doi:10.5281/zenodo.18803975). A question counts where it is answered; whether an answer of people is true and clear, "
        "only others can judge.\n"
    )
    titles = ("answered", "by data", "by form", "by people", "open", "n/a")
    columns = (Column("section", left=True), *(Column(title) for title in titles))
    rows = [[name, *_cells(found.score(name))] for name in found.sections]
    rows += [["all", *_cells(found.score())]]
    print_table(screen, columns, rows)
    shares = [found.score(useful=useful).share or 0 for useful in (False, True)]
    screen.prose(f"\ntransparency {shares[0]:.1%}, usefulness {shares[1]:.1%} of the weight that applies")
    for line in known.hidden_words():
        screen.prose(escape(printable(line)))
    ways = found.ways()
    if not ways:
        screen.print("\nNothing is open.")
        return
    screen.print("\nOpen, with the weight, what of passport.toml closes it, and the questions:")
    rows = [[f"{weight}", escape(close.removeprefix(FROM)), _numbers(asked)] for close, weight, asked in ways]
    print_table(
        screen, (Column("weight"), Column("what closes it", left=True), Column("questions", 1, left=True)), rows
    )


def _cells(score: Score) -> list[str]:
    share = "" if score.share is None else f"{score.share:.1%}"
    return [share, *(f"{value:,}" for value in (score.data, score.form, score.people, score.open, score.none))]


def _numbers(asked: list[str]) -> str:
    more = f" and {len(asked) - NUMBERS}" if len(asked) > NUMBERS else ""
    return f"{', '.join(asked[:NUMBERS])}{more}"
