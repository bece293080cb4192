"""Six kinds of users acted from nothing: a fresh environment with a wheel built here, no kernels, a folder outside the checkout.

    make newcomer        or: python benchmarks/newcomer.py [NAME...]

Needs Python with venv and pip, and a package index. Takes some ten minutes; writes benchmarks/results/newcomer.json.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from newcomers.cluster import operator, researcher
from newcomers.library import notebook
from newcomers.newcomer import first_hour, mistakes, readme
from newcomers.pages import fineweb, results
from newcomers.person import Person

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "newcomer.json"
USERS: dict[str, tuple[Callable[[Person], None], ...]] = {
    "newcomer": (first_hour, readme, mistakes),
    "fineweb": (fineweb,),
    "results": (results,),
    "operator": (operator,),
    "researcher": (researcher,),
    "library": (notebook,),
}


def main() -> int:
    """Act those users that are named, or all."""
    names = sys.argv[1:] or list(USERS)
    with tempfile.TemporaryDirectory(prefix="newcomer-") as folder:
        place = Path(folder)
        programs, installed = install(place)
        told = [act(name, place, programs) for name in names]
    found = {
        "name": "newcomer",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "install": installed,
        "users": told,
    }
    before = json.loads(RESULT.read_text("utf-8"))["users"] if RESULT.exists() else []
    known = {user["user"]: user for user in (*before, *told)}
    found["users"] = [known[name] for name in USERS if name in known]
    if not os.environ.get("NEWCOMER_ENVIRONMENT"):
        RESULT.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    show(found["install"], told)
    return 1 if any(user["error"] for user in told) else 0


def install(place: Path) -> tuple[Path, dict[str, object]]:
    """Build a wheel, install it and what it needs into a new environment; return where its programs are, and what it took."""
    kept = os.environ.get("NEWCOMER_ENVIRONMENT")
    if kept:
        return Path(kept) / "bin", {"environment": "one that was there"}
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", place / "dist", ROOT], check=True)
    (wheel,) = (place / "dist").glob("*.whl")
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "venv", place / "environment"], check=True)
    python = place / "environment" / "bin" / "python"
    subprocess.run([python, *pip, "install", wheel], check=True)
    listed = json.loads(
        subprocess.run(
            [python, "-m", "pip", "--disable-pip-version-check", "list", "--format=json"],
            check=True,
            capture_output=True,
        ).stdout
    )
    size = sum(path.stat().st_size for path in (place / "environment").rglob("*") if path.is_file())
    took = {
        "wheel_mb": round(wheel.stat().st_size / 1e6, 1),
        "wall_s": round(time.monotonic() - began),
        "packages": len(listed),
        "mb": round(size / 1e6),
    }
    return python.parent, took


def act(name: str, place: Path, programs: Path) -> dict[str, object]:
    """Let one user do everything; return what was measured, and what went wrong, if anything did."""
    began = time.monotonic()
    person = Person(name, place / name, programs, place / "kernels" / name)
    error = ""
    for scene in USERS[name]:
        print(f"{name}: {scene.__name__}", file=sys.stderr, flush=True)
        try:
            scene(person)
        except (AssertionError, OSError, ValueError, KeyError, IndexError) as problem:
            error += f"{scene.__name__}: {type(problem).__name__}: {problem}\n"
    error += "".join(f"{said}\n" for said in person.wrong)
    shutil.rmtree(person.cache, ignore_errors=True)
    return {
        "user": name,
        "error": error,
        "wall_s": round(time.monotonic() - began, 1),
        "cpu_s": round(sum(float(str(one["cpu_s"])) for one in person.commands), 1),
        "commands": len(person.commands),
        "looked_up": person.lookups,
        "looked_at_source": 0,
        "faults": person.faults,
        "timed": person.commands,
    }


def show(installed: object, told: list[dict[str, object]]) -> None:
    """Print a table, and what was wrong."""
    print(
        f"installed: {installed}\n\n{'user':12} {'wall s':>7} {'CPU s':>7} {'commands':>9} {'looked up':>10} {'sentences':>10}"
    )
    for user in told:
        faults = user["faults"]
        assert isinstance(faults, list)
        print(
            f"{user['user']:12} {user['wall_s']:7} {user['cpu_s']:7} {user['commands']:9} {user['looked_up']:10} {len(faults):10}"
        )
    for user in told:
        for fault in user["faults"] if isinstance(user["faults"], list) else []:
            print(f"\n{user['user']}: {fault['fault']}\n  $ {fault['command']}\n  {fault['said'][:400]}")
    for user in told:
        if user["error"]:
            print(f"\n{user['user']} FAILED\n{user['error']}")


if __name__ == "__main__":
    sys.exit(main())
