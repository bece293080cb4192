"""Shards under the names of other loaders: the same bytes, and sidecars in their layouts, read back the plainest way."""

import csv
import gzip
import json
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.tokens import export as exporting, manifest
from atom_data.tokens.export import export
from atom_data.tokens.megatron import read_pair
from atom_data.tokens.merge import merge
from tests.command import atom_data
from tests.tokens.corpus import rows, token_run

SHARDS: dict[str, Any] = {**{f"part-{i}": rows(60, f"p{i}-") for i in range(4)}, "part-9": []}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    token_run(folder, SHARDS, target_tokens=1)
    return folder / "out"


def full(out: Path) -> list[dict[str, Any]]:
    shards: list[dict[str, Any]] = manifest(str(out))["shards"]
    assert [bool(shard["tokens"]) for shard in shards] == [True] * 4 + [False]
    return shards[:4]


def ids_of(out: Path, name: str) -> list[int]:
    return [int(token) for token in np.fromfile(out / "tokens" / f"{name}.bin", "<u2")]


def test_megatron_is_the_same_files(out: Path, tmp_path: Path) -> None:
    made = export(str(out / "tokens"), str(tmp_path), "megatron")
    assert (made.shards, made.linked, made.written_bytes) == (4, 8, 0)
    assert len([path for path in tmp_path.iterdir() if path.name != "atom-data.json"]) == 8
    for shard in full(out):
        for ending in ("bin", "idx"):
            name = f"{shard['name']}.{ending}"
            assert (tmp_path / name).samefile(out / "tokens" / name)


def test_olmo_has_raw_ids_and_lines_of_start_end_id_and_source(out: Path, tmp_path: Path) -> None:
    export(str(out / "tokens"), str(tmp_path), "olmo")
    for shard in full(out):
        ids, index = ids_of(out, shard["name"]), read_pair(str(out / "tokens" / shard["name"]))
        assert [int(token) for token in np.memmap(tmp_path / f"{shard['name']}.npy", np.uint16)] == ids
        with gzip.open(tmp_path / f"{shard['name']}.csv.gz", "rt", newline="") as file:
            lines = list(csv.reader(file))
        documents = pq.read_table(out / "tokens" / f"{shard['name']}.docs.parquet").to_pylist()
        assert len(lines) == len(documents) == 60
        for line, document, start in zip(lines, documents, index.starts, strict=True):
            assert [int(line[0]), int(line[1])] == [start, start + document["tokens"]]
            assert line[2:] == [document["id"], document["shard"], str(document["row"])]
            assert ids[int(line[1]) - 1] == 0


def test_datatrove_has_ends_and_its_three_lines(out: Path, tmp_path: Path) -> None:
    export(str(out / "tokens"), str(tmp_path), "datatrove")
    for shard in full(out):
        raw = (tmp_path / f"{shard['name']}.ds.index").read_bytes()
        ends = struct.unpack(f"<{len(raw) // 8}Q", raw)
        ids = ids_of(out, shard["name"])
        assert list(ends) == [at + 1 for at, token in enumerate(ids) if token == 0]
        lines = (tmp_path / f"{shard['name']}.ds.metadata").read_text().split("\n")
        assert lines[0] == f"{manifest(str(out))['tokenizer']}|2"
        assert (int(lines[1]), lines[2]) == (len(ids), f"{len(ids) / 1000:.3g} kT")


def test_offsets_are_where_documents_begin_and_the_end(out: Path, tmp_path: Path) -> None:
    export(str(out / "tokens"), str(tmp_path), "offsets")
    for shard in full(out):
        offsets = np.load(tmp_path / f"{shard['name']}.offsets.npy")
        ids = ids_of(out, shard["name"])
        assert offsets.tolist() == [0, *(at + 1 for at, token in enumerate(ids) if token == 0)]


def read_mds(folder: Path) -> list[list[int]]:
    """Return the samples of a folder, read as the format's layout says."""
    samples = []
    for shard in json.loads((folder / "index.json").read_text())["shards"]:
        raw = (folder / shard["raw_data"]["basename"]).read_bytes()
        assert len(raw) == shard["raw_data"]["bytes"]
        (count,) = struct.unpack_from("<I", raw)
        offsets = struct.unpack_from(f"<{count + 1}I", raw, 4)
        assert json.loads(raw[4 * (count + 2) : offsets[0]])["column_names"] == ["tokens"]
        assert (count, offsets[-1]) == (shard["samples"], len(raw))
        samples += [np.frombuffer(raw[a:b], "<u2").tolist() for a, b in pairwise(offsets)]
    return samples


@pytest.mark.parametrize("limit", [1 << 26, 2_000])
def test_mds_has_windows_in_files_below_the_limit(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("atom_data.tokens.mds.SIZE_LIMIT", limit)
    made = export(str(out / "tokens"), str(tmp_path), "mds", length=50)
    for shard in full(out):
        ids, folder = ids_of(out, shard["name"]), tmp_path / shard["name"]
        assert read_mds(folder) == [ids[start : start + 50] for start in range(0, len(ids) - 49, 50)]
        sizes = [path.stat().st_size for path in folder.glob("*.mds")]
        assert max(sizes) <= limit and (len(sizes) > 1) == (limit == 2_000)
    assert made.written_bytes > 2 * 50 * 4
    assert read_mds(tmp_path) == [sample for shard in full(out) for sample in read_mds(tmp_path / shard["name"])]


def test_export_again_replaces_and_gives_the_same_bytes(out: Path, tmp_path: Path) -> None:
    contents = []
    for _ in range(2):
        for kind, length in (("olmo", 0), ("datatrove", 0), ("mds", 64)):
            export(str(out / "tokens"), str(tmp_path), kind, length=length)
        contents.append({path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()})
    assert contents[0] == contents[1]


def test_export_to_another_file_system_links_symbolically(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(source: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(exporting.os, "link", other)
    export(str(out / "tokens"), str(tmp_path), "megatron")
    path = tmp_path / "shard-00000.bin"
    assert path.is_symlink() and path.read_bytes() == (out / "tokens" / "shard-00000.bin").read_bytes()


@pytest.mark.parametrize(
    ("kind", "length", "says"),
    [
        ("parquet", 0, r"no format 'parquet'; there are megatron, olmo, datatrove, offsets, mds\."),
        ("mds", 0, "a sample's length is 0; only and always 'mds' has one"),
        ("olmo", 64, "a sample's length is 64"),
    ],
)
def test_export_that_cannot_be_is_refused(out: Path, tmp_path: Path, kind: str, length: int, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        export(str(out / "tokens"), str(tmp_path), kind, length=length)


def test_export_into_the_tokens_and_too_long_samples_are_refused(out: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is inside the tokens folder, where verify calls it an orphan"):
        export(str(out / "tokens"), str(out / "tokens" / "olmo"), "olmo")
    with pytest.raises(DataError, match=r"shard-00000\.bin: [\d,]+ tokens make no sample of 100,000"):
        export(str(out / "tokens"), str(tmp_path), "mds", length=100_000)


def joined(out: Path, names: list[str]) -> tuple[list[int], list[int]]:
    ids, lengths = list[int](), list[int]()
    for name in names:
        ids += ids_of(out, name)
        lengths += read_pair(str(out / "tokens" / name)).lengths.tolist()
    return ids, lengths


@pytest.mark.parametrize(
    ("target", "groups"), [(1, [[0], [1], [2], [3]]), (3_000, [[0, 1], [2, 3]]), (10**10, [[0, 1, 2, 3]])]
)
def test_merge_joins_whole_shards_up_to_the_size(
    out: Path, tmp_path: Path, target: int, groups: list[list[int]]
) -> None:
    sizes = [shard["bin"]["bytes"] for shard in full(out)]
    assert all(1_500 < size < 3_000 for size in sizes)
    made = merge(str(out / "tokens"), str(tmp_path), target)
    assert [item.shards for item in made] == [len(group) for group in groups]
    for item, group in zip(made, groups, strict=True):
        names = [f"shard-{number:05}" for number in group]
        ids, lengths = joined(out, names)
        index = read_pair(str(tmp_path / item.name))
        assert np.fromfile(tmp_path / f"{item.name}.bin", "<u2").tolist() == ids
        assert index.lengths.tolist() == lengths
        parts = json.loads((tmp_path / f"{item.name}.shards.json").read_text())["parts"]
        assert [part["shard"] for part in parts] == names
        for part in parts:
            assert ids[part["first_token"] :][:20] == ids_of(out, part["shard"])[:20]
    blend = (tmp_path / "blend.txt").read_text().split()
    assert blend == [word for item in made for word in (str(item.tokens), str(tmp_path / item.name))]
    sequences = json.loads((tmp_path / "sequences.json").read_text())
    assert list(sequences.values()) == [[60 * len(group), 60 * len(group) + 1] for group in groups]
    assert json.loads((tmp_path / "merged.json").read_text())["fingerprint"] == manifest(str(out))["fingerprint"]


def test_merge_again_keeps_what_is_whole_and_makes_what_is_not(out: Path, tmp_path: Path) -> None:
    first = merge(str(out / "tokens"), str(tmp_path), 1)
    assert not any(item.kept for item in first)
    path = tmp_path / f"{first[2].name}.bin"
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    assert [item.kept for item in merge(str(out / "tokens"), str(tmp_path), 1)] == [True, True, False, True]
    assert path.read_bytes() == whole


def test_merge_of_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    token_run(tmp_path, SHARDS, target_tokens=1)
    path = tmp_path / "out" / "tokens" / "shard-00002.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(DataError, match=r"shard-00002\.bin: its content is not what its receipt says"):
        merge(str(tmp_path / "out" / "tokens"), str(tmp_path / "merged"), 1)


def test_commands_say_what_they_made(out: Path, tmp_path: Path) -> None:
    done = atom_data("export", out / "tokens", "--to", tmp_path / "a", "--format", "olmo")
    assert done.returncode == 0, done.stderr
    assert "4 shards," in done.stdout and "as olmo; 4 links," in done.stdout
    done = atom_data("merge", out / "tokens", "--to", tmp_path / "b", "--gb", 0.000003)
    assert done.returncode == 0, done.stderr
    assert "tokens-00000-of-00002: 2 shards, 120 documents" in done.stdout
    assert f"--data-args-path {tmp_path / 'b'}/blend.txt" in done.stdout
