"""What a run and its workers need is imported once: the server that workers are forked from is itself a fork of the run.

The recipe is not run before that, as threads that it starts would be in no fork. What it imports of this package stands in it.
"""

import ast
import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from multiprocessing import resource_tracker
from pathlib import Path
from typing import cast

from atom_data.import_graph import import_graph
from atom_data.imports import Imported, imports_at, parsed
from atom_data.runner.server import SMALL_PAGES, allow_huge_pages, server
from atom_data.runner.start.fork import can_fork, forked
from atom_data.runner.start.pandas import without_pandas

PACKAGE = "atom_data"
ALONE = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""With this Arrow starts no thread when it is loaded. The one is for an allocator that it has besides its usual one, and which a
fork would not have either."""


def start(modules: Sequence[str], words: Sequence[str]) -> None:
    """Import these modules and what the recipe among the words of a command names, then fork the server.

    Where that cannot be done, start the server as a Python of its own, before these imports where that is known so early. For a
    process that has begun just now: Arrow must not have been loaded.
    """
    if not can_fork() or "pyarrow" in sys.modules:
        server()
        return
    with forked():
        resource_tracker.ensure_running()  # now, while this process is small
    gc.disable()  # a hundred thousand objects come to stay: looking through them again and again takes 50 ms
    with _environment_of_arrow():
        for name in modules:
            import_module(name)
        _import_named(words)
        without_pandas()
        _look_up()
        gc.freeze()  # nor is there garbage in them, and to look for it would copy every page that is shared
        with forked() if can_fork() else contextlib.nullcontext():
            server()
    gc.enable()


@contextlib.contextmanager
def _environment_of_arrow() -> Iterator[None]:
    """Have Arrow loaded as the server needs it; it looks at the environment only then."""
    only = {name: value for name, value in (SMALL_PAGES | ALONE).items() if name not in os.environ}
    os.environ.update(only)
    try:
        yield
    finally:
        for name in only:
            del os.environ[name]
        allow_huge_pages()


def _import_named(words: Sequence[str]) -> None:
    """Run those imports of a recipe that name this package. What is wrong with one is said when the recipe is run."""
    for path in [word for word in words if word.endswith(".py") and Path(word).is_file()][:1]:
        for statement in _imports(path):
            with contextlib.suppress(Exception):
                exec(compile(ast.Module([statement], []), path, "exec"), {})


def _imports(path: str) -> Iterator[ast.stmt]:
    """Yield the statements of a recipe that import of this package and nothing else; none where it cannot be read."""
    with contextlib.suppress(Exception):
        for node in ast.walk(parsed(Path(path).read_bytes())):
            if {found.imported.module.partition(".")[0] for found in imports_at(node, "", False)} == {PACKAGE}:
                yield cast(ast.stmt, node)


def _look_up() -> None:
    """Read what both look up later: the sources of this package, and which kernels there are."""
    import_graph().code(Imported(name) for name in [*sys.modules] if name.startswith(f"{PACKAGE}."))
    if "numba" in sys.modules:
        from atom_data.text.kernel_cache import kernels_folder  # noqa: PLC0415 - Numba
        from atom_data.text.signatures import declared  # noqa: PLC0415

        kernels_folder()
        declared()
