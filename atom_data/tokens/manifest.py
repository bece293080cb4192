"""What a finished folder of tokens holds: its shards in order, and one fingerprint over all of it."""

import hashlib
from typing import Any

import numpy as np

from atom_data.errors import DataError
from atom_data.identity import canonical
from atom_data.storage.paths import join
from atom_data.storage.receipts import plan_path, read_json, read_receipt

SHARED = ("tokenizer", "vocabulary", "eos", "eos_id", "dtype")
"""What all shards must have in common."""


def manifest(out: str, name: str = "tokens") -> dict[str, Any]:
    """Return what the receipts of a finished pass say, as plain JSON values; no folder is listed.

    {"name", "tokenizer", "vocabulary", "eos", "eos_id", "dtype", "documents", "tokens", "fingerprint",
     "shards": [{"name", "documents", "tokens", "sha256", "bin", "idx", "docs"}, ...]}; bin, idx and docs are outputs
    as the receipts have them (path below `out`, bytes, sha256, rows). The fingerprint counts ids, their order and what
    they mean, and neither paths nor names. DataError when a shard is missing or the shards don't belong together.
    """
    plan = read_json(join(out, plan_path(name)))
    if plan is None:
        raise DataError(
            f"{join(out, name)}: there are no tokens here (no plan.json). Give the folder of a finished Tokenize."
        )
    shards, shared = [], dict[str, Any]()
    for shard in plan.get("shards", []):
        receipt = read_receipt(out, name, shard)
        if receipt is None:
            raise DataError(
                f"{join(out, name)}: shard '{shard}' has no receipt, so it is not finished. Run the pass '{name}' again."
            )
        notes = {key: receipt["notes"].get(key) for key in SHARED}
        shared = shared or notes
        if None in notes.values():
            raise DataError(
                f"{join(out, name)}: the receipt of '{shard}' names no tokenizer. Give the folder of a Tokenize."
            )
        for key in (key for key in SHARED if notes[key] != shared[key]):
            raise DataError(
                f"{join(out, name)}: shard '{shard}' has {key} {notes[key]!r}, the first shard {shared[key]!r}. "
                f"They are not of one run: run the pass '{name}' again."
            )
        shards.append(_shard(shard, receipt))
    value = {
        "name": name,
        **shared,
        "documents": sum(shard["documents"] for shard in shards),
        "tokens": sum(shard["tokens"] for shard in shards),
        "shards": shards,
    }
    if not value["tokens"]:
        raise DataError(f"{join(out, name)}: holds no token in {len(shards):,} shards. There is nothing to train on.")
    return {**value, "fingerprint": _fingerprint(value)}


def _shard(name: str, receipt: dict[str, Any]) -> dict[str, Any]:
    outputs = {item["path"].rpartition("/")[2].removeprefix(f"{name}."): item for item in receipt["outputs"]}
    try:
        binary, index, documents = (outputs[ending] for ending in ("bin", "idx", "docs.parquet"))
    except KeyError as error:
        raise DataError(
            f"{receipt['stage']}/{name}: its receipt names no file .{error.args[0]}; files there: {', '.join(outputs)}. "
            "Give the folder of a Tokenize."
        ) from error
    itemsize = np.dtype(receipt["notes"]["dtype"]).itemsize
    if binary["bytes"] != receipt["tokens"] * itemsize:
        raise DataError(
            f"{receipt['stage']}/{name}: its receipt speaks of {receipt['tokens']:,} tokens of {itemsize} bytes and of a .bin "
            f"of {binary['bytes']:,} bytes. Make the shard again."
        )
    return {
        "name": name,
        "documents": receipt["rows_out"],
        "tokens": receipt["tokens"],
        "sha256": binary["sha256"],
        "bin": binary,
        "idx": index,
        "docs": documents,
    }


def _fingerprint(value: dict[str, Any]) -> str:
    shards = [[shard["tokens"], shard["documents"], shard["sha256"]] for shard in value["shards"]]
    parts = [value["tokenizer"], value["eos_id"], value["dtype"], shards]
    return hashlib.sha256(canonical(parts).encode()).hexdigest()
