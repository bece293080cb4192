"""Imported by the server that workers are forked from, and nowhere else: it loads what they need once, imports and kernels.

What the jobs need comes over the line from the supervisor, which has loaded the recipe: see `needs`. On a fresh machine the
kernels are compiled here, not in every worker. The recipe itself is not run here, as its threads would not be forked.
"""

import gc
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pickle import UnpicklingError
from types import TracebackType
from typing import Any

import atom_data.runner.worker  # noqa: F401 - what every worker needs
from atom_data.import_graph import import_graph
from atom_data.imports import Imported
from atom_data.runner.compiling import load_kernels
from atom_data.runner.server import LINE, allow_huge_pages
from atom_data.runner.start.pandas import without_pandas
from atom_data.text.signatures import function_of


def warm(needs: dict[str, Any], line: Any) -> None:  # noqa: ANN401 - a socket's file
    """Load what the supervisor named, and tell it of kernels that have to be compiled."""
    began = time.monotonic()

    def compiling(compiled: int, kernels: int) -> None:
        if compiled:  # the supervisor has announced it
            seconds = round(time.monotonic() - began, 1)
            line.write(json.dumps({"compiled": compiled, "kernels": kernels, "seconds": seconds}) + "\n")
            line.flush()

    for name in needs["modules"]:
        import_module(name)
    load_kernels(needs["kernels"], compiling)
    for name in needs["tables"]:
        function_of(name)()
    # These and what they import is what jobs of the recipe reach, or nearly: workers need not read the sources again.
    import_graph().code(map(Imported, needs["modules"]))


@contextmanager
def _line() -> Iterator[Any]:
    """Give standard input, which is the line, as a file, and let workers have none; None in a server without a line."""
    if os.environ.pop(LINE, None) is None:
        yield None
        return
    with socket.socket(fileno=os.dup(0)) as ours, ours.makefile("rw", encoding="utf-8") as line:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        yield line


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say what ended a worker before its task began, unless it is that nobody gave it one.

    The server was ended between forking the worker and telling the supervisor, or the supervisor itself: who waits says so.
    """
    if not issubclass(kind, EOFError | ConnectionError | UnpicklingError):
        sys.__excepthook__(kind, error, trace)


def main() -> None:
    """Load what does not depend on the recipe, hear what else, load that. What fails is left to the workers to say."""
    allow_huge_pages()
    gc.disable()  # a hundred thousand objects come to stay: looking through them again and again takes 50 ms
    try:
        with _line() as line:
            if line is not None:
                without_pandas()
                told = line.readline()
                if told:  # else the process that started the server has ended
                    warm(json.loads(told), line)
    except ConnectionError:  # the process that started the server has ended, and said why
        os._exit(0)
    except Exception:  # the server would end with it, without a message
        sys.stderr.write(traceback.format_exc())
    sys.excepthook = _hook
    gc.enable()
    gc.freeze()  # what workers share, they need not look through for garbage, which would also copy its pages


main()
