"""Tokens that are rebuilt, changed, cut or exchanged below an open loader: refused in whatever process, or the same bytes."""

import json
import os
import pickle
import shutil
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.loader import Batches, PackedShards, Samples, TokenShards
from atom_data.storage.receipts import seal
from tests.command import atom_data
from tests.tokens.corpus import rows, token_run

LENGTH = 32
CHANGED = "was changed or rebuilt while it was open"


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    token_run(tmp_path, {f"s{i}": rows(40, f"s{i}-") for i in range(3)}, target_tokens=300)
    return tmp_path / "out" / "tokens"


def opened(folder: Path, **options: bool) -> TokenShards:
    return TokenShards(str(folder), sequence_length=LENGTH, **options)


def other_ids(path: Path) -> bytes:
    """Return as many bytes as the file has, and not one as it is."""
    return bytes(byte ^ 1 for byte in path.read_bytes())


def replace(path: Path, content: bytes) -> None:
    """Put another file in its place, as a pass does that is run again."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(path)


def overwrite(path: Path, content: bytes) -> None:
    """Write into the file itself, as `cp` does, at another time."""
    before = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def test_file_written_into_after_it_was_read_is_refused(tokens: Path) -> None:
    shards = opened(tokens)
    shards.window(0)
    overwrite(tokens / "shard-00000.bin", other_ids(tokens / "shard-00000.bin"))
    with pytest.raises(DataError, match=rf"shard-00000\.bin: {CHANGED}: .* start a new run on these"):
        shards.window(0)


@pytest.mark.parametrize("change", [replace, overwrite])
def test_batches_of_tokens_made_again_are_refused(tokens: Path, change: object) -> None:
    batches = Batches(Samples(opened(tokens)), batch_size=4)
    for path in tokens.glob("*.bin"):
        change(path, other_ids(path))  # type: ignore[operator]
    with pytest.raises(DataError, match=CHANGED):
        next(iter(batches))


def test_replaced_file_with_the_same_time_and_size_is_found_by_its_inode(tokens: Path) -> None:
    shards, path = opened(tokens), tokens / "shard-00000.bin"
    before = path.stat()
    replace(path, other_ids(path))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DataError, match=CHANGED):
        shards.window(0)


@pytest.mark.parametrize("change", [replace, overwrite])
def test_the_same_bytes_again_are_the_same_tokens(tokens: Path, change: object) -> None:
    samples = Samples(opened(tokens), seed=3)
    expected = [batch["input_ids"].tolist() for batch in islice(Batches(samples, batch_size=3), 9)]
    for path in tokens.glob("*.bin"):
        change(path, path.read_bytes())  # type: ignore[operator]
    for its in (samples, pickle.loads(pickle.dumps(samples))):
        assert [batch["input_ids"].tolist() for batch in islice(Batches(its, batch_size=3), 9)] == expected


def read_one(samples: Samples) -> str:
    """Read a sample in another process; return what was wrong."""
    try:
        samples[0]
    except DataError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_that_opens_later_is_refused(tokens: Path, method: str) -> None:
    samples = Samples(opened(tokens))
    for path in tokens.glob("*.bin"):
        replace(path, other_ids(path))
    with get_context(method).Pool(1) as pool:
        assert CHANGED in pool.apply(read_one, (samples,))


def test_only_content_tells_where_size_time_and_inode_agree(tokens: Path) -> None:
    path = tokens / "shard-00000.bin"
    path.write_bytes(other_ids(path))
    opened(tokens)
    with pytest.raises(DataError, match=r"shard-00000\.bin: its content is not what its receipt says"):
        opened(tokens, check_content=True)


def two_runs(tmp_path: Path) -> tuple[Path, Path]:
    """Return two folders with the same ids of documents, and other texts."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        texts = [f"{name} " * (i + 1 if name == "a" else 42 - i) for i in range(40)]
        token_run(tmp_path / name, {"s": [{"id": str(i), "text": text} for i, text in enumerate(texts)]})
    return tmp_path / "a" / "out" / "tokens", tmp_path / "b" / "out" / "tokens"


def test_idx_of_another_bin_is_refused_at_opening(tmp_path: Path) -> None:
    mine, other = two_runs(tmp_path)
    shutil.copyfile(other / "shard-00000.idx", mine / "shard-00000.idx")
    with pytest.raises(
        DataError, match=r"shard-00000\.idx: speaks of .* tokens in 40 documents, .* It is the \.idx of another \.bin"
    ):
        opened(mine)


def test_idx_and_rows_changed_later_are_refused(tokens: Path) -> None:
    shards = opened(tokens)
    shards.documents(0, 0, 50)
    replace(tokens / "shard-00000.idx", other_ids(tokens / "shard-00000.idx"))
    with pytest.raises(DataError, match=rf"shard-00000\.idx: {CHANGED}"):
        shards.documents(0, 0, 50)
    replace(tokens / "shard-00001.docs.parquet", other_ids(tokens / "shard-00001.docs.parquet"))
    with pytest.raises(DataError, match=rf"shard-00001\.docs\.parquet: {CHANGED}"):
        shards.documents(1, 0, 50)


def test_rows_of_other_documents_are_refused(tmp_path: Path) -> None:
    mine, other = two_runs(tmp_path)
    ours, theirs = mine / "shard-00000.docs.parquet", other / "shard-00000.docs.parquet"
    size = ours.stat().st_size
    shutil.copyfile(theirs, ours)
    if ours.stat().st_size != size:
        with pytest.raises(DataError, match=r"docs\.parquet: [\d,]+ bytes; its receipt says"):
            opened(mine)
        receipt = mine / "receipts" / "shard-00000.json"
        value = json.loads(receipt.read_text())
        for output in value["outputs"]:
            output["bytes"] = (mine.parent / output["path"]).stat().st_size
        receipt.write_bytes(seal(value))
        (mine / "manifest.json").unlink(missing_ok=True)
    with pytest.raises(DataError, match=r"docs\.parquet: its rows 0 to \d+ are not of the documents in the \.idx"):
        opened(mine).documents(0, 0, 10_000)


def test_packing_made_again_is_refused(tokens: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    done = atom_data("pack", tokens, "--to", packed, "--length", LENGTH)
    assert done.returncode == 0, done.stderr
    samples = Samples(PackedShards(str(tokens), packing=str(packed)))
    again = pickle.loads(pickle.dumps(samples))
    samples[0]
    for path in packed.glob("*.pack"):
        replace(path, other_ids(path))
    with pytest.raises(DataError, match=rf"\.pack: {CHANGED}"):
        again[0]


def test_tokens_of_another_folder_or_with_a_shard_more_are_another_run(tokens: Path, tmp_path: Path) -> None:
    state = Samples(opened(tokens)).state(12)
    (tmp_path / "more").mkdir()
    shutil.copy(tmp_path / "tokenizer.json", tmp_path / "more")
    token_run(tmp_path / "more", {f"s{i}": rows(40, f"s{i}-") for i in range(4)}, target_tokens=300)
    grown = Samples(opened(tmp_path / "more" / "out" / "tokens"))
    with pytest.raises(ConfigError, match=r"data is '\w+', and '\w+' here\. The tokens are not those"):
        grown.resume(state)


@pytest.mark.parametrize("state", [None, [], "state", {"version": 1}, {"version": 1, "consumed": "12"}])
def test_state_that_is_none_is_refused(tokens: Path, state: object) -> None:
    with pytest.raises(ConfigError, match=r"is not a state of version 1\. Give what state\(\) returned"):
        Samples(opened(tokens)).resume(state)  # type: ignore[arg-type]
