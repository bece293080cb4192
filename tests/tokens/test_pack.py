"""Best-fit decreasing: against the plainest way to do it, and nothing lost, doubled or cut in vain."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from atom_data.errors import ConfigError
from atom_data.storage.paths import sha256
from atom_data.tokens import manifest
from atom_data.tokens.megatron import read_pair
from atom_data.tokens.pack import Packed, pack, pack_folder
from tests.command import atom_data
from tests.tokens.corpus import rows, token_run


def slowly(lengths: list[int], length: int) -> list[list[int]]:
    """Return the sizes in each sample by looking at every sample for every piece."""
    pieces = [min(length, count - start) for count in lengths for start in range(0, count, length)]
    samples: list[list[int]] = []
    for size in sorted(pieces, reverse=True):
        fits = [sample for sample in samples if sum(sample) + size <= length]
        if fits:
            max(fits, key=sum).append(size)
        else:
            samples.append([size])
    return samples


def sizes(packed: Packed) -> list[list[int]]:
    return [
        packed.pieces[start:stop, 2].tolist()
        for start, stop in zip(packed.samples[:-1], packed.samples[1:], strict=True)
    ]


@settings(max_examples=300, deadline=None)
@given(lengths=st.lists(st.integers(0, 70), max_size=60), length=st.integers(1, 24))
def test_pack_is_best_fit_decreasing_and_holds_every_token_once(lengths: list[int], length: int) -> None:
    packed = pack(np.array(lengths, np.int32), length)
    # Of two samples with the same room either may take a piece; what is left open is the same.
    assert sorted(map(sum, sizes(packed))) == sorted(map(sum, slowly(lengths, length)))
    seen = sorted((document, start, count) for document, start, count in packed.pieces.tolist())
    expected = [
        (document, start, min(length, count - start))
        for document, count in enumerate(lengths)
        for start in range(0, count, length)
    ]
    assert seen == expected
    assert packed.samples[0] == 0 and packed.samples[-1] == len(packed.pieces)


def test_pack_known_answer() -> None:
    assert sorted(map(sorted, sizes(pack(np.array([6, 5, 4, 3, 2, 10, 13], np.int32), 10)))) == [
        [2, 3, 5], [3], [4, 6], [10], [10],
    ]  # fmt: skip


def test_pack_many_documents_leaves_little_room() -> None:
    lengths = np.random.default_rng(0).lognormal(6.5, 1.2, 200_000).astype(np.int32) + 1
    packed = pack(lengths, 4096)
    assert packed.pieces[:, 2].sum() == lengths.sum()
    assert lengths.sum() / ((len(packed.samples) - 1) * 4096) > 0.999


def test_pack_folder_writes_plans_and_says_what_they_came_to(tmp_path: Path) -> None:
    token_run(tmp_path, {"a": rows(200), "b": rows(100, "b"), "c": []}, target_tokens=1)
    out, target = tmp_path / "out", tmp_path / "packed"
    made = pack_folder(str(out / "tokens"), str(target), 64)
    page = json.loads((target / "packing.json").read_text())
    found = manifest(str(out))
    assert (made.tokens, made.documents) == (found["tokens"], found["documents"])
    assert page["fingerprint"] == found["fingerprint"] and page["samples"] == made.samples
    cut = windows = 0
    for shard in page["shards"]:
        index = read_pair(str(out / "tokens" / shard["name"]))
        plan, packed = np.fromfile(target / f"{shard['name']}.pack", "<i8"), pack(index.lengths, 64)
        document, first, count = packed.pieces.T
        assert plan[: shard["samples"] + 1].tolist() == packed.samples.tolist()
        pieces = plan[shard["samples"] + 1 :].reshape(-1, 2)
        assert pieces.tolist() == np.stack([index.starts[document] + first, count], axis=1).tolist()
        assert sha256(str(target / f"{shard['name']}.pack")) == shard["sha256"]
        cut += sum(np.bincount(document) > 1) if len(pieces) else 0
        windows += sum(
            start // 64 != (start + count - 1) // 64 for start, count in zip(index.starts, index.lengths, strict=True)
        )
    assert (made.cut, made.cut_by_windows) == (cut, windows)
    assert made.cut < made.cut_by_windows and made.fill > 0.95


def test_pack_command_and_refusals(tmp_path: Path) -> None:
    token_run(tmp_path, {"a": rows(100)})
    folder = tmp_path / "out" / "tokens"
    done = atom_data("pack", folder, "--to", tmp_path / "packed", "--length", 64)
    assert done.returncode == 0, done.stderr
    assert "samples of 64 tokens" in done.stdout and "windows would cut" in done.stdout
    with pytest.raises(ConfigError, match="a sample of 0 tokens cannot be"):
        pack_folder(str(folder), str(tmp_path / "packed"), 0)
    with pytest.raises(ConfigError, match="is inside the tokens folder"):
        pack_folder(str(folder), str(folder / "packed"), 64)
