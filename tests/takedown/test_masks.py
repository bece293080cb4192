"""Masked tokens: the same samples in the same order, nothing learned of what is masked, and a state that stays valid."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from atom_data.loader import Batches, PackedShards, Samples, TokenShards
from atom_data.tokens.manifest import manifest
from tests.command import atom_data
from tests.takedown.corpus import hashes, listed, rows

LENGTH = 32


def samples(out: Path, packing: Path | None = None) -> Samples:
    tokens = str(out / "tokens")
    source = PackedShards(tokens, packing=str(packing)) if packing else TokenShards(tokens, sequence_length=LENGTH)
    return Samples(source, seed=3)


@pytest.fixture
def ids(out: Path, tmp_path: Path) -> Path:
    """Documents in the tokens, two of them neighbors, one the first of its shard."""
    table = pq.read_table(sorted((out / "tokens").glob("*.docs.parquet"))[0])
    names = table.column("id").to_pylist()
    return listed(tmp_path, [names[0], names[3], names[4]])


def masked_tokens(out: Path) -> dict[str, set[int]]:
    found = {shard["name"]: shard.get("masked", []) for shard in manifest(str(out), "tokens")["shards"]}
    return {name: {token for first, stop in ranges for token in range(first, stop)} for name, ranges in found.items()}


def test_masked_tokens_are_end_tokens_without_loss_in_the_same_samples(
    out: Path, built: Path, ids: Path, tmp_path: Path
) -> None:
    before = samples(built)
    run = Batches(before, batch_size=4)
    for _, _ in zip(range(3), run, strict=False):
        state = run.state()
    done = atom_data("takedown", out, "--ids", ids, "--tokens", "mask")
    assert done.returncode == 0 and "Any other would train on them" in done.stdout, done.stderr
    after, masked = samples(out), masked_tokens(out)
    assert len(set().union(*masked.values())) > 3 * 50
    assert after.sources["tokens"].fingerprint == before.sources["tokens"].fingerprint
    resumed = Batches(after, batch_size=2, rank=1, world=3)
    resumed.resume(state)
    for number in range(len(before.sources["tokens"])):
        old, new, where = before[number], after[number], before.address(number)
        assert where == after.address(number)
        ((start, stop),) = where.spans
        own = masked[where.shard]
        inputs = np.array([token in own for token in range(start, stop)])
        labels = np.array([token in own for token in range(start + 1, stop + 1)])
        assert (new["input_ids"][inputs] == 0).all() and (new["labels"][labels] == -100).all()
        assert (new["input_ids"][~inputs] == old["input_ids"][~inputs]).all()
        assert (new["labels"][~labels] == old["labels"][~labels]).all()
        assert new["cu_seqlens"].tolist() == old["cu_seqlens"].tolist()
        assert new["position_ids"].tolist() == old["position_ids"].tolist()
    batch = next(iter(resumed))
    expected = [before[number] for number in batch["sample"].tolist()]
    kept = batch["labels"] != -100
    assert (batch["labels"][kept] == np.stack([one["labels"] for one in expected])[kept]).all()


def test_packed_samples_know_masks(out: Path, built: Path, ids: Path, tmp_path: Path) -> None:
    packing = tmp_path / "packed"
    assert atom_data("pack", out / "tokens", "--to", packing, "--length", 64).returncode == 0
    plan = {path.name: path.read_bytes() for path in packing.iterdir()}
    before = [samples(out, packing)[number] for number in range(40)]
    assert atom_data("takedown", out, "--ids", ids, "--tokens", "mask").returncode == 0
    assert {path.name: path.read_bytes() for path in packing.iterdir()} == plan
    after, masked, seen = samples(out, packing), masked_tokens(out), 0
    for number, old in enumerate(before):
        new, where = after[number], after.address(number)
        at = 0
        for start, stop in where.spans:
            for token in range(start, stop):
                is_masked, label = token in masked[where.shard], int(new["labels"][at])
                seen += is_masked
                assert int(new["input_ids"][at]) == (0 if is_masked else int(old["input_ids"][at]))
                assert label == (-100 if token + 1 in masked[where.shard] else int(old["labels"][at])) or label == -100
                at += 1
        assert new["cu_seqlens"].tolist() == old["cu_seqlens"].tolist()
    assert seen


def test_a_masked_folder_is_whole_and_says_what_is_masked(out: Path, ids: Path, tmp_path: Path) -> None:
    targets = {kind: tmp_path / kind for kind in ("megatron", "olmo", "datatrove", "offsets")}
    for kind, target in targets.items():
        assert atom_data("export", out / "tokens", "--to", target, "--format", kind).returncode == 0
    assert atom_data("merge", out / "tokens", "--to", tmp_path / "merged").returncode == 0
    assert atom_data("takedown", out, "--ids", ids, "--tokens", "mask").returncode == 0
    assert atom_data("verify", out).returncode == 0
    done = atom_data("run", ids.parent.parent / "none.py", "--output", out)
    assert done.returncode == 2
    shard = manifest(str(out), "tokens")["shards"][0]
    sidecar = np.load(out / shard["mask"]["path"])
    assert sidecar.tolist() == shard["masked"] and sidecar.dtype == np.int64
    table = pq.read_table(out / shard["docs"]["path"])
    gone = [row for row in table.to_pylist() if row["id"] is None]
    assert len(gone) == 3 and all(row["tokens"] > 0 and row["url"] is None for row in gone)
    stored = np.fromfile(out / shard["bin"]["path"], "<u2")
    for ending, target in (("bin", "megatron"), ("npy", "olmo"), ("ds", "datatrove"), ("bin", "offsets")):
        exported = np.fromfile(targets[target] / f"{shard['name']}.{ending}", "<u2")
        assert (exported == stored).all()
        assert np.load(targets[target] / f"{shard['name']}.masked").tolist() == shard["masked"]
    merged = next((tmp_path / "merged").glob("*.bin"))
    assert (np.fromfile(merged, "<u2")[: len(stored)] == stored).all()


def test_rewriting_after_masking_moves_the_masks(out: Path, ids: Path, tmp_path: Path) -> None:
    assert atom_data("takedown", out, "--ids", ids, "--tokens", "mask").returncode == 0
    first = manifest(str(out), "tokens")
    table = pq.read_table(out / first["shards"][0]["docs"]["path"])
    other = next(row for row in table.to_pylist()[1:] if row["id"] is not None and row["copy_count"] == 1)
    assert atom_data("takedown", out, "--ids", listed(tmp_path, [other["id"]])).returncode == 0
    assert atom_data("verify", out).returncode == 0
    second = manifest(str(out), "tokens")
    assert second["fingerprint"] != first["fingerprint"]
    shard = second["shards"][0]
    stored = np.fromfile(out / shard["bin"]["path"], "<u2")
    assert all((stored[start:stop] == 0).all() and stop - start > 50 for start, stop in shard["masked"])
    sizes = [sum(stop - start for start, stop in each["shards"][0]["masked"]) for each in (first, second)]
    assert sizes[0] == sizes[1]


def test_what_is_decided_by_the_corpus_is_the_same_masked_or_rewritten(
    out: Path, built: Path, ids: Path, tmp_path: Path
) -> None:
    assert atom_data("takedown", out, "--ids", ids, "--tokens", "mask").returncode == 0
    before, after = hashes(built), hashes(out)
    for ending in ("bin", "docs.parquet", "idx"):
        changed = {name for name in before if name.endswith(f".{ending}") and before[name] != after[name]}
        assert len(changed) == (0 if ending == "idx" else changed and len(changed))
    with_text = {row["id"] for row in rows(out, "near_deduped") if row["text"]}
    assert {row["id"] for row in rows(out, "tokens") if row["id"]} == with_text
