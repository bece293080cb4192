"""The loaders that people train with, on our files: each in an environment of its own, made when first needed.

    make test-readers        or: python -m pytest tests/peers/readers.py tests/peers/ids.py

Not among the tests that `pytest` finds by itself: the environments take some minutes and 3 GB.
"""

import importlib.util
import json
import shutil
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atom_data.tokens import manifest
from atom_data.tokens.export import export
from atom_data.tokens.megatron import read_pair
from atom_data.tokens.merge import merge
from tests.command import ROOT, atom_data
from tests.tokens.corpus import rows, tiny_tokenizer, token_run

LENGTH = 64
TORCH = "torch==2.13.0"
"""The exact pin, because other wheels bring CUDA."""
# megatron-core says that it needs Python 3.12, and has a wheel for 3.11; its other requirements are those of training.
ENVIRONMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "megatron": (
        (TORCH, "numpy", "triton", "packaging"),
        ("--no-deps", "--ignore-requires-python", "megatron-core==0.19.2"),
    ),
    "olmo": ((TORCH, "ai2-olmo-core==3.0.0"), ()),
    "datatrove": ((TORCH, "datatrove[io,processing]==0.10.1"), ()),
    "streaming": ((TORCH, "mosaicml-streaming==0.13.0"), ()),
}


@cache
def python(name: str) -> Path:
    """Return the Python of an environment."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "benchmarks" / "environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    first, then = ENVIRONMENTS[name]
    made: Path = module.environment(name, first, then)
    return made


def ask(name: str, *arguments: object) -> dict[str, Any]:
    """Run a reader and return what it says in its last line."""
    script = Path(__file__).parent / f"read_{name}.py"
    done = subprocess.run([python(name), script, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4_000:]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@pytest.fixture(scope="module", params=[2, 4])
def out(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A finished run of two-byte or of four-byte ids, with a shard that is empty."""
    folder = tmp_path_factory.mktemp("run")
    if request.param == 4:
        path = tiny_tokenizer(folder / "tokenizer.json")
        page = json.loads(path.read_text())
        page["added_tokens"].append({**page["added_tokens"][0], "id": 70_000, "content": "<|far|>"})
        path.write_text(json.dumps(page))
    shards: dict[str, Any] = {**{f"part-{i}": rows(90, f"p{i}-") for i in range(4)}, "part-9": []}
    token_run(folder, shards, target_tokens=1)
    assert np.dtype(manifest(str(folder / "out"))["dtype"]).itemsize == request.param
    return folder / "out"


def boundaries(ids: Any, eos: int) -> Any:
    """Return where documents begin in a window, and its length."""
    return np.array([0, *(np.flatnonzero(ids[:-1] == eos) + 1), len(ids)])


def documents(out: Path) -> dict[str, list[list[int]]]:
    """Return the documents of every shard that has some."""
    found = {}
    for shard in manifest(str(out))["shards"]:
        if shard["tokens"]:
            index = read_pair(str(out / "tokens" / shard["name"]))
            ids = np.fromfile(out / "tokens" / f"{shard['name']}.bin", index.dtype)
            found[shard["name"]] = [
                ids[start : start + count].tolist() for start, count in zip(index.starts, index.lengths, strict=True)
            ]
    assert len(found) == 4
    return found


def flat(shard: list[list[int]]) -> list[int]:
    return [token for document in shard for token in document]


def itemsize(out: Path) -> int:
    return int(np.dtype(manifest(str(out))["dtype"]).itemsize)


def test_megatron_reads_writes_the_same_bytes_and_blends(out: Path, tmp_path: Path) -> None:
    export(str(out / "tokens"), str(tmp_path / "exported"), "megatron")
    made = merge(str(out / "tokens"), str(tmp_path / "merged"), 8_000)
    assert len(made) > 1
    found = ask("megatron", tmp_path / "exported", tmp_path / "merged", LENGTH, manifest(str(out))["vocabulary"])
    ours = documents(out)
    assert found["documents"] == ours
    assert found["dtype"] == [{2: "uint16", 4: "int32"}[itemsize(out)]]
    assert found["same_bytes"] == dict.fromkeys(ours, True)
    assert found["joined"] == sum(map(len, ours.values()))
    several = 0
    every = {tuple(document) for shard in ours.values() for document in shard}
    for sample in found["samples"]:
        ids = np.array([*sample["tokens"], sample["labels"][-1]], np.uint32)
        assert sample["tokens"][1:] == sample["labels"][:-1]
        bounds = boundaries(ids[:-1], 0).tolist()
        theirs = [bound for bound in sample["cu_seqlens"] if bound <= LENGTH]
        assert sorted(set(theirs)) == sorted(set(bounds))
        for start, stop in pairwise(bounds[1:-1]):
            assert tuple(ids[start:stop].tolist()) in every
            several += 1
    assert len(found["samples"]) == 40 and several > 20


@pytest.fixture
def masked(out: Path, tmp_path: Path) -> Path:
    """The same run, of which some documents were taken down and their tokens masked."""
    shutil.copytree(out, tmp_path / "masked")
    ids = tmp_path / "ids.txt"
    ids.write_text("".join(f"p{shard}-{row}\n" for shard in (0, 2) for row in (0, 7, 8, 89)))
    done = atom_data("takedown", tmp_path / "masked", "--ids", ids, "--tokens", "mask")
    assert done.returncode == 0, done.stderr
    return tmp_path / "masked"


def test_megatron_and_olmo_read_masked_shards(out: Path, masked: Path, tmp_path: Path) -> None:
    """The same documents at the same places; of those that went, end tokens: eight documents for Megatron, windows for OLMo."""
    before, now = documents(out), documents(masked)
    gone = [(old, new) for name in now for old, new in zip(before[name], now[name], strict=True) if old != new]
    assert len(gone) == 8 and all(new == [0] * len(old) for old, new in gone)
    export(str(masked / "tokens"), str(tmp_path / "megatron"), "megatron")
    merge(str(masked / "tokens"), str(tmp_path / "merged"), 8_000)
    found = ask("megatron", tmp_path / "megatron", tmp_path / "merged", LENGTH, manifest(str(masked))["vocabulary"])
    assert found["documents"] == now and found["same_bytes"] == dict.fromkeys(now, True)
    export(str(masked / "tokens"), str(tmp_path / "olmo"), "olmo")
    windows = [
        ids[start : start + LENGTH]
        for ids in map(flat, now.values())
        for start in range(0, len(ids) - LENGTH + 1, LENGTH)
    ]
    assert ask("olmo", tmp_path / "olmo", LENGTH, itemsize(masked))["instances"] == windows


def test_olmo_finds_the_documents_and_cuts_the_same_windows(out: Path, tmp_path: Path) -> None:
    export(str(out / "tokens"), str(tmp_path), "olmo")
    found = ask("olmo", tmp_path, LENGTH, itemsize(out))
    ours = documents(out)
    for name, shard in ours.items():
        ends = np.cumsum([len(document) for document in shard]).tolist()
        assert found["offsets"][name] == [list(pair) for pair in zip([0, *ends], ends, strict=False)]
        assert found["metadata"][name] == found["offsets"][name]
    windows = []
    for shard in ours.values():
        ids = flat(shard)
        windows += [ids[start : start + LENGTH] for start in range(0, len(ids) - LENGTH + 1, LENGTH)]
    assert found["instances"] == windows
    seen = [(ids, lengths) for batch in found["batches"] for ids, lengths in zip(*batch.values(), strict=True)]
    assert len(seen) >= len(windows) - 1
    for ids, lengths in seen:
        assert ids in windows
        assert [count for count in lengths if count] == np.diff(boundaries(np.array(ids, np.uint32), 0)).tolist()


def test_datatrove_reads_windows_and_positions(out: Path, tmp_path: Path) -> None:
    export(str(out / "tokens"), str(tmp_path), "datatrove")
    found = ask("datatrove", tmp_path, LENGTH, itemsize(out))
    windows = []
    for shard in documents(out).values():
        ids = flat(shard)
        windows += [ids[start : start + LENGTH + 1] for start in range(0, len(ids) - LENGTH, LENGTH + 1)]
    for way in ("index", "end"):
        assert [window["input_ids"] for window in found[way]] == windows
        for window in found[way]:
            positions, expected = window["positions"], 0
            for token, position in zip(window["input_ids"][: len(positions)], positions, strict=True):
                assert position == expected
                expected = 0 if token == 0 else expected + 1


def test_streaming_reads_every_sample(out: Path, tmp_path: Path) -> None:
    export(str(out / "tokens"), str(tmp_path), "mds", length=LENGTH)
    found = ask("streaming", tmp_path)
    windows = []
    for shard in documents(out).values():
        ids = flat(shard)
        windows += [ids[start : start + LENGTH] for start in range(0, len(ids) - LENGTH + 1, LENGTH)]
    assert found["local"] == windows
    assert sorted(found["streaming"]) == sorted(windows)
    assert found["dtype"] == {2: "uint16", 4: "int32"}[itemsize(out)]
