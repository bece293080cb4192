"""What a Python source imports, and what of its text can change what it does."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

DYNAMIC = frozenset(("__import__", "eval", "exec", "globals", "import_module", "locals", "vars"))
"""With these a source may use what it does not name."""
DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SIMPLE = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Expr,
    ast.Return,
    ast.Raise,
    ast.Assert,
    ast.Import,
    ast.ImportFrom,
)
"""Statements that hold no others: most are."""
BODIES = (ast.Module, *DEFINES)
BINDS = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
READS_ITSELF = re.compile(rb"\b(?:__(?:doc)__|get(?:doc|source|sourcelines|comments))\b")
"""A source with one of these counts with its docstrings and comments."""

_STRING = rb'"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
_LAYOUT = re.compile(rb"(" + _STRING + rb")|(?:[ \t]*(?:#[^\n]*)?\n)+", re.DOTALL)
_BY_NAME = re.compile(rb"\b(?:find_spec|import_module|__import__)\(\s*[\"']([\w.]+)[\"']")


class Imported(NamedTuple):
    """A module that is imported, or with `name` something of it: a module below it, a class, a value, `*`."""

    module: str
    name: str = ""


WHOLE = Imported("atom_data", "**")
"""All of this package: code that cannot be inspected may use any of it."""


class Found(NamedTuple):
    """An import, and the name by which the source knows it."""

    imported: Imported
    bound: str


@dataclass(frozen=True, slots=True)
class SourceCode:
    """A source file, read."""

    imports: tuple[Imported, ...]
    """Everywhere in it, in functions too; not what is imported for type checkers alone."""
    code: bytes
    """The source without docstrings, comments, empty lines and what is for type checkers alone."""
    lazy: tuple[tuple[str, str], ...]
    """Names that are imported on first use, and where they are (see `lazy.lazy_names`); `*` and the module for a `__getattr__`
    of another kind, which may import anything below."""
    only_names: bool
    """Whether it does nothing but say where its names are: then only what is asked of it matters."""


def parsed(source: bytes) -> ast.Module:
    """Return the tree of a source. SyntaxError where it is none.

    Python 3.11 counts how deep it is in a place that it shares with whatever parses meanwhile, as a finalizer may, and then
    says SystemError of a source without fault (github.com/python/cpython/issues/106905): once in thousands of jobs.
    """
    try:
        return ast.parse(source)
    except SystemError:
        return ast.parse(source)


@lru_cache(maxsize=2048)
def read_source(source: bytes, module: str, is_package: bool) -> SourceCode:
    """Read the source of a module. SyntaxError where it is none."""
    tree = parsed(source)
    statements = list(_statements(tree))
    imports = [found.imported for node in statements for found in imports_at(node, module, is_package)]
    code = _code(source, tree, statements)
    imports += [Imported(match.decode()) for match in _BY_NAME.findall(code)]
    return SourceCode(tuple(dict.fromkeys(imports)), code, _lazy_names(tree, module), _only_names(tree))


@lru_cache(maxsize=256)
def imports_behind(source: bytes, module: str, is_package: bool, name: str) -> tuple[Imported, ...]:
    """Return what a function or class of a source needs: itself, what it names, and what runs on import in any case.

    All imports of the source where it is not defined on top, or where what it needs looks names up at run time.
    """
    tree, whole = parsed(source), read_source(source, module, is_package).imports
    bound: dict[str, list[ast.stmt]] = {}
    for node in tree.body:
        for each in _bound(node, module, is_package):
            bound.setdefault(each, []).append(node)
    if name not in bound:
        return whole
    waiting = [
        *bound[name],
        *bound.get("*", ()),
        *(node for node in tree.body if not isinstance(node, (*DEFINES, *BINDS))),
    ]
    needed: dict[int, ast.stmt] = {}
    named = {"*"}
    while waiting:
        node = waiting.pop()
        if id(node) in needed or _is_for_checkers(node):
            continue
        needed[id(node)] = node
        names = _named(node)
        if names & DYNAMIC:
            return whole
        named |= names
        waiting += [statement for each in names for statement in bound.get(each, ())]
    on_top = [
        found for node in needed.values() for found in imports_at(node, module, is_package) if found.bound in named
    ]
    below = [inner for node in needed.values() for inner in _statements(node)]
    found = [*on_top, *(each for node in below for each in imports_at(node, module, is_package))]
    return tuple(sorted({each.imported for each in found}))


def _named(node: ast.stmt) -> set[str]:
    """Return the names that a statement uses, and those of DYNAMIC that it asks a module for."""
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return names | {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)} & DYNAMIC


def imports_at(node: ast.AST, module: str, is_package: bool) -> Iterator[Found]:
    """Yield what one statement imports. `import a.b` makes a, a.b and all they hold known under `a`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield Found(Imported(alias.name), alias.asname)
                continue
            parts = alias.name.split(".")
            for end in range(1, len(parts) + 1):
                yield Found(Imported(".".join(parts[:end])), parts[0])
    elif isinstance(node, ast.ImportFrom):
        parts = module.split(".")
        above = parts[: len(parts) - node.level + is_package] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            yield Found(Imported(base, alias.name), alias.asname or alias.name)


def _bound(node: ast.stmt, module: str, is_package: bool) -> Iterator[str]:
    """Yield the names that a statement on top of a source binds, in its blocks too; not those of functions in it."""
    if isinstance(node, DEFINES):
        yield node.name
        return
    yield from (found.bound for found in imports_at(node, module, is_package))
    for inner in _blocks(node):
        yield from _bound(inner, module, is_package)
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield all statements below a node, those in functions too; not those for type checkers alone."""
    for inner in _blocks(node):
        yield inner
        if not isinstance(inner, SIMPLE):
            yield from _statements(inner)


def _blocks(node: ast.AST) -> Iterator[ast.stmt]:
    held = vars(node)
    if not _is_for_checkers(node):
        yield from _listed(held.get("body"))
    yield from _listed(held.get("orelse"))
    yield from _listed(held.get("finalbody"))
    for part in (*_listed(held.get("handlers")), *_listed(held.get("cases"))):
        yield from _listed(vars(part).get("body"))


def _listed(found: object) -> list[Any]:
    return found if isinstance(found, list) else []  # the body of a lambda is not a list


def _is_for_checkers(node: ast.AST) -> bool:
    """Tell whether this is `if TYPE_CHECKING:`."""
    if not isinstance(node, ast.If):
        return False
    test = node.test
    name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
    return name == "TYPE_CHECKING"


def _is_text(node: ast.AST) -> bool:
    """Tell whether a statement is text alone: a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _code(source: bytes, tree: ast.Module, statements: list[ast.stmt]) -> bytes:
    if READS_ITSELF.search(source):
        return source
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    alone = {id(node.body[0]) for node in (tree, *statements) if isinstance(node, BODIES) and len(node.body) == 1}
    kept, end = [], 0
    for node in sorted(filter(_is_idle, statements), key=lambda node: (node.lineno, node.col_offset)):
        kept += [source[end : starts[node.lineno - 1] + node.col_offset], b"pass" if id(node) in alone else b""]
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
    kept += [source[end:], b"\n"]
    return _LAYOUT.sub(lambda match: match[1] or b"\n", b"".join(kept))


def _is_idle(node: ast.stmt) -> bool:
    """Tell whether leaving a statement out changes nothing."""
    return _is_text(node) or (isinstance(node, ast.If) and _is_for_checkers(node) and not node.orelse)


def _lazy_names(tree: ast.Module, module: str) -> tuple[tuple[str, str], ...]:
    """Return where the names of a module are that are imported on first use; (`*`, the module) where that cannot be read."""
    calls = [_homes(node.value) for node in tree.body if isinstance(node, ast.Assign)]
    found = {name: home for homes in calls if homes for home, names in homes.items() for name in names.split()}
    if found:
        return tuple((name, f"{module}.{home}") for name, home in found.items())
    on_top = {name for node in tree.body if isinstance(node, (*DEFINES, *BINDS)) for name in _bound(node, module, True)}
    return ((("*", module)),) if "__getattr__" in on_top else ()


def _only_names(tree: ast.Module) -> bool:
    """Tell whether a page does nothing but say where its names are."""
    rest = [node for node in tree.body if not (_is_text(node) or _is_for_checkers(node) or _is_for_laziness(node))]
    return len(rest) == 1 and isinstance(rest[0], ast.Assign) and _homes(rest[0].value) is not None


def _is_for_laziness(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module in ("typing", "atom_data.lazy", "atom_data.public_names")


def _homes(value: ast.expr) -> dict[str, str] | None:
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "lazy_names"):
        return None
    try:
        homes = ast.literal_eval(value.args[1])
    except (IndexError, ValueError):
        return None
    return homes if isinstance(homes, dict) else None
