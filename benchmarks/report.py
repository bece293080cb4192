"""`atom-data report` of a large run, a page with many samples, and what sketches cost the stages that make them.

    make bench-report          QUICK=1: 500 shards instead of 10,000, and one round
    python benchmarks/report.py large      # or samples, sketches: one part of it

1. A made run: 3 stages of 10,000 shards, a billion documents read, receipts, manifests and sketches in the real format. A sketch is
one of 8 that our own code counted over made documents (20 rules, 40 languages, 8 sources), with counts as large as those of a
shard of 100,000 documents and with domains drawn for each shard from a million. There are no texts in it, so no samples.
2. A page with 10,000 samples of 1,200 characters: until Chromium has loaded it and shows the first of them.
3. The stages of `sample.py`, and of `fineweb_fast.py` over the pages of WCXB, with and without sketches, in turns: processor time.
4. Processor time of the report of these runs beside that of the runs.
"""

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from measure import QUICK, RESULTS, ROOT, proportional, write_report

from atom_data import Jsonl, Stage, keep
from atom_data.job import Work
from atom_data.report import report
from atom_data.report.page.page import write_page
from atom_data.report.samples import Sample
from atom_data.rules import load_card
from atom_data.runner.recipe import load_recipe
from atom_data.sketches.store import FORMAT, sketch_path
from atom_data.sketches.watch import keep_sketch, watched
from atom_data.storage import paths
from atom_data.storage.manifest import manifest_path, manifest_row, write_manifest
from atom_data.storage.receipts import Measured, OutputFile, Receipt, ShardList, plan_path
from atom_data.storage.record import RunRecord
from atom_data.storage.shards import Input
from atom_data.workspace import Workspace

SHARDS = 500 if QUICK else 10_000
DOCUMENTS = 100_000
STAGES = ("pages", "filtered", "tokens")
TEMPLATES, MADE_ROWS, RULES, LANGUAGES, SOURCES = 8, 5_000, 20, 40, 8
ROUNDS = 1 if QUICK else 5
WCXB = ROOT.parent / "shared" / "data" / "wcxb-dev-500.warc.gz"


def main() -> None:
    """Measure all four; write the report and print a line each."""
    parts = {"large": large, "samples": many_samples, "sketches": lambda: [*cost()]}
    asked = [name for name in parts if not sys.argv[1:] or name in sys.argv[1:]]
    before = RESULTS / "report.json"
    page = (
        {name: found for name, found in json.loads(before.read_text()).items() if name in parts}
        if before.is_file()
        else {}
    )
    for name in asked:
        page[name] = parts[name]()
        write_report("report", page)
        print(name, json.dumps(page[name], indent=1), flush=True)


def large() -> dict[str, Any]:
    """Make a run of many shards, and report it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "large"
        began = time.perf_counter()
        documents = make(out)
        made = time.perf_counter() - began
        target = Path(folder) / "large.html"
        row: dict[str, Any] = {
            "shards": SHARDS,
            "stages": len(STAGES),
            "documents": documents,
            "make_s": round(made, 1),
        }
        row["sketch_bytes"] = round(
            sum(path.stat().st_size for path in out.glob("*/sketches/*")) / len([*out.glob("*/sketches/*")])
        )
        with memory_of_children() as peak:
            began = time.perf_counter()
            command = [sys.executable, "-m", "atom_data", "report", str(out), "--to", str(target)]
            before = os.times()
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            after = os.times()
        row |= {
            "wall_s": round(time.perf_counter() - began, 1),
            "cpu_s": round(sum(after[2:4]) - sum(before[2:4]), 1),
            "peak_mb": round(max(peak) / 1e6),
            "page_bytes": target.stat().st_size,
        }
        return row | opened(target)


def make(out: Path) -> int:
    """Write plans, receipts, manifests and sketches of all stages; return how many documents the first one read."""
    paths.os.fsync = lambda *_: None  # 60,000 small files: what is measured is reading them
    workspace, chance = Workspace(str(out), "bench"), random.Random(1)
    cards = [card(out / f"own_{number}.toml", number) for number in range(2)]
    templates = [template(number, cards) for number in range(TEMPLATES)]
    domains = [f"site-{number}.example" for number in range(1_000_000)]
    total, names = 0, [f"part-{number:05}" for number in range(SHARDS)]
    for place, stage in enumerate(STAGES):
        steps = (
            [{"card": str(path), "sha256": load_card(str(path)).sha256} for path in cards]
            if stage == "filtered"
            else []
        )
        identity = {"steps": steps, "writes": ["id"]} if stage != "tokens" else {}
        workspace.write_json(plan_path(stage), ShardList(stage, tuple(names), identity).value())
        rows, some = [], templates if stage == "filtered" else [without_rules(value) for value in templates]
        for name in names:
            value = chance.choice(some)
            drawn = {f"{domains[int(chance.paretovariate(0.4)) % 1_000_000]}" for _ in range(64)}
            value["tables"]["domain"]["values"] = [[one, {"": chance.randint(20, 2000)}] for one in sorted(drawn)]
            receipt = receipt_of(stage, name, place, value, chance)
            total += receipt.rows_in if place == 0 else 0
            workspace.write_receipt(receipt)
            put_sketch(out / sketch_path(stage, name), {"stage": stage, "shard": name, "sha256": "0" * 64, **value})
            rows.append(manifest_row(receipt))
        write_manifest(workspace.path(manifest_path(stage)), {"job": "", "code": {}}, rows, "bench")
    workspace.write_record(RunRecord("", "", STAGES))
    return total


def put_sketch(path: Path, value: dict[str, Any]) -> None:
    """Write a sketch as `write_sketch` does, but for the effort of its compression: there are 30,000 to make."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = json.dumps({"format": FORMAT, **value}, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(body, 1, mtime=0))


def without_rules(value: dict[str, Any]) -> dict[str, Any]:
    """Return a sketch of a stage without cards."""
    return {**value, "rules": {}, "cells": [cell for cell in value["cells"] if "." not in cell["measure"]]}


def receipt_of(stage: str, name: str, place: int, value: dict[str, Any], chance: random.Random) -> Receipt:
    """Return the receipt of a made shard."""
    read = DOCUMENTS // (place + 1)
    dropped = {rule: numbers["first"] for rule, numbers in value["rules"].items() if numbers["first"]}
    ending = "docs.parquet" if stage == "tokens" else "parquet"
    taken = chance.lognormvariate(4, 0.3)
    inputs = () if place == 0 else (paths_input(f"{STAGES[place - 1]}/{name}.parquet"),)
    return Receipt(
        stage, name, inputs=inputs, outputs=(OutputFile(f"{stage}/{name}.{ending}", 10_000_000, "0" * 64, read),),
        rows_in=read, rows_out=read - sum(dropped.values()), dropped=dropped, text_bytes=read * 3000,
        tokens=read * 800 if stage == "tokens" else 0, measured=Measured(taken, taken * 0.9, 900_000_000, 50_000_000),
    )  # fmt: skip


def paths_input(path: str) -> Input:
    """Return an input of a receipt."""
    return Input(path, 10_000_000, "0" * 64)


def card(path: Path, number: int) -> Path:
    """Write a card of ten rules."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rules = [
        f'[[rule]]\nreason = "rule_{rule}"\ncolumn = "signal_{number * 10 + rule}"\nmin = 0.02\n'
        for rule in range(RULES // 2)
    ]
    path.write_text('source = "made"\n' + "".join(rules))
    return path


def template(number: int, cards: list[Path]) -> dict[str, Any]:
    """Return the sketch of made documents, with counts as large as those of a shard."""
    chance = np.random.default_rng(number)
    columns: dict[str, Any] = {
        "id": [str(row) for row in range(MADE_ROWS)],
        "text": ["x" * int(size) for size in chance.lognormal(7, 1.2, MADE_ROWS).clip(1, 50_000)],
        "url": [
            f"https://site-{int(one)}.example/{row}"
            for row, one in enumerate(chance.pareto(0.4, MADE_ROWS) % 1_000_000)
        ],
        "date": [f"20{20 + row % 6}-{row % 12 + 1:02}-01" for row in range(MADE_ROWS)],
        "language": [f"l{int(one) % LANGUAGES:02}" for one in chance.pareto(0.7, MADE_ROWS)],
        "source": [f"crawl-{int(one)}" for one in chance.integers(0, SOURCES, MADE_ROWS)],
    }
    columns |= {f"signal_{rule}": chance.lognormal(rule % 7 - 2, 1, MADE_ROWS) for rule in range(RULES)}
    stage = Stage(name="made", reads=Jsonl("x", source="x"), steps=tuple(keep(str(path)) for path in cards))
    seen, waiting = watched(stage)
    assert isinstance(seen, Stage) and waiting is not None
    batch = pa.record_batch(columns)
    for step in seen.steps:
        batch = step(batch)
        if "_drop_reason" in batch.schema.names:
            batch = batch.filter(pa.compute.is_null(batch.column("_drop_reason"))).drop_columns(
                ["_drop_reason", "_drop_rules"]
            )
    waiting.count()
    value = waiting.sketch.value()
    assert "fault" not in value
    factor = DOCUMENTS // MADE_ROWS
    for cell in value["cells"]:
        cell["counts"] = [count * factor for count in cell["counts"]]
    for rule in value["rules"].values():
        rule |= {name: count * factor for name, count in rule.items() if name != "column"}
        rule["first"] //= 2 * RULES
    return value


@contextmanager
def memory_of_children() -> Iterator[list[int]]:
    """Collect the memory of all processes below this one, each 0.2 s: shared pages count once for all that share them."""
    found, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            found.append(sum(proportional(process) for process in below(os.getpid())))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def below(process: int) -> list[int]:
    """Return the processes that a process has started, and those that these have."""
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{process}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [*children, *(one for child in children for one in below(child))]


def many_samples() -> dict[str, Any]:
    """Write a page with 10,000 samples, and open it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [
            sys.executable,
            "-m",
            "atom_data",
            "run",
            str(ROOT / "pipelines" / "sample.py"),
            "--output",
            str(out),
        ]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        built = report.build(Workspace(str(out)), samples=60)
        texts = [sample for sample in built.samples if sample.text]
        some: list[Sample] = [replace(texts[number % len(texts)], id=f"{number}") for number in range(10_000)]
        target = Path(folder) / "samples.html"
        target.write_text(write_page(replace(built, samples=some)), "utf-8")
        row = {"samples": len(some), "page_bytes": target.stat().st_size}
        return row | opened(target)


def opened(page: Path) -> dict[str, Any]:
    """Return how long Chromium takes from its call until the page shows samples or charts; the best of three."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {"open_s": "not measured: playwright is not installed"}
    took = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(3):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            began = time.perf_counter()
            tab.goto(page.as_uri())
            tab.locator("svg.histogram").first.wait_for()
            tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            took.append(time.perf_counter() - began)
            tab.close()
        browser.close()
    return {"open_s": round(min(took), 2)}


def cost() -> Iterator[dict[str, Any]]:
    """Yield the processor time of stages with and without sketches, and of the report of each run."""
    recipes: list[tuple[str, dict[str, str]]] = [("sample.py", {})]
    if WCXB.is_file():
        recipes.append(("fineweb_fast.py", {"warcs": str(WCXB), "url_lists": "none"}))
    for name, given in recipes:
        with tempfile.TemporaryDirectory() as folder:
            path, out = ROOT / "pipelines" / name, Path(folder) / "out"
            words = [word for key, value in given.items() for word in ("--set", f"{key}={value}")]
            command = [sys.executable, "-m", "atom_data", "run", str(path), "--output", str(out), *words]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            workspace, recipe = Workspace(str(out)), load_recipe(str(path), given)
            stages = {job.name: job for job in recipe.jobs if isinstance(job, Stage)}
            for stage in stages.values():
                yield {"recipe": name, "stage": stage.name, **in_turns(stage, workspace, Path(folder) / "again")}
            began = time.process_time()
            made = report.build(workspace, str(path), stages)
            text = write_page(made)
            taken = time.process_time() - began
            run = sum(one.cpu_seconds for one in made.stages)
            yield {"recipe": name, "run_cpu_s": round(run, 2), "report_cpu_s": round(taken, 2), "page_bytes": len(text)}


def in_turns(stage: Stage, workspace: Workspace, scratch: Path) -> dict[str, Any]:
    """Return the least processor time of a stage over all its shards, with sketches and without, of rounds in turns."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * ROUNDS + 1):
        with_sketch = bool(number % 2)
        shutil.rmtree(scratch, ignore_errors=True)
        began = time.process_time()
        for task in stage.tasks(workspace):
            other = Elsewhere(workspace, stage.name, str(scratch))
            seen, waiting = watched(stage) if with_sketch else (stage, None)
            work: Work = seen.work(task, other, lambda *_: None)
            if with_sketch:
                keep_sketch(other, stage, task.name, waiting, work.outputs)
        if number:  # the first one loads models and kernels
            took[with_sketch].append(time.process_time() - began)
    plain, sketched = min(took[False]), min(took[True])
    return {
        "plain_cpu_s": round(plain, 3),
        "sketched_cpu_s": round(sketched, 3),
        "share": round(sketched / plain - 1, 4),
    }


class Elsewhere(Workspace):
    """An output folder that is read as it is and written elsewhere."""

    def __init__(self, there: Workspace, stage: str, scratch: str) -> None:
        """Write what this stage makes below `scratch`."""
        super().__init__(there.root, there.token)
        self._stage, self._scratch = stage, scratch

    def path(self, *names: str) -> str:
        """Return the place of a file."""
        own = names[0].partition("/")[0] == self._stage
        return paths.join(self._scratch, *names) if own else super().path(*names)


if __name__ == "__main__":
    main()
