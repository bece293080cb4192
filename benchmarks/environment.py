"""Environments for peers that do not install beside ours, made when first needed and kept by their requirements."""

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

PLACE = Path(__file__).resolve().parent / ".environments"
READY = "ready.txt"


def environment(name: str, requirements: Sequence[str], then: Sequence[str] = ()) -> Path:
    """Return the Python of an environment with these requirements. RuntimeError when pip cannot make it.

    `then` is what pip installs in a second call, with its options: what must come without what it says it needs.
    """
    wanted = "\n".join([f"python {sys.version_info.major}.{sys.version_info.minor}", *requirements, *then])
    folder = PLACE / f"{name}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if (folder / READY).exists():
        return python
    print(f"making the environment of {name}: {' '.join(requirements)}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    PLACE.mkdir(exist_ok=True)
    (PLACE / ".gitignore").write_text("*\n", "utf-8")
    venv.create(folder, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for packages in filter(None, (requirements, then)):
        made = subprocess.run([*pip, *packages], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise RuntimeError(f"{name}: pip could not install {' '.join(packages)}:\n{made.stderr[-2000:]}")
    (folder / READY).write_text(wanted + "\n", "utf-8")
    return python


def version(python: Path | str, package: str) -> str:
    """Return the version of a package in an environment."""
    code = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    found = subprocess.run([str(python), "-c", code, package], capture_output=True, text=True, check=True)
    return found.stdout.strip()
