"""What commands print in terminals of 80, 100 and 160 columns and piped: nothing is cut, nothing is wider, nothing is colored."""

import importlib.util
import io
import re
from pathlib import Path
from types import ModuleType

import pytest
from rich.cells import cell_len

from atom_data.assets import filters_folder
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import next_lines
from tests.command import ROOT

RULES = (
    "gopher_multilingual.alphabetic_words", "gopher_multilingual.characters", "sample_languages.language",
    "sample_languages.score",
)  # fmt: skip
STAGES = ("extracted", "clean", "exact", "exact_deduped", "near", "fuzzy_deduped", "tokens")


@pytest.fixture(scope="module")
def screens() -> ModuleType:
    spec = importlib.util.spec_from_file_location("screens", ROOT / "benchmarks" / "screens.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("width", [80, 160, 0])
@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("status {out}", (*RULES, *STAGES)),
        ("tune {out} --measure 99", RULES),
        ("list cards", tuple(path.stem for path in filters_folder().glob("*.toml"))),
        ("check pipelines/sample.py -o new", STAGES),
        ("show gopher_quality", ("symbol_word_ratio", "stop_words")),
    ],
)
def test_nothing_is_cut_and_nothing_is_wider(
    screens: ModuleType, sample_run: Path, words: str, names: tuple[str, ...], width: int
) -> None:
    raw = screens.atom_data(words.format(out=sample_run), width, ROOT)
    shown = screens.last_state(raw)
    missing = [name for name in names if not re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", shown)]
    assert not missing and "\u2026" not in shown, shown
    if width:
        wide = [line for line in shown.splitlines() if cell_len(line) > width]
        assert not [line for line in wide if not screens.cannot_wrap(line, width)], shown
    else:
        assert "\x1b" not in raw


def screen(width: int, terminal: bool = True) -> Screen:
    return Screen(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)


def written(of: Screen) -> str:
    assert isinstance(of.file, io.StringIO)
    return of.file.getvalue()


def test_prose_goes_on_below_and_no_word_is_cut() -> None:
    narrow = screen(24)
    narrow.prose("note  a [bold]sentence[/bold] that is long, and /a/path/that/is/longer/than/a/line ends", set_in=6)
    assert written(narrow).splitlines() == [
        "note  a sentence that is", "      long, and", "      /a/path/that/is/longer/than/a/line", "      ends",
    ]  # fmt: skip
    piped = screen(24, terminal=False)
    piped.prose("a sentence that is longer than the lines of a terminal")
    assert written(piped) == "a sentence that is longer than the lines of a terminal\n"
    wide = screen(24)
    wide.prose("日本語の文字は幅が二つ 日本語の文字")
    assert [cell_len(line) for line in written(wide).splitlines()] == [22, 14]


def test_what_to_do_next_is_beside_the_command_or_above_it() -> None:
    commands = [("atom-data verify out", "every file"), ("atom-data peek out", "what was kept")]
    assert next_lines(commands, 80) == [
        "\nNext:", "  atom-data verify out  every file", "  atom-data peek out    what was kept",
    ]  # fmt: skip
    assert next_lines(commands, 30)[1:3] == ["  [dim]# every file[/dim]", "  atom-data verify out"]
    assert next_lines([]) == []
