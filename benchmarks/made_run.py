"""A run of many shards in the real format, without its documents: for reports, whose cost is that of receipts and sketches.

Three stages, receipts, manifests, and a sketch per shard. A sketch is one of 8 that our own code counted over made documents (20
rules, 40 languages, 8 sources), with counts as large as those of a shard of 100,000 documents and with domains drawn for each
shard from a million. There are no texts in it, so no samples. The files of receipts have the times of 64 workers.
"""

import gzip
import heapq
import json
import os
import random
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa

from atom_data import Jsonl, Stage, keep
from atom_data.rules import load_card
from atom_data.sketches.store import FORMAT, sketch_path
from atom_data.sketches.watch import watched
from atom_data.storage import paths
from atom_data.storage.manifest import manifest_path, manifest_row, write_manifest
from atom_data.storage.receipts import Measured, OutputFile, Receipt, ShardList, plan_path, receipt_path
from atom_data.storage.record import RunRecord
from atom_data.storage.shards import Input
from atom_data.workspace import Workspace

DOCUMENTS = 100_000
STAGES = ("pages", "filtered", "tokens")
TEMPLATES, MADE_ROWS, RULES, LANGUAGES, SOURCES = 8, 5_000, 20, 40, 8
WORKERS, BEGAN = 64, 1_700_000_000.0


def make(out: Path, shards: int) -> int:
    """Write plans, receipts, manifests and sketches of all stages; return how many documents the first one read."""
    with mock.patch.object(paths.os, "fsync"):  # 60,000 small files: what is measured is reading them
        return _make(out, shards)


def _make(out: Path, shards: int) -> int:
    workspace, chance = Workspace(str(out), "bench"), random.Random(1)
    cards = [card(out / f"own_{number}.toml", number) for number in range(2)]
    templates = [template(number, cards) for number in range(TEMPLATES)]
    domains = [f"site-{number}.example" for number in range(1_000_000)]
    names = [f"part-{number:05}" for number in range(shards)]
    left, workers = dict.fromkeys(names, DOCUMENTS), [BEGAN] * WORKERS
    for stage in STAGES:
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
            receipt = receipt_of(stage, name, left[name], value, chance)
            left[name] = receipt.rows_out
            workspace.write_receipt(receipt)
            written = heapq.heappop(workers) + receipt.measured.wall_seconds
            heapq.heappush(workers, written)
            os.utime(out / receipt_path(stage, name), (written, written))
            put_sketch(out / sketch_path(stage, name), {"stage": stage, "shard": name, "sha256": "0" * 64, **value})
            rows.append(manifest_row(receipt))
        write_manifest(workspace.path(manifest_path(stage)), {"job": "", "code": {}}, rows, "bench")
        workers = [max(workers)] * WORKERS
    workspace.write_record(RunRecord("", "", STAGES))
    return shards * DOCUMENTS


def put_sketch(path: Path, value: dict[str, Any]) -> None:
    """Write a sketch as `write_sketch` does, but for the effort of its compression: there are 30,000 to make."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = json.dumps({"format": FORMAT, **value}, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(body, 1, mtime=0))


def without_rules(value: dict[str, Any]) -> dict[str, Any]:
    """Return a sketch of a stage without cards."""
    return {**value, "rules": {}, "cells": [cell for cell in value["cells"] if "." not in cell["measure"]]}


def receipt_of(stage: str, name: str, read: int, value: dict[str, Any], chance: random.Random) -> Receipt:
    """Return the receipt of a made shard."""
    dropped = {rule: numbers["first"] for rule, numbers in value["rules"].items() if numbers["first"]}
    ending = "docs.parquet" if stage == "tokens" else "parquet"
    taken = chance.lognormvariate(4, 0.3)
    before = STAGES[STAGES.index(stage) - 1]
    inputs = () if stage == STAGES[0] else (Input(f"{before}/{name}.parquet", 10_000_000, "0" * 64),)
    return Receipt(
        stage, name, inputs=inputs, outputs=(OutputFile(f"{stage}/{name}.{ending}", 10_000_000, "0" * 64, read),),
        rows_in=read, rows_out=read - sum(dropped.values()), dropped=dropped, text_bytes=read * 3000,
        tokens=read * 800 if stage == "tokens" else 0, measured=Measured(taken, taken * 0.9, 900_000_000, 50_000_000),
    )  # fmt: skip


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
    return value
