"""What a finished folder of tokens holds: its shards in order, and one fingerprint over all of it.

NAME/manifest.json is written once all shards are there, so that a reader opens one file and not every receipt; without
it, the receipts say the same.
"""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from atom_data.errors import ConfigError, DataError
from atom_data.identity import canonical
from atom_data.storage.paths import join
from atom_data.storage.receipts import (
    OutputFile,
    Receipt,
    ShardList,
    read_json,
    read_receipt,
    read_shard_list,
    summary_path,
)
from atom_data.tokens.tokenizer.definition import read_definition
from atom_data.tokens.tokenizer.vocabulary import stored_dtype

FORMAT = 1

SHARED = ("tokenizer", "vocabulary", "eos", "eos_id", "bos", "bos_id", "dtype")
"""What all shards must have in common."""
OPTIONAL = ("bos", "bos_id")


def manifest(out: str, name: str = "tokens") -> dict[str, Any]:
    """Return what a finished pass made, as plain JSON values, from its manifest.json or else from its receipts.

    {"format", "name", "plan", "tokenizer", "vocabulary", "eos", "eos_id", "bos", "bos_id", "dtype", "documents",
     "tokens", "shards": [{"name", "documents", "tokens", "sha256", "bin", "idx", "docs"}, ...], "fingerprint",
     "sha256"}; bin, idx and docs are outputs as the receipts have them (path below `out`, bytes, sha256, rows). The
    fingerprint counts ids, their order and what they mean, and neither paths nor names; sha256 seals the manifest. A shard
    in which a takedown masked documents has `masked` (ranges of tokens), `mask` (their file) and `unmasked` (SHA-256 of
    the .bin before, which the fingerprint counts).
    DataError when a shard is missing, the shards don't belong together, or a manifest was edited.
    """
    plan = _plan(out, name)
    path = join(out, summary_path(name))
    found = read_json(path)
    if found is None or found.get("format") != FORMAT or found.get("plan") != _plan_hash(plan):
        return manifest_of_receipts(out, name)
    if found.get("sha256") != sealed_hash(found):
        raise DataError(f"{path}: was edited after it was written. Delete it; the next run writes it again.")
    return found


def manifest_of_receipts(out: str, name: str = "tokens") -> dict[str, Any]:
    """Return the same from the receipts alone: no folder is listed, and every receipt is opened."""
    plan = _plan(out, name)
    shards, shared = [], dict[str, Any]()
    for shard in plan.shards:
        receipt = read_receipt(out, name, shard)
        if receipt is None:
            raise DataError(
                f"{join(out, name)}: shard '{shard}' has no receipt, so it is not finished. Run the pass '{name}' again."
            )
        notes = {key: receipt.notes.get(key) for key in SHARED}
        shared = shared or notes
        if any(notes[key] is None for key in SHARED if key not in OPTIONAL):
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
        "format": FORMAT,
        "name": name,
        "plan": _plan_hash(plan),
        **shared,
        "documents": sum(shard["documents"] for shard in shards),
        "tokens": sum(shard["tokens"] for shard in shards),
        "shards": shards,
    }
    if not value["tokens"]:
        raise DataError(f"{join(out, name)}: holds no token in {len(shards):,} shards. There is nothing to train on.")
    _require_dtype(join(out, name), value)
    value["fingerprint"] = _fingerprint(value)
    return {**value, "sha256": sealed_hash(value)}


def require_tokenizer(where: str, found: dict[str, Any], tokenizer: Path, encoding: str | None = None) -> None:
    """Raise ConfigError when the tokens of a manifest were made by another tokenizer than this one."""
    sha256 = read_definition(tokenizer, encoding).sha256
    if sha256 != found["tokenizer"]:
        raise ConfigError(
            f"{where}: its tokens are of the tokenizer with SHA-256 {found['tokenizer'][:16]}... ({found['vocabulary']:,} "
            f"ids); {tokenizer} has {sha256[:16]}.... Give the tokenizer that made them, or tokenize again."
        )


def _require_dtype(where: str, value: dict[str, Any]) -> None:
    wanted = stored_dtype(value["vocabulary"]).name
    if value["dtype"] != wanted:
        raise DataError(
            f"{where}: ids of a vocabulary of {value['vocabulary']:,} are stored as {value['dtype']}; from 65,500 ids on "
            f"readers do not agree what two bytes mean, so {wanted} is the type for it. Tokenize again."
        )


def _plan(out: str, name: str) -> ShardList:
    plan = read_shard_list(out, name)
    if plan is None:
        raise DataError(
            f"{join(out, name)}: there are no tokens here (no plan.json). Give the folder of a finished Tokenize."
        )
    return plan


def _shard(name: str, receipt: Receipt) -> dict[str, Any]:
    outputs = {item.path.rpartition("/")[2].removeprefix(f"{name}."): item for item in receipt.outputs}
    try:
        binary, index, documents = (outputs[ending] for ending in ("bin", "idx", "docs.parquet"))
    except KeyError as error:
        raise DataError(
            f"{receipt.stage}/{name}: its receipt names no file .{error.args[0]}; files there: {', '.join(outputs)}. "
            "Give the folder of a Tokenize."
        ) from error
    itemsize = np.dtype(receipt.notes["dtype"]).itemsize
    if binary.bytes != receipt.tokens * itemsize:
        raise DataError(
            f"{receipt.stage}/{name}: its receipt speaks of {receipt.tokens:,} tokens of {itemsize} bytes and of a .bin "
            f"of {binary.bytes:,} bytes. Rebuild the shard."
        )
    return {
        "name": name,
        "documents": receipt.rows_out,
        "tokens": receipt.tokens,
        "sha256": binary.sha256,
        "bin": asdict(binary),
        "idx": asdict(index),
        "docs": asdict(documents),
        **_masks(receipt, outputs),
    }


def _masks(receipt: Receipt, outputs: dict[str, OutputFile]) -> dict[str, Any]:
    """Return what a takedown masked in a shard: ranges of tokens, their file, and the SHA-256 of the .bin before."""
    if "masked" not in receipt.notes:
        return {}
    sidecar = {"mask": asdict(outputs["masked"])} if "masked" in outputs else {}
    return {"masked": receipt.notes["masked"], "unmasked": receipt.notes["unmasked"], **sidecar}


def _fingerprint(value: dict[str, Any]) -> str:
    # What is masked is in the same place as before, so that a run in flight may go on: its tokens are still these.
    shards = [[one["tokens"], one["documents"], one.get("unmasked", one["sha256"])] for one in value["shards"]]
    parts = [value["tokenizer"], value["eos_id"], value["dtype"], shards]
    return _hash(parts)


def sealed_hash(value: dict[str, Any]) -> str:
    """Return the hash that a manifest carries of all else in it."""
    return _hash({key: item for key, item in value.items() if key != "sha256"})


def _plan_hash(plan: ShardList) -> str:
    return _hash({key: item for key, item in plan.value().items() if key != "format"})


def _hash(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()
