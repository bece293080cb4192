"""What of a source counts, and what it imports: docstrings and comments decide nothing, everything else does."""

import ast
from pathlib import Path

import pytest

import atom_data
from atom_data.imports import READS_ITSELF, Imported, imports_behind, parsed, read_source

FILES = sorted(Path(atom_data.__file__).parent.rglob("*.py"))

SOURCE = '''"""What it is."""

import numpy as np  # fast


class Kept:
    """A class."""

    size: int = 1
    """How large."""

    def double(self) -> int:
        """Twice."""
        return self.size * 2


def text() -> str:
    return """
    # no comment
      two  blanks  """ + "#" + f"{'#'}"  # a comment
'''


def code(source: str) -> bytes:
    return read_source(source.encode(), "module", False).code


def imports(source: str, module: str = "package.module", is_package: bool = False) -> list[tuple[str, str]]:
    return [tuple(found) for found in read_source(source.encode(), module, is_package).imports]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("What it is.", "What it was."),
        ("# fast", "# slow"),
        ("  # fast", ""),
        ("A class.", "A class of\n    two lines."),
        ('    """How large."""\n', ""),
        ('        """Twice."""\n', ""),
        ("\n\n\ndef text", "\n\n\n\n# here\n\ndef text"),
        ('"""What it is."""', '"""What it is."""\n# and more'),
    ],
)
def test_comments_docstrings_and_empty_lines_do_not_count(before: str, after: str) -> None:
    assert before in SOURCE
    assert code(SOURCE.replace(before, after)) == code(SOURCE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# no comment", "# some comment"),
        ("two  blanks  ", "two blanks  "),
        ("two  blanks  ", "two  blanks"),
        ('"""\n    # no', '"""\n\n    # no'),
        ('"#"', '"%"'),
        ("f\"{'#'}\"", "f\"{'%'}\""),
        ("size: int = 1", "size: int = 2"),
        ("size * 2", "size * 3"),
        ("-> int:", "-> float:"),
        ("import numpy as np", "import numpy"),
    ],
)
def test_everything_else_counts(before: str, after: str) -> None:
    assert before in SOURCE
    assert code(SOURCE.replace(before, after)) != code(SOURCE)


def test_a_source_that_reads_docstrings_counts_with_them() -> None:
    assert code('"""One."""\nprint(__doc__)\n') != code('"""Two."""\nprint(__doc__)\n')
    assert code('def f():\n    """One."""\n') == code('def f():\n    """Two."""\n') == code("def f():\n    pass\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FILES[0].parent).as_posix())
def test_what_counts_of_each_file_is_the_same_program(path: Path) -> None:
    source = path.read_bytes()
    found = read_source(source, "module", False).code
    if READS_ITSELF.search(source):
        assert found == source
    else:
        assert ast.dump(bare(source)) == ast.dump(bare(found))
        assert b'"""' not in source or len(found) < len(source)


def bare(source: bytes) -> ast.Module:
    """Return a program without text that stands alone and without what is for type checkers alone."""

    class Bare(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
            return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node

        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)

        def visit_Pass(self, node: ast.Pass) -> None:
            return None

    return Bare().visit(ast.parse(source))  # type: ignore[no-any-return]


def test_imports_are_found_wherever_they_stand() -> None:
    source = """
import a
import b.c as d
from e import f as g, h
try:
    import i
except ImportError:
    import j
else:
    import k
finally:
    import l
with x as y:
    import m
match x:
    case 1:
        import n
class C:
    import o
    def f(self):
        for _ in x:
            from .p import q
        async def g():
            from .. import r
import_module("s.t")
find_spec('u')
"""
    assert sorted(imports(source, "one.two.three")) == sorted(
        [
            ("a", ""),
            ("b.c", ""),
            ("e", "f"),
            ("e", "h"),
            *((name, "") for name in "ijklmno"),
            ("one.two.p", "q"),
            ("one", "r"),
            ("s.t", ""),
            ("u", ""),
        ]
    )
    assert imports("from . import a\nfrom .b import c", "one.two", is_package=True) == [
        ("one.two", "a"),
        ("one.two.b", "c"),
    ]


def test_what_is_imported_for_type_checkers_alone_is_not_needed() -> None:
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nelse:\n    import b\n"
    assert imports(source) == [("typing", "TYPE_CHECKING"), ("b", "")]
    assert imports("if typing.TYPE_CHECKING:\n    import a\n") == []


def test_an_import_without_as_makes_all_above_known() -> None:
    assert imports("import a.b.c") == [("a", ""), ("a.b", ""), ("a.b.c", "")]


RECIPE = b"""
import atom_data.text
from atom_data import Copies, Stage
from atom_data.text.words import letters as known
from atom_data.signals import count_words, count_lines
from other import later

LIMIT = known(5)

if 1:
    def guarded(batch):
        return later(batch)

def helper(batch):
    return count_words(batch), LIMIT

class Step:
    bound = count_lines

    def __call__(self, batch):
        return helper(batch)

def alone(batch):
    from atom_data.rules import keep
    return keep

def anything(batch, name):
    return globals()[name](batch)

def stages():
    return Stage(reads=Copies(of=atom_data.text))

later.install()
"""
ALWAYS = {("other", "later")}
"""What stands on top and is not a definition runs in any case."""


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("alone", {("atom_data.rules", "keep")}),
        ("helper", {("atom_data.signals", "count_words"), ("atom_data.text.words", "letters")}),
        (
            "Step",
            {
                ("atom_data.signals", "count_words"),
                ("atom_data.signals", "count_lines"),
                ("atom_data.text.words", "letters"),
            },
        ),
        ("stages", {("atom_data", "Stage"), ("atom_data", "Copies"), ("atom_data", ""), ("atom_data.text", "")}),
    ],
)
def test_a_step_needs_what_it_names_and_not_all_that_its_file_imports(name: str, needed: set[tuple[str, str]]) -> None:
    assert {tuple(found) for found in imports_behind(RECIPE, "recipe", False, name)} == needed | ALWAYS


@pytest.mark.parametrize("name", ["anything", "not_there"])
def test_what_looks_names_up_needs_all(name: str) -> None:
    assert imports_behind(RECIPE, "recipe", False, name) == read_source(RECIPE, "recipe", False).imports


def test_pages_of_names_are_known() -> None:
    page = b'''"""A page."""
from typing import TYPE_CHECKING
from atom_data.lazy import lazy_names
if TYPE_CHECKING:
    from atom_data.p.m import A as A
__all__, __getattr__, __dir__ = lazy_names(__name__, {"m": "A B", "n": "C"})
'''
    homes = (("A", "atom_data.p.m"), ("B", "atom_data.p.m"), ("C", "atom_data.p.n"))
    found = read_source(page, "atom_data.p", True)
    assert (found.lazy, found.only_names, found.imports) == (
        homes,
        True,
        (Imported("typing", "TYPE_CHECKING"), Imported("atom_data.lazy", "lazy_names")),
    )
    more = read_source(page + b"import os\n", "atom_data.p", True)
    assert (more.lazy, more.only_names) == (homes, False)
    moved = page.replace(b"if TYPE", b"from atom_data.public_names import MOVED\nif TYPE").replace(b"})", b"}, MOVED)")
    assert read_source(moved, "atom_data.p", True).only_names
    assert read_source(b"", "atom_data.p", True).lazy == ()


@pytest.mark.parametrize(
    "made", ["def __getattr__(name):\n    return 1\n", "__getattr__ = made()\n", "from a import __getattr__\n"]
)
def test_names_that_are_found_in_a_way_nobody_can_read_may_be_anywhere_below(made: str) -> None:
    found = read_source(made.encode(), "atom_data.p", True)
    assert (found.lazy, found.only_names) == ((("*", "atom_data.p"),), False)


def test_a_source_is_parsed_again_where_python_miscounts(monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = ast.parse, []

    def once_wrong(source: bytes) -> ast.Module:
        calls.append(source)
        if len(calls) == 1:
            raise SystemError("AST constructor recursion depth mismatch (before=45, after=57)")
        return real(source)

    monkeypatch.setattr(ast, "parse", once_wrong)
    assert isinstance(parsed(b"a = 1"), ast.Module)
    assert len(calls) == 2
