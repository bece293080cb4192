"""A source asked in another process, in which hashes of text are others: what it says must be the same there."""

import hashlib
import importlib.util
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from atom_data.graph import Source, whole_identity
from atom_data.identity import canonical
from atom_data.storage.shards import Intake
from atom_data.testing.said import require
from atom_data.workspace import Workspace

PROGRAM = "from atom_data.testing.fresh import main; main()"
SECONDS = 120


def facts(source: Source, workspace: Workspace) -> dict[str, str]:
    """Return what must be the same in every process, as text."""
    shards = source.shards(workspace)
    digest = hashlib.sha256()
    if shards:
        for batch in source.read(shards[0], workspace, source.schema().names, Intake(reject=lambda *_: None)):
            for row in batch.select(source.schema().names).to_pylist():
                digest.update(repr(row).encode("utf-8", "backslashreplace"))
    return {
        "identity()": canonical(whole_identity(source)),
        "schema()": str(source.schema()),
        "shards()": repr(shards),
        "what it reads": digest.hexdigest(),
    }


def try_elsewhere(source: Source, workspace: Workspace, where: str) -> None:
    """Ask a source in another process. AssertionError where it says something else than here."""
    here = facts(source, workspace)
    module = sys.modules[type(source).__module__]
    told = (list(sys.path), str(Path.cwd()), module.__name__, module.__file__, pickle.dumps((source, workspace.root)))
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=pickle.dumps(told), env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, check=False, timeout=SECONDS,
    )  # fmt: skip
    said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    require(done.returncode == 0, f"{where}: another process could not ask it: {said}")
    there = json.loads(done.stdout)
    for name, value in here.items():
        require(
            there[name] == value,
            f"{where}: {name} is another in another process: {there[name][:300]} there, {value[:300]} here. Nothing of it may go "
            "by hash(), the order of a set, a clock or a random number.",
        )


def main() -> None:
    """Answer with the facts of the source on standard input: what the other process runs."""
    path, folder, name, file, packed = pickle.load(sys.stdin.buffer)
    sys.path[:] = path
    os.chdir(folder)
    _imported(name, file)
    source, root = pickle.loads(packed)
    sys.stdout.write(json.dumps(facts(source, Workspace(root, "testing"))))


def _imported(name: str, file: str) -> None:
    """Import a module that is found by its file alone: a recipe, or a program that was started."""
    if name == "__main__":
        name = "__mp_main__"
    try:
        found: Any = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        found = None
    if found is None:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is not None and spec.loader is not None:
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            run: Callable[..., None] = spec.loader.exec_module
            run(module)
            if name == "__mp_main__":
                sys.modules["__main__"] = module
