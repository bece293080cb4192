"""Writes docs/reference/output.md, the page of the output folder, from the classes and schemas that make its files.

`make docs` runs it; a test fails while the page is another.
"""

import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from atom_data import ledger
from atom_data.library.documentation import documented
from atom_data.storage import manifest, receipt, shards
from atom_data.tokens import tokenize
from atom_data.tokens.manifest import FORMAT as TOKENS_FORMAT, manifest as token_manifest

PAGE = Path(__file__).with_suffix(".md")

KINDS = {
    "str": "text",
    "int": "number",
    "float": "number",
    "tuple[str, ...]": "list of text",
    "Mapping[str, int]": "object: a count by name",
    "Mapping[str, str]": "object: text by name",
    "Mapping[str, Any]": "object",
    "tuple[Input, ...]": "list of [inputs](#an-input)",
    "tuple[OutputFile, ...]": "list of [files](#a-file)",
    "tuple[tuple[str, int, int], ...]": "list of [text, number, number]",
    "Measured": "[measures](#what-a-task-took)",
}
"""How a type of a field stands in JSON."""

HEAD = """# The output folder

What a run leaves, file by file: for programs that read it, and for readers in ten years who want to know what a file is.
This page is made from the code (`make docs`); columns, types and formats are those of this version.

```
OUTPUT/
  STAGE/                      a folder for each stage and each job of a pass, named as in the recipe
    plan.json                 the shards that it has: what must be there
    SHARD.parquet             kept rows, or what a job of a pass found; other endings for what only other jobs read
    drops/SHARD.parquet       the ledger: a line for each dropped document; no file where none was dropped
    dead/SHARD.parquet        dead letters: a line for each record that could not be read; no file where there is none
    receipts/SHARD.json       the receipt, written last: without it the shard does not exist
    receipts/all.pq           all receipts in one table, once the job is finished
    sketches/SHARD.json.gz    counts of the shard's documents for reports (docs/report.md); no part of the result
    manifest.json             the summary of a finished job that has one: of tokens, the manifest
    failed/SHARD.json         why the last attempt at a shard failed (stage, shard, message, log); gone when it succeeds
  TOKENS/                     a token pass is a stage with other files in it
    SHARD.bin, SHARD.idx      ids as Megatron reads them; SHARD.docs.parquet says of each document what and where it is
    SHARD.masked              where a takedown masked documents: ranges of tokens, see docs/takedown.md
  removals/                   of takedowns: list.parquet, what must not come back, as keyed hashes; 0001.json, the receipt of
                              each; 0001.passages.npy, hashes of the texts that went
  cluster/                    of runs on a cluster: listings, logs, what was submitted; no part of the result
  run.json                    whose folder it is: the recipe, and the stages that count
  run/                        what the run was made with: recipe, cards, lists, versions (docs/why.md); no part of the result
  passport.toml               what people know of the corpus, for `atom-data publish` (docs/publish.md); no part of the result
  lookup/                     where ids and URLs are, made by `atom-data why`, removed by `atom-data clean`; no part of the result
  jobs.json                   on an object store, which is not listed: the names of all jobs
```

A file appears whole or not at all: it is written as `*.partial` and renamed. Readers go by `plan.json` and receipts, never
by what lies in a folder. Same recipe, inputs and code: the same bytes in every file but receipts, `receipts/all.pq` and
`failed/`, which have times in them. `atom-data fingerprint` hashes what must be equal (docs/root.md), `atom-data verify`
holds every file against its receipt.
"""


def prose(text: str | None) -> str:
    """Return a docstring as a paragraph."""
    return " ".join((text or "").split())


def constant(module: ModuleType, name: str) -> str:
    """Return the docstring of a constant."""
    return documented(inspect.getsource(module))[name]


def fields_of(kind: type) -> list[tuple[str, str, str]]:
    """Return name, type and meaning of the fields of a dataclass. ValueError for a field without a docstring."""
    meanings = documented(inspect.getsource(inspect.getmodule(kind) or kind), kind.__name__)
    rows = []
    for name, annotation in kind.__annotations__.items():
        if name not in meanings:
            raise ValueError(f"{kind.__name__}.{name} has no docstring. Say what it is.")
        said = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
        said = said.replace("typing.", "").replace("collections.abc.", "")
        for module in ("atom_data.storage.receipt.", "atom_data.storage.shards."):
            said = said.replace(module, "")
        rows.append((name, KINDS.get(said, f"`{said}`"), meanings[name]))
    return rows


def table(rows: Iterable[tuple[str, ...]], *heads: str) -> str:
    """Return a table of Markdown; the first column as code."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| `{first}` | {' | '.join(rest)} |" for first, *rest in rows]
    return "\n".join(lines)


def columns(schema: pa.Schema, meanings: dict[str, str]) -> str:
    """Return a table of the columns of a schema."""
    if not meanings:
        return table([(item.name, str(item.type)) for item in schema], "column", "type")
    return table([(item.name, str(item.type), meanings.get(item.name, "")) for item in schema], "column", "type", "")


def example() -> receipt.Receipt:
    """Return a receipt with something in every field."""
    return receipt.Receipt(
        stage="clean",
        shard="part-0.jsonl",
        job="5e1f...",
        code={"atom_data.signals": "9c2a...", "pyarrow": "25.0.0"},
        inputs=(shards.Input("part-0.jsonl.gz", 81_234, "0f3b...", 1_767_322_400_000_000_000),),
        outputs=(receipt.OutputFile("clean/part-0.jsonl.parquet", 60_412, "77aa...", 28),),
        rows_in=30,
        rows_out=28,
        dropped={"gopher_quality.word_count": 2},
        unreadable={"jsonl.bad_json": 1},
        skipped={"warcinfo": 1},
        text_bytes=190_113,
        spans=(("part-0.jsonl", 0, 81_234),),
        measured=receipt.Measured(0.31, 0.29, 190_000_000, 81_234),
    )


def in_file(kind: type, value: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the fields of a class that stand in its file, in the order of the file."""
    known = {row[0]: row for row in fields_of(kind)}
    more = [row for name, row in known.items() if name not in value and name not in ("job", "code", "output_bytes")]
    if "job" in known:
        said = " ".join(f"`{name}`: {known[name][2]}" for name in ("job", "code"))
        known["identity"] = ("identity", "object", f"{said} A shard is rebuilt when one of them changes.")
    rows = [known.get(name) or BESIDE[name] for name in value]
    return [*rows, *((name, said, f"{what} Only where there is something to say.") for name, said, what in more)]


BESIDE = {
    "format": ("format", "number", "The version of this file."),
    "sha256": ("sha256", "text", "Of all bytes of the file before this key: an edited receipt is noticed."),
}
"""What stands in files and is not a field of a class."""


def receipt_part() -> list[str]:
    """Return the part on receipts."""
    made = example()
    value = {**made.value(), "sha256": "41c0..."}
    return [
        "## A receipt\n",
        f"`STAGE/receipts/SHARD.json`: {prose(receipt.Receipt.__doc__)}\n",
        table(in_file(receipt.Receipt, value), "key", "type", ""),
        f"\nThe format is {receipt.FORMAT}. {constant(receipt, 'FORMAT')} {constant(receipt, 'READABLE')}\n",
        f"```json\n{json.dumps(value, indent=1)}\n```\n",
        "### An input\n",
        table(fields_of(shards.Input), "key", "type", ""),
        "\n### A file\n",
        table(fields_of(receipt.OutputFile), "key", "type", ""),
        "\n### What a task took\n",
        f"{prose(receipt.Measured.__doc__)}\n",
        table(fields_of(receipt.Measured), "key", "type", ""),
    ]


def plan_part() -> list[str]:
    """Return the part on lists of shards, failures, and the manifest of all receipts."""
    listed = receipt.ShardList("clean", ("part-0.jsonl",), {})
    meanings: dict[str, str] = {}
    for kind in (receipt.OutputFile, receipt.Measured, receipt.Receipt):
        meanings |= {name: what for name, _, what in fields_of(kind)}
    meanings |= {
        "path": "Of the first file.",
        "bytes": "Of the first file.",
        "sha256": "Of the first file.",
        "shard": "The shard.",
    }
    return [
        "\n## The list of shards\n",
        f"`STAGE/plan.json`: {prose(receipt.ShardList.__doc__)}\n",
        table(in_file(receipt.ShardList, listed.value()), "key", "type", ""),
        "\n## All receipts in one table\n",
        f"`STAGE/receipts/all.pq`, Parquet: {constant(manifest, 'SCHEMA')}\n",
        columns(manifest.SCHEMA, meanings),
        "\nIts key-value metadata has `identity` as in receipts, as JSON. It is made from the receipts and taken away before one "
        "of them changes; without it, or where its columns are others, the receipts are read.",
    ]


def table_part() -> list[str]:
    """Return the part on ledgers and dead letters."""
    return [
        "\n## The ledger\n",
        f"`STAGE/drops/SHARD.parquet`: {constant(ledger, 'LEDGER')}\n",
        columns(ledger.LEDGER, {}),
        "\n## Dead letters\n",
        f"`STAGE/dead/SHARD.parquet`: {constant(ledger, 'DEAD')}\n",
        columns(ledger.DEAD, {}),
    ]


def token_part() -> list[str]:
    """Return the part on tokens."""
    said = inspect.getdoc(token_manifest) or ""
    keys = said[said.index("{") : said.index("DataError")].strip()
    kept = ", ".join(f"`{name}`" for name in tokenize.KEEPS)
    return [
        "\n## Documents of a token shard\n",
        f"`TOKENS/SHARD.docs.parquet`: {constant(tokenize, 'OWN')} After these come the columns that the recipe `keeps`, or those "
        f"of {kept} that there are.\n",
        columns(pa.schema(tokenize.OWN), {}),
        "\n## The manifest of tokens\n",
        f"`TOKENS/manifest.json`, format {TOKENS_FORMAT}; of another format, or without it, the receipts say the same.\n",
        f"```\n{keys}\n```",
    ]


def page() -> str:
    """Return the whole page."""
    parts = [HEAD, *receipt_part(), *plan_part(), *table_part(), *token_part()]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
