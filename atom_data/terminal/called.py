"""The command line as this process was called, so that suggested commands can be pasted."""

import os
import shlex
import shutil
import sys
from pathlib import Path

NAME = "atom-data"


def called() -> str:
    """Return how to call the command line: `atom-data` where the shell finds it, else the way in which it was called."""
    name = sys.argv[0] if sys.argv else ""
    if name.endswith(".py"):  # python -m atom_data, or atom_data.cli
        module = Path(name)
        if module.name not in ("__main__.py", "cli.py"):
            return NAME
        whole = module.parent.name if module.name == "__main__.py" else f"{module.parent.name}.{module.stem}"
        return f"{_python()} -m {whole}"
    if os.path.basename(name) != NAME or name == NAME:  # noqa: PTH119 - the name as it was typed
        return NAME
    found = shutil.which(NAME)
    return NAME if found and os.path.realpath(found) == os.path.realpath(name) else shlex.quote(near(name))


def command_line(*words: object) -> str:
    """Return a command of this program, quoted for a shell."""
    return " ".join([called(), *(shlex.quote(str(word)) for word in words)])


def _python() -> str:
    found = shutil.which("python")
    return "python" if found and Path(found) == Path(sys.executable) else shlex.quote(near(sys.executable))


def near(path: str) -> str:
    """Return a path relative to the working folder, when it is below it."""
    here = str(Path.cwd())
    return os.path.relpath(path, here) if path.startswith(f"{here}/") else path
