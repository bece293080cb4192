"""Input files that change while they are read: an error, or a receipt that the next run sees to be out of date."""

import gzip
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos.corpus import fingerprint, run
from tests.chaos.disks import Tally, unwhole
from tests.chaos.processes import Run
from tests.command import recipe

ROWS, LINGER_SECONDS = 6_000, 0.5
RECIPE = """
    import os
    import time

    from atom_data import Jsonl, Parquet, Stage, Text, Warc

    def linger(batch):
        if batch.num_rows and os.environ.get("CHAOS_LINGER"):
            time.sleep(float(os.environ["CHAOS_LINGER"]))
        return batch

    def stages():
        read = Stage(name="read", reads=Jsonl({folder!r}, split_bytes={split}), steps=(linger,), allow_unreadable=1.0)
        return (Stage(name="copied", reads=read),)
"""


ASKS, REPLACES = 2, "this run would replace finished work"


def lines(first: int, mark: str) -> bytes:
    """Return rows of JSON of the same size for any mark of one letter; more than two batches of 8 MB."""
    rows = [json.dumps({"id": str(first + row), "text": f"{mark} {row} " + "x" * 4_000}) for row in range(ROWS)]
    return ("\n".join(rows) + "\n").encode()


def _append(path: Path, packed: bool) -> None:
    with path.open("ab") as file:
        file.write(_form(lines(ROWS, "b"), packed))


def _truncate(path: Path, packed: bool) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _replace(path: Path, packed: bool) -> None:
    other = path.with_name("._other")
    other.write_bytes(_form(lines(0, "c"), packed))
    other.replace(path)


def _overwrite(path: Path, packed: bool) -> None:
    """Write other content of the same size into the same file."""
    with path.open("r+b") as file:
        file.write(_form(lines(0, "d"), packed))
        file.truncate()


def _overwrite_with_its_time(path: Path, packed: bool) -> None:
    """And what `rsync --times` and `cp -p` do: a time of their own."""
    _overwrite(path, packed)
    os.utime(path, (1_700_000_001, 1_700_000_001))


def _remove(path: Path, packed: bool) -> None:
    """Away, and back with other content before the next run."""
    path.unlink()


CHANGES: dict[str, Callable[[Path, bool], None]] = {
    "appended": _append,
    "truncated": _truncate,
    "replaced": _replace,
    "overwritten": _overwrite,
    "overwritten, time set": _overwrite_with_its_time,
    "removed": _remove,
}


def _form(data: bytes, packed: bool) -> bytes:
    return gzip.compress(data, 1, mtime=0) if packed else data


def changed_inputs(folder: Path, count: int, until: float) -> Tally:
    """Change a file in the middle of its reading, `count` times, plain, in parts and compressed, at different moments."""
    tally = Tally()
    for number in range(count):
        if time.monotonic() > until:
            break
        names = list(CHANGES)
        name, form = names[number % len(names)], ("plain", "gzip", "parts")[number // len(names) % 3]
        moment = (0.5, 0.1, 0.9)[number // (3 * len(names)) % 3]
        _change(folder / f"changed-{number}", name, form, moment, tally)
    return tally


def _change(folder: Path, name: str, form: str, moment: float, tally: Tally) -> None:
    packed, split = form == "gzip", 9_000_000 if form == "parts" else 0
    path = folder / "in" / ("a.jsonl.gz" if packed else "a.jsonl")
    path.parent.mkdir(parents=True)
    path.write_bytes(_form(lines(0, "a"), packed))
    os.utime(path, (1_700_000_000, 1_700_000_000) if name.endswith("time set") else None)
    written, out = recipe(folder, RECIPE.format(folder=str(path.parent), split=split)), folder / "out"
    work = Run(
        "run",
        str(written),
        "-o",
        str(out),
        "-w",
        "1",
        "--log",
        "json",
        environment={"CHAOS_LINGER": str(LINGER_SECONDS)},
    )
    while work.running and not list((out / "read").glob("*.partial")):
        time.sleep(0.01)
    time.sleep(moment * LINGER_SECONDS)
    running = work.running
    CHANGES[name](path, packed)
    ended = work.wait()
    if not running:
        tally.ends["over before"] += 1
        shutil.rmtree(folder)
        return
    tally.take((name, form), ended, out)
    if not path.exists():
        path.write_bytes(_form(lines(0, "e"), packed))
    _compare(written, out, path, f"{name}, {form}", tally)
    shutil.rmtree(folder)


def _compare(written: Path, out: Path, path: Path, what: str, tally: Tally) -> None:
    """Run again, and compare with a run of which nobody knows that there was another content."""
    again, fresh = run(written, out), run(written, out.with_name("fresh"))
    if (
        again.code == ASKS and REPLACES in again.said
    ):  # a part of the file is no longer there, and its shard is finished
        tally.more["asked before work went"] = int(str(tally.more.get("asked before work went", 0))) + 1
        again = run(written, out, more=("--replace",))
    if again.code != fresh.code:
        tally.faults.append(
            f"{what}: the next run ends with {again.code}, a fresh one with {fresh.code}: {again.said[-1500:]}"
        )
        return
    if fresh.code == 0:
        mine, other = fingerprint(out), fingerprint(out.with_name("fresh"))
        if mine != other:
            size = path.stat().st_size
            tally.faults.append(f"{what}: {mine}; a fresh run gives {other} ({size} bytes). {again.said[-600:]}")
    tally.more["noticed"] = int(str(tally.more.get("noticed", 0))) + ("input changed" in again.said)
    if unwhole(out):
        tally.faults.append(f"{what}: {unwhole(out)[0]}")
