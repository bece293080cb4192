"""The command line. Exit code 0: done; 1: data; 2: recipe, card or option; 3: done, but for
shards that were allowed to fail (run --allow-failed); 75: the time is up; 130: interrupted.

A run that is a process of its own imports what its workers need, too, and forks their server: see `runner/start`.
"""

import atexit
import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from typing import Any

from atom_data.assets import version_of
from atom_data.errors import AtomDataError, MissingColumn
from atom_data.runner.server import ENVIRONMENT, server
from atom_data.runner.start.shared import start

INTERRUPTED = 130
ELSEWHERE = ("--on", "--dry-run", "--close", "--help")
"""A run with one of these has no workers here."""
OF_A_RUN = ("atom_data.commands.app", "atom_data.commands.run", "atom_data.runner.worker", "numpy.ma")
"""What every run imports; the last is Arrow's for the first array of NumPy that it is given."""


def main() -> None:
    """Run the command line; errors come as one sentence, bugs keep their traceback."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"atom-data {version_of('atom-data') or 'of a checkout'}\n")
        return
    _set_environment()
    if _has_workers():
        server()  # where it was not started yet, before slow imports: it makes the same ones on another core
    gc.set_threshold(100_000, 20, 20)  # looking for cycles was a quarter of the time of planning 100,000 shards
    from atom_data.commands.app import UsageError  # noqa: PLC0415 - half a second and more

    try:
        code = _called(sys.argv[1:])
    except MissingColumn as error:
        from atom_data.library.catalog import mend  # noqa: PLC0415 - it loads every signal

        _fail(f"{error}{mend(error.columns)}", error.exit_code)
    except AtomDataError as error:
        _fail(str(error), error.exit_code)
    except UsageError as error:
        _fail(_usage(error), 2)
    else:
        if code == INTERRUPTED:
            _fail("interrupted: finished shards are kept. Run the same command again to go on.", INTERRUPTED)
    finally:
        gc.freeze()  # skip the final garbage collection (0.2 s): the process is exiting


def _called(words: Sequence[str]) -> object:
    """Call the command of a line, by typer where the line is not plain; return the exit code that it asks for, if any."""
    from atom_data.commands.app import app  # noqa: PLC0415 - see above
    from atom_data.commands.plain import plain_call  # noqa: PLC0415

    call = plain_call(words)
    if call is None:
        return app(words[0] if words else "")(prog_name="atom-data", standalone_mode=False)
    try:
        return call()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # as with typer: who read the output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _set_environment() -> None:
    os.environ.update({name: value for name, value in ENVIRONMENT.items() if name not in os.environ})


def _has_workers() -> bool:
    """Tell whether the command is a run that forks workers."""
    return sys.argv[1:2] == ["run"] and not any(word.startswith(ELSEWHERE) for word in sys.argv)


def command() -> None:
    """Run the command line as a process of its own, and exit without freeing memory object by object (0.1 s)."""
    code: object = 0
    try:
        if _has_workers():
            _set_environment()
            start(OF_A_RUN, sys.argv[2:])
        main()
    except SystemExit as end:
        code = end.code
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # the reader of the pipe has gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


def _usage(error: Any) -> str:  # noqa: ANN401
    where = error.ctx.command_path if error.ctx else "atom-data"
    text = error.format_message().strip().rstrip(".")
    text = f"{text[:1].lower()}{text[1:]}" if text else "no command was given"
    return f"{where}: {text}. Try: {where} --help"


def _fail(text: str, code: int) -> None:
    if sys.stderr.isatty():  # it is wrapped between words; else every sentence is a line
        from atom_data.commands.screen import console  # noqa: PLC0415 - seldom asked for

        console(stderr=True).prose(text, markup=False)
    else:
        sys.stderr.write(f"{text}\n")
    sys.exit(code)


if __name__ == "__main__":
    command()
