"""Windows of finished shards, the documents behind them, and shards that are not whole."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.loader import TokenShards
from atom_data.storage.receipts import seal
from atom_data.tokens import manifest
from atom_data.tokens.megatron import read_pair
from tests.tokens.corpus import rows, token_run

LENGTH = 64
SHARDS = {f"part-{i}": rows(60, f"p{i}-") for i in range(4)}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    token_run(folder, SHARDS, target_tokens=500)
    return folder / "out"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    token_run(tmp_path, SHARDS, target_tokens=500)
    return tmp_path / "out"


def raw(out: Path, shard: str) -> list[int]:
    index = read_pair(str(out / "tokens" / shard))
    return [int(token) for token in np.fromfile(out / "tokens" / f"{shard}.bin", index.dtype)]


def test_windows_are_the_shards_cut_without_overlap(out: Path) -> None:
    shards = TokenShards(str(out / "tokens"), sequence_length=LENGTH)
    expected = []
    for entry in manifest(str(out))["shards"]:
        ids = raw(out, entry["name"])
        expected += [
            (ids[start : start + LENGTH + 1], entry["name"], start) for start in range(0, len(ids) - LENGTH, LENGTH)
        ]
    found = [shards.window(number) for number in range(len(shards))]
    assert [(window.ids.tolist(), window.shard, window.start) for window in found] == expected
    assert all(window.ids.dtype == np.uint32 for window in found)
    assert len({window.shard for window in found}) == 4


@pytest.mark.parametrize(("length", "windows"), [(1, 9), (2, 4), (3, 3), (4, 2), (8, 1), (9, 1)])
def test_windows_last_label_is_inside_the_shard(tmp_path: Path, length: int, windows: int) -> None:
    token_run(tmp_path, {"s": [{"id": "a", "text": "zzzzzzzzz"}]})
    assert len(raw(tmp_path / "out", "shard-00000")) == 10
    shards = TokenShards(str(tmp_path / "out" / "tokens"), sequence_length=length)
    assert len(shards) == windows
    assert shards.window(windows - 1).ids[-1] == raw(tmp_path / "out", "shard-00000")[windows * length]


def test_window_outside_is_refused(out: Path) -> None:
    shards = TokenShards(str(out / "tokens"), sequence_length=LENGTH)
    for index in (-1, len(shards)):
        with pytest.raises(IndexError, match=f"window {index} of"):
            shards.window(index)


def test_documents_of_a_range_are_rows_with_their_tokens(out: Path) -> None:
    shards = TokenShards(str(out / "tokens"), sequence_length=LENGTH)
    ids = raw(out, shards.shards[2]["name"])
    found = shards.documents(2, 100, 300)
    assert found[0]["first_token"] <= 100 < found[0]["stop_token"]
    assert found[-1]["first_token"] < 300 <= found[-1]["stop_token"]
    for before, after in pairwise(found):
        assert before["stop_token"] == after["first_token"]
    for row in found:
        its = ids[row["first_token"] : row["stop_token"]]
        assert len(its) == row["tokens"] and its.index(0) == len(its) - 1
        assert row["id"] == f"p2-{row['row']}" and row["shard"] == "part-2"
    everything = shards.documents(2, 0, len(ids) + 1_000)
    assert sorted(row["row"] for row in everything) == list(range(60))


def test_shards_travel_without_open_files_and_serve_threads(out: Path) -> None:
    shards = TokenShards(str(out / "tokens"), sequence_length=LENGTH)
    expected = [shards.window(number).ids.tolist() for number in range(len(shards))]
    other = pickle.loads(pickle.dumps(shards))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: other.window(number).ids.tolist(), [*range(len(shards))] * 5))
    assert found == expected * 5


def test_shards_more_than_open_files_still_reads(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atom_data.loader.files.DESCRIPTORS", 1)
    shards = TokenShards(str(out / "tokens"), sequence_length=LENGTH)
    descriptors = Path("/proc/self/fd")
    shards.window(0)
    before = len(list(descriptors.iterdir()))
    for number in [0, len(shards) - 1] * 20:
        assert len(shards.window(number).ids) == LENGTH + 1
    assert len(list(descriptors.iterdir())) == before


def test_fingerprint_and_counts_are_the_manifests(out: Path) -> None:
    shards, found = TokenShards(str(out / "tokens"), sequence_length=LENGTH), manifest(str(out))
    assert (shards.fingerprint, shards.tokens) == (found["fingerprint"], found["tokens"])
    assert (shards.eos_id, shards.dtype) == (0, np.dtype("<u2"))


def edit(path: Path, change: dict[str, Any]) -> None:
    """Change a receipt and seal it again: what only a program gone wrong would do."""
    value = {**json.loads(path.read_text()), **change}
    path.write_bytes(seal(value))


def test_open_truncated_bin_is_refused(copied: Path) -> None:
    path = copied / "tokens" / "shard-00001.bin"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(
        DataError, match=rf"{path}: [\d,]+ bytes; its receipt says [\d,]+\. It is cut or changed: rebuild the shard"
    ):
        TokenShards(str(copied / "tokens"), sequence_length=LENGTH)


@pytest.mark.parametrize("ending", ["bin", "idx", "docs.parquet"])
def test_open_missing_file_is_refused(copied: Path, ending: str) -> None:
    (copied / "tokens" / f"shard-00002.{ending}").unlink()
    with pytest.raises(DataError, match=rf"shard-00002\.{ending}: there is no such file; its receipt speaks of"):
        TokenShards(str(copied / "tokens"), sequence_length=LENGTH)


def test_open_idx_of_another_shard_is_refused(copied: Path) -> None:
    folder = copied / "tokens"
    other = (folder / "shard-00000.idx").read_bytes()
    (folder / "shard-00001.idx").write_bytes(other[:17] + b"\x04" + other[18:])
    with pytest.raises(
        DataError, match=r"shard-00001\.idx: speaks of 60 documents of uint32, its receipt of 60 of uint16"
    ):
        TokenShards(str(folder), sequence_length=LENGTH)
    (folder / "shard-00001.idx").write_bytes(b"\x00" * len(other))
    with pytest.raises(DataError, match=r"shard-00001\.idx: is not a whole Megatron index"):
        TokenShards(str(folder), sequence_length=LENGTH)


def test_open_unfinished_or_foreign_folder_is_refused(copied: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no tokens here"):
        TokenShards(str(tmp_path / "nothing"), sequence_length=LENGTH)
    with pytest.raises(DataError, match=r"the receipt of 'part-0' names no tokenizer"):
        TokenShards(str(copied / "clean"), sequence_length=LENGTH)
    (copied / "tokens" / "receipts" / "shard-00003.json").unlink()
    with pytest.raises(DataError, match="shard 'shard-00003' has no receipt"):
        TokenShards(str(copied / "tokens"), sequence_length=LENGTH)


def test_open_shards_of_two_tokenizers_are_refused(copied: Path) -> None:
    path = copied / "tokens" / "receipts" / "shard-00001.json"
    notes = json.loads(path.read_text())["notes"]
    edit(path, {"notes": {**notes, "tokenizer": "another"}})
    with pytest.raises(DataError, match=r"shard 'shard-00001' has tokenizer 'another', the first shard '"):
        TokenShards(str(copied / "tokens"), sequence_length=LENGTH)


def test_open_wrong_dtype_in_the_receipt_is_refused(copied: Path) -> None:
    for path in (copied / "tokens" / "receipts").glob("*.json"):
        edit(path, {"notes": {**json.loads(path.read_text())["notes"], "dtype": "uint32"}})
    with pytest.raises(
        DataError, match=r"tokens/shard-00000: its receipt speaks of [\d,]+ tokens of 4 bytes and of a \.bin of"
    ):
        TokenShards(str(copied / "tokens"), sequence_length=LENGTH)


def test_open_edited_receipt_is_refused(copied: Path) -> None:
    path = copied / "tokens" / "receipts" / "shard-00000.json"
    path.write_text(path.read_text().replace('"rows_out": 60', '"rows_out": 61'))
    with pytest.raises(DataError, match="the receipt was edited"):
        TokenShards(str(copied / "tokens"), sequence_length=LENGTH)


def test_open_too_long_windows_or_remote_folder_is_refused(out: Path) -> None:
    with pytest.raises(DataError, match=r"no shard holds 1,000,001 tokens; the longest has [\d,]+\. Tokenize more"):
        TokenShards(str(out / "tokens"), sequence_length=1_000_000)
    with pytest.raises(ConfigError, match="sequence_length is 0"):
        TokenShards(str(out / "tokens"), sequence_length=0)


def test_read_file_that_was_cut_later_is_refused_not_padded(copied: Path) -> None:
    shards = TokenShards(str(copied / "tokens"), sequence_length=LENGTH)
    path = copied / "tokens" / "shard-00000.bin"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=r"ended in the middle of bytes 0 to 130; it was whole when it was opened"):
        shards.window(0)
    path.unlink()
    other = pickle.loads(pickle.dumps(shards))
    with pytest.raises(DataError, match="cannot be read"):
        other.window(0)
