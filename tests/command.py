"""The command line as a user runs it, recipes made from the sample's, and the processes behind a run."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "pipelines" / "sample"


def atom_data(*arguments: object, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `atom-data` in a process of its own."""
    command = [sys.executable, "-m", "atom_data.cli", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=cwd or ROOT,
        timeout=300,
        check=False,
        env={**os.environ, **variables},
    )


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start `atom-data` and return at once."""
    command = [sys.executable, "-m", "atom_data.cli", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def fingerprint(out: Path) -> str:
    """Return the hash over the content of all shards of a run, which must be without fault."""
    done = atom_data("fingerprint", out)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def sample_recipe(folder: Path, pages: str) -> Path:
    """Write the sample's recipe with another source and return its path."""
    text = (ROOT / "pipelines" / "sample.py").read_text()
    text, first = re.subn(r"^SAMPLE = .*$", f"SAMPLE = Path({str(SAMPLE)!r})", text, flags=re.M)
    text, second = re.subn(r"^PAGES = .*$", f"PAGES = {pages}", text, flags=re.M)
    assert first == second == 1
    path = folder / "variant.py"
    path.write_text(text)
    return path


def recipe(folder: Path, text: str, name: str = "recipe.py") -> Path:
    """Write a recipe and return its path."""
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return path


def children(pid: int) -> list[int]:
    """Return the processes whose parent is `pid`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue
            if int(status.rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return sorted(found)


def workers(run: subprocess.Popen[str]) -> list[int]:
    """Return the worker processes of a run: forked by a server that the run started."""
    return [pid for server in children(run.pid) for pid in children(server)]
