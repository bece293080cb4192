"""Follow one parameter through the calls of a package, by its source alone; nothing is run.

Followed is the value itself under every name: as an argument, in a field of a dataclass or an attribute, through methods of
any class that has one of that name. What is made of it (a longer path, an object that holds it) is something else, but the
attribute of such an object that gives it back is the value again.
"""

import ast
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path

Function = tuple[str, str]
"""Module, and name or `Class.method`."""


class House:
    """The functions, classes and imports of a package."""

    def __init__(self, root: Path) -> None:
        """Read all its files."""
        self.functions: dict[Function, ast.FunctionDef] = {}
        self.fields: dict[Function, list[str]] = {}
        self.methods: dict[str, list[Function]] = defaultdict(list)
        self.names: dict[str, dict[str, Function]] = defaultdict(dict)
        for path in sorted(root.rglob("*.py")):
            module = ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
            self._read(module, ast.parse(path.read_text("utf-8")), root.name)

    def _read(self, module: str, tree: ast.Module, package: str) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package):
                self.names[module].update({a.asname or a.name: (str(node.module), a.name) for a in node.names})
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self.functions[module, node.name] = node
                self.names[module][node.name] = module, node.name
            elif isinstance(node, ast.ClassDef):
                annotated = [item.target for item in node.body if isinstance(item, ast.AnnAssign)]
                self.fields[module, node.name] = [name.id for name in annotated if isinstance(name, ast.Name)]
                self.names[module][node.name] = module, node.name
                for item in node.body:
                    if isinstance(item, ast.FunctionDef):
                        self.functions[module, f"{node.name}.{item.name}"] = item
                        self.methods[item.name].append((module, f"{node.name}.{item.name}"))

    def found(self, module: str, name: str) -> Function | None:
        """Return the function or class that a name stands for in a module."""
        seen: set[Function] = set()
        target = self.names[module].get(name)
        while target and target not in self.functions and target not in self.fields and target not in seen:
            seen.add(target)
            target = self.names[target[0]].get(target[1])
        return target if target in self.functions or target in self.fields else None


class Follower:
    """The way of one parameter."""

    def __init__(self, house: House, start: Function, parameter: str) -> None:
        """Begin in a function."""
        self.house = house
        self.reached: dict[Function, set[str]] = defaultdict(set)
        self.held: set[tuple[str, str]] = set()
        """Class and attribute that hold the value."""
        self.queue = deque([start])
        self.reached[start].add(parameter)

    def follow(self) -> set[Function]:
        """Return every function that gets the value."""
        held = -1
        while self.queue or held != len(self.held):
            if not self.queue:  # a function that was not reached may read an attribute
                held = len(self.held)
                self.queue.extend(self.house.functions)
            self._visit(self.queue.popleft())
        return set(self.reached)

    def _visit(self, function: Function) -> None:
        module, name = function
        node, own = self.house.functions[function], name.rpartition(".")[0]
        names = set(self.reached[function]) if function in self.reached else set()
        kinds = {arg.arg: ast.unparse(arg.annotation) for arg in _parameters(node) if arg.annotation}

        def is_it(value: ast.expr) -> bool:
            if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
                kind = own if value.value.id == "self" else kinds.get(value.value.id, "")
                return (kind, value.attr) in self.held
            if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Attribute):  # self.orders.out
                return value.attr in {attribute for _, attribute in self.held} and value.value.attr != value.attr
            return isinstance(value, ast.Name) and value.id in names

        for item in ast.walk(node):
            if isinstance(item, ast.Assign) and is_it(item.value):
                names |= {target.id for target in item.targets if isinstance(target, ast.Name)}
                self.held |= {
                    (own, target.attr) for target in item.targets if isinstance(target, ast.Attribute) and own
                }
        for call in (item for item in ast.walk(node) if isinstance(item, ast.Call)):
            given = [index for index, value in enumerate(call.args) if is_it(value)]
            keywords = [str(word.arg) for word in call.keywords if is_it(word.value)]
            if given or keywords:
                self._hand_on(module, call.func, given, keywords)

    def _hand_on(self, module: str, called: ast.expr, given: list[int], keywords: list[str]) -> None:
        for target, skipped in self._targets(module, called):
            if target in self.house.fields:
                fields = self.house.fields[target]
                self.held |= {(target[1], fields[index]) for index in given if index < len(fields)}
                self.held |= {(target[1], word) for word in keywords}
                continue
            names = [arg.arg for arg in _parameters(self.house.functions[target])]
            got = {names[index + skipped] for index in given if index + skipped < len(names)}
            got |= set(keywords) & set(names)
            if got - self.reached.get(target, set()):
                self.reached[target] |= got
                self.queue.append(target)

    def _targets(self, module: str, called: ast.expr) -> Iterator[tuple[Function, int]]:
        if isinstance(called, ast.Name) and (target := self.house.found(module, called.id)) is not None:
            start = target[0], f"{target[1]}.__init__"
            yield (start, 1) if start in self.house.functions else (target, 0)
        elif isinstance(called, ast.Attribute) and not isinstance(called.value, ast.Constant):
            yield from ((method, 1) for method in self.house.methods.get(called.attr, ()))


def _parameters(node: ast.FunctionDef) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
