"""Tables are as wide as the terminal where they can be, and cut nothing; counts have the right noun; commands can be pasted."""

import sys
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, strategies as st
from rich.text import Text

from atom_data.terminal.called import called, command_line, near
from atom_data.terminal.table import Column, percent, plural, table_lines

COLUMNS = (Column("stage", left=True), Column("in", 1), Column("kept"), Column("MB", 2), Column("seconds", 2))
ROWS = [["clean", "1,000", "900", "1.0", "7"], ["[bold]fuzzy_deduped[/bold]", "900", "[dim]10[/dim]", "", ""]]


def test_numbers_stand_right_and_what_is_needed_least_goes_first() -> None:
    plain = [Text.from_markup(line).plain for line in table_lines(COLUMNS, ROWS)]
    assert plain == [
        "stage             in  kept   MB  seconds",
        "clean          1,000   900  1.0        7",
        "fuzzy_deduped    900    10",
    ]
    assert (
        next(Text.from_markup(line).plain for line in table_lines(COLUMNS, ROWS, 36))
        == "stage             in  kept   MB"
    )
    assert [Text.from_markup(line).plain for line in table_lines(COLUMNS, ROWS, 5)] == [
        "stage          kept", "clean           900", "fuzzy_deduped    10",
    ]  # fmt: skip


def test_a_column_without_values_is_left_out() -> None:
    lines = table_lines((Column("a"), Column("b"), Column("c", 1)), [["1", "", "2"]])
    assert [Text.from_markup(line).plain for line in lines] == ["a  c", "1  2"]
    assert table_lines(COLUMNS, []) == [""]


@given(
    st.lists(st.lists(st.text("abc…漢", max_size=12), min_size=4, max_size=4), min_size=1, max_size=5),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.integers(0, 60),
)
def test_no_cell_is_cut_and_a_line_is_too_long_only_where_nothing_can_go(
    rows: list[list[str]], ranks: list[int], width: int
) -> None:
    columns = [Column(f"t{place}", rank) for place, rank in enumerate(ranks)]
    lines = [Text.from_markup(line) for line in table_lines(columns, rows, width)]
    shown = lines[0].plain.split()
    for row, line in zip(rows, lines[1:], strict=True):
        assert all(cell in line.plain for cell, column in zip(row, columns, strict=True) if column.title in shown)
    may_go = any(column.rank and column.title in shown for column in columns)
    assert not width or not may_go or max(line.cell_len for line in lines) <= width


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(0, "shard", "0 shards"), (1, "shard", "1 shard"), (2000, "shard", "2,000 shards"), (2, "copy", "2 copies")],
)
def test_plurals(count: int, noun: str, said: str) -> None:
    assert plural(count, noun) == said


def test_a_share_of_nothing_is_nothing() -> None:
    assert (percent(1, 8), percent(1, 0)) == ("12.5 %", "")


@pytest.mark.parametrize(
    ("typed", "on_path", "said"),
    [
        ("atom-data", None, "atom-data"),
        (".venv/bin/atom-data", None, ".venv/bin/atom-data"),
        ("{here}/my env/bin/atom-data", None, "'my env/bin/atom-data'"),
        ("/opt/bin/atom-data", "/opt/bin/atom-data", "atom-data"),
        ("/opt/bin/atom-data", "/usr/bin/atom-data", "/opt/bin/atom-data"),
        ("/somewhere/atom_data/__main__.py", None, "{python} -m atom_data"),
        ("/somewhere/atom_data/cli.py", None, "{python} -m atom_data.cli"),
        ("/usr/bin/pytest", None, "atom-data"),
    ],
)
def test_commands_are_called_as_this_one_was(typed: str, on_path: str | None, said: str) -> None:
    typed = typed.format(here=Path.cwd())
    with mock.patch.object(sys, "argv", [typed]), mock.patch("shutil.which", return_value=on_path):
        assert called() == said.format(python=near(sys.executable))


def test_words_of_a_command_are_quoted() -> None:
    with mock.patch.object(sys, "argv", ["atom-data"]):
        assert command_line("peek", "my recipe.py", "-o", Path("out")) == "atom-data peek 'my recipe.py' -o out"
