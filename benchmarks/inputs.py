"""What benchmarks read: ../shared/data or BENCH_DATA, where `--data` names no other folder."""

import argparse
import os
from pathlib import Path

DATA = Path(os.environ.get("BENCH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def arguments(about: str | None, holds: str = "") -> argparse.ArgumentParser:
    """Return a parser that says the first line of a script's docstring, and knows `--data` where a folder holds something."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    if holds:
        parser.add_argument("--data", type=Path, default=DATA, help=f"the folder with {holds}")
    return parser


def archive(about: str | None, name: str, holds: str) -> Path:
    """Return an archive of the folder that the command line names; SystemExit with a sentence where it is not there."""
    path: Path = arguments(about, name).parse_args().data / name
    if not path.exists():
        raise SystemExit(f"{path}: it is not here. It holds {holds}. Name its folder by --data.")
    return path
