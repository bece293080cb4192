"""Files, functions and folders of the package stay small enough to be read: see CONTRIBUTING.md, rule 1."""

import ast
from pathlib import Path

import atom_data

ROOT = Path(atom_data.__file__).parent
FILE_LINES, FUNCTION_LINES, FOLDER_FILES = 300, 50, 20
LONGER: dict[str, str] = {}
"""Files that may be longer, below atom_data/, each with the reason. Tables and kernels of a peer's behavior may need it."""


def functions(source: str) -> list[tuple[str, int]]:
    """Return the name of every function and how many lines it has, signature and docstring included."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in found]


def test_files_are_short() -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in ROOT.rglob("*.py")
    }
    assert not {name: count for name, count in lines.items() if count > FILE_LINES and name not in LONGER}
    assert not [name for name in LONGER if lines.get(name, 0) <= FILE_LINES], "no longer needs to be here"


def test_functions_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {name} has {count} lines"
        for path in ROOT.rglob("*.py")
        for name, count in functions(path.read_text("utf-8"))
        if count > FUNCTION_LINES
    ]
    assert not long


def test_folders_hold_few_files() -> None:
    folders = {path.parent for path in ROOT.rglob("*.py")}
    counts = {folder.relative_to(ROOT).as_posix(): len([*filter(_counts, folder.iterdir())]) for folder in folders}
    assert not {name: count for name, count in counts.items() if count > FOLDER_FILES}


def _counts(path: Path) -> bool:
    return path.is_file() and path.suffix != ".pyc" and path.name != "py.typed"


def test_a_long_function_would_be_seen() -> None:
    source = "def long(\n    a: int,\n):\n    '''Text.'''\n" + "    x = 1\n" * FUNCTION_LINES
    assert functions(source) == [("long", FUNCTION_LINES + 4)]
