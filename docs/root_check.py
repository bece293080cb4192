"""Prints the root of a corpus from the bytes of its files: python root_check.py OUT. Needs Python, and nothing of atom-data."""

import hashlib
import json
import sys
from pathlib import Path


def sha256(data: bytes) -> bytes:
    """Return the hash of some bytes."""
    return hashlib.sha256(data).digest()


def merkle(leaves: list[bytes]) -> bytes:
    """Return the hash over leaves, as RFC 6962 has it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    cut = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\x01" + merkle(leaves[:cut]) + merkle(leaves[cut:]))


def content(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def root(out: Path) -> str:
    """Return the root of an output folder."""
    jobs, stages = json.loads((out / "run.json").read_text())["jobs"], []
    for stage in sorted(
        (name for name in jobs if "/" not in name and (out / name / "plan.json").is_file()), key=str.encode
    ):
        shards, leaves = json.loads((out / stage / "plan.json").read_text())["shards"], []
        for shard in shards:
            receipt = json.loads((out / stage / "receipts" / f"{shard}.json").read_text())
            lines = [f"{item['path']} {content(out / item['path'])}\n".encode() for item in receipt["outputs"]]
            leaves.append(sha256(b"\x00" + b"".join(sorted(lines))))
        stages.append(sha256(b"\x00" + f"{stage} {len(shards)} {merkle(leaves).hex()}\n".encode()))
    return merkle(stages).hex()


if __name__ == "__main__":
    sys.stdout.write(root(Path(sys.argv[1])) + "\n")
