"""A tiny tokenizer, a source of rows in memory, and finished runs made of them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from atom_data.graph import Job, RawSource
from atom_data.runner.plan import plan_job, require_complete, write_plan
from atom_data.runner.worker import do_task
from atom_data.stage import Stage
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.tokens import Tokenize
from atom_data.tokens.megatron import read_pair
from atom_data.workspace import Workspace

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("url", pa.string()), ("source", pa.string())])

WORDS = (
    "the river carried the boats past the old mill and the children counted them from the bridge "
    "while their grandmother's clock struck 12 and nobody wondered why it had been 7 a moment before"
)

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Rows(RawSource):
    """Rows in memory as a source: shards by name, read in batches of any size."""

    rows: Mapping[str, Sequence[Row]]
    batch_rows: int = 100
    schema_: pa.Schema = SCHEMA
    name: str = "rows"

    def schema(self) -> pa.Schema:
        return self.schema_

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        return tuple(
            Shard(name, "", sum(len(row["text"] or "") for row in self.rows[name])) for name in sorted(self.rows)
        )

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        intake.inputs += self.current(shard, workspace)
        rows = [dict(row) for row in self.rows[shard.name]]
        for start in range(0, len(rows), self.batch_rows):
            yield pa.RecordBatch.from_pylist(rows[start : start + self.batch_rows], self.schema_)

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        return (Input(shard.name, shard.bytes, f"content of {shard.name}"),)

    def identity(self) -> dict[str, object]:
        return {"rows": self.name}


def text(number: int, words: int | None = None) -> str:
    """Return a text of its own for every number: 1 to 40 words."""
    pool = WORDS.split()
    count = number % 40 + 1 if words is None else words
    return " ".join([str(number), *(pool[(number * 7 + i * (number % 5 + 1)) % len(pool)] for i in range(count))])


def rows(count: int, prefix: str = "a") -> list[Row]:
    """Return documents with ids, urls and texts of their own."""
    return [
        {"id": f"{prefix}{i}", "text": text(i), "url": f"https://{prefix}.example/{i}", "source": prefix}
        for i in range(count)
    ]


def tiny_tokenizer(path: Path, normalizer: normalizers.Normalizer | None = None) -> Path:
    """Train a byte-level BPE of 400 ids and write its tokenizer.json."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([WORDS] * 3, trainer)
    tokenizer.add_tokens([AddedToken("<think>", normalized=False)])
    tokenizer.save(str(path))
    return path


def finish(job: Job, out: Path) -> list[Receipt]:
    """Do every task of a job as a worker does, accept the whole, and return the receipts."""
    workspace = Workspace(str(out), "test")
    plan = plan_job(job, workspace)
    write_plan(plan, workspace)
    receipts = [do_task(job, task, workspace, lambda *_: None) for task in plan.tasks]
    require_complete(job, workspace)
    return receipts


def token_run(folder: Path, shards: Mapping[str, Sequence[Row]], batch_rows: int = 100, **options: object) -> Tokenize:
    """Make FOLDER/out/clean and FOLDER/out/tokens from rows; return the pass."""
    tokenizer = folder / "tokenizer.json"
    if not tokenizer.exists():
        tiny_tokenizer(tokenizer)
    clean = Stage(name="clean", reads=Rows(shards, batch_rows))
    tokens = Tokenize(**{"reads": clean, "tokenizer": tokenizer, **options})  # type: ignore[arg-type]
    finish(clean, folder / "out")
    finish(tokens, folder / "out")
    return tokens


SHARDS = {f"part-{i}": rows(60, f"p{i}-") for i in range(5)}


def documents(out: Path, shard: str) -> list[list[int]]:
    """Return the ids of every document of a shard."""
    index = read_pair(str(out / "tokens" / shard))
    ids = np.fromfile(out / "tokens" / f"{shard}.bin", index.dtype)
    return [ids[start : start + count].tolist() for start, count in zip(index.starts, index.lengths, strict=True)]


def table(out: Path, shard: str) -> list[dict[str, Any]]:
    """Return the rows of docs.parquet."""
    found: list[dict[str, Any]] = pq.read_table(out / "tokens" / f"{shard}.docs.parquet").to_pylist()
    return found


def receipt(out: Path, shard: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "tokens" / "receipts" / f"{shard}.json").read_text())
    return found
