"""How the package hangs together, read from its source: no guesses at structure, no hidden state, one object for a folder."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import atom_data
from tests.follow import Follower, House

ROOT = Path(atom_data.__file__).parent
TYPED = ("runner", "tokens", "mix", "forecast")
CONCRETE = {"Stage", "Tokenize", "Copies", "Repeats", "MinHash", "SameText", "Part", "Mixture", "Mix"}
ATTRIBUTES = {"again.py": 1, "held.py": 1, "needs.py": 1, "pack.py": 2}
"""Uses of `getattr` that do not ask what a node is: the values of a dataclass, by the names of its own fields."""
CHANGES = {
    *("append", "appendleft", "extend", "insert", "add", "update", "setdefault", "pop", "popleft", "popitem"),
    *("remove", "discard", "clear", "sort", "reverse"),
}
"""Methods that change a list, dict, set or deque."""
MOST_FUNCTIONS = 20
"""Functions that get the output folder as text on its way from `atom-data run` down; 181 before there was a Workspace."""


def trees(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms or ("",):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def called(tree: ast.AST, *names: str) -> list[ast.Call]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [node for node in calls if isinstance(node.func, ast.Name) and node.func.id in names]


def test_structure_is_not_guessed() -> None:
    asked = {path.name: len(called(tree, "getattr", "hasattr", "setattr")) for path, tree in trees(*TYPED)}
    asked = {name: count for name, count in asked.items() if count}
    assert asked == ATTRIBUTES


def concrete(tree: ast.AST) -> list[str]:
    """Return the calls of `isinstance` that name a concrete node."""
    found = []
    for call in called(tree, "isinstance", "issubclass"):
        kinds = call.args[1].elts if isinstance(call.args[1], ast.Tuple) else [call.args[1]]
        found += [ast.unparse(call) for kind in kinds if ast.unparse(kind).rpartition(".")[2] in CONCRETE]
    return found


def test_no_pass_is_known_by_its_class() -> None:
    assert not [f"{path}: {call}" for path, tree in trees(*TYPED) for call in concrete(tree)]
    assert concrete(ast.parse("isinstance(job, (int, stage.Stage))"))


def test_nothing_is_global() -> None:
    assert not [path for path, tree in trees() if any(isinstance(node, ast.Global) for node in ast.walk(tree))]


def test_no_function_takes_a_folder_and_its_token() -> None:
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                given = {
                    arg.arg: ast.unparse(arg.annotation or node)
                    for arg in ast.walk(node.args)
                    if isinstance(arg, ast.arg)
                }
                text = given.get("out", given.get("output", ""))
                found += (
                    [f"{path}: {node.name}"]
                    if text.startswith(("str", "Output =", "Annotated")) and "token" in given
                    else []
                )
    assert not found


def changed(tree: ast.Module) -> list[str]:
    """Return the module-level names whose values functions of the module change."""
    names: set[str] = set()
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    found = []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)):
        own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        own |= {
            node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for node in ast.walk(function):
            value: ast.AST | None = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
                value = node.func.value
            elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
                value = node.value
            if isinstance(value, ast.Name) and value.id in names - own:
                found.append(value.id)
    return found


def test_no_module_keeps_state() -> None:
    assert not {path.relative_to(ROOT).as_posix(): names for path, tree in trees() if (names := changed(tree))}


@pytest.mark.parametrize("line", ["KNOWN[key] = 1", "KNOWN.add(key)", "KNOWN.here = key", "del KNOWN[key]"])
def test_state_would_be_seen(line: str) -> None:
    assert changed(ast.parse(f"KNOWN = made()\ndef keep(key):\n    {line}")) == ["KNOWN"]
    assert not changed(ast.parse(f"KNOWN = made()\ndef keep(key):\n    KNOWN = made()\n    {line}"))


def test_caches_are_bounded_or_of_few_things() -> None:
    """A cache without a bound is for functions of nothing, or of a card or a kind: never of a document."""
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                cached = {ast.unparse(one).rpartition(".")[2] for one in node.decorator_list} & {
                    "cache",
                    "lru_cache(maxsize=None)",
                }
                kinds = {ast.unparse(arg.annotation or node) for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
                found += (
                    [f"{path}: {node.name}"] if cached and kinds & {"pa.RecordBatch", "pa.Array", "Workspace"} else []
                )
    assert not found


def test_overview_names_every_room() -> None:
    page = (ROOT.parent / "CONTRIBUTING.md").read_text("utf-8")
    tree = page[page.index("\natom_data/") : page.index("\n```\nRooms")]
    rooms = {f"{path.name}/" for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    rooms |= {f"{path.parent.name}/{path.name}" for path in ROOT.glob("*/*") if (path / "__init__.py").exists()}
    missing = {room for room in rooms if room.rpartition("/")[2 if room[-1] != "/" else 0] not in tree}
    files = {path.name for path in ROOT.glob("*.py")} - {"__init__.py"}
    assert not missing and not {name for name in files if name not in tree}
    assert not {word for word in tree.split() if word.endswith(".py") and not [*ROOT.rglob(word)]}, "no longer there"


def test_folder_is_an_object_on_its_way() -> None:
    found = Follower(House(ROOT), ("atom_data.commands.run", "run"), "output").follow()
    assert ("atom_data.workspace", "Workspace.__init__") in found
    assert len(found) <= MOST_FUNCTIONS, sorted(found)


def test_follower_sees_calls_fields_and_methods(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "other.py").write_text("def last(folder): pass\ndef spared(folder): pass\n")
    (tmp_path / "house" / "door.py").write_text(
        "from house.other import last, spared\n"
        "class Told:\n    out: str\n"
        "class Worker:\n    def do(self, told: Told):\n        last(told.out)\n    def go(self, place): pass\n"
        "def run(output):\n    here = output\n    told = Told(out=here)\n    worker.go(here)\n    spared(output + 'x')\n"
    )
    found = Follower(House(tmp_path / "house"), ("house.door", "run"), "output").follow()
    assert found == {("house.door", "run"), ("house.door", "Worker.go"), ("house.other", "last")}
