"""Read a folder as atom-data publish leaves it with mlcroissant and datasets, and print what they find as JSON."""

import hashlib
import json
import sys
from pathlib import Path

import datasets
import mlcroissant
import pyarrow.parquet as pq

hub = Path(sys.argv[1])
described = mlcroissant.Dataset(jsonld=str(hub / "croissant.json"))
issues = described.metadata.ctx.issues
(records,) = [one.uuid for one in described.metadata.record_sets]
rows = list(described.records(records))
loaded = datasets.load_dataset(str(hub), split="train")
file = next(iter(sorted((hub / "data").rglob("*.parquet"))))


def digest(texts: list[str]) -> str:
    """Return one hash over texts in any order."""
    return hashlib.sha256("\0".join(sorted(texts)).encode()).hexdigest()


def text(value: object) -> str:
    """Return a value of mlcroissant, which gives text as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)


print(
    json.dumps(
        {
            "errors": sorted(map(str, issues.errors)),
            "warnings": sorted(map(str, issues.warnings)),
            "croissant_rows": len(rows),
            "croissant_columns": sorted(rows[0]),
            "croissant_texts": digest([text(row[f"{records}/text"]) for row in rows]),
            "hub_rows": loaded.num_rows,
            "hub_columns": loaded.column_names,
            "hub_texts": digest(loaded["text"][:]),
            "file_columns": pq.read_schema(file).names,
            "biases": described.metadata.data_biases,
        }
    )
)
