"""`atom-data verify` names every fault, and says nothing about a good run."""

import json
import shutil
from pathlib import Path

import pytest

from tests.command import atom_data


@pytest.fixture
def copy(sample_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_run, tmp_path / "out"))


def test_verify_good_run_is_silent(sample_run: Path) -> None:
    done = atom_data("verify", sample_run)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_verify_flipped_byte_is_named(copy: Path) -> None:
    shard = sorted(copy.glob("tokens/*.bin"))[0]
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    done = atom_data("verify", copy)
    assert done.returncode == 1
    assert f"tokens/{shard.name}: the content is not what the receipt says (SHA-256 differs)" in done.stderr
    assert ": 1 fault in" in done.stderr


def test_verify_missing_shard_is_named(copy: Path) -> None:
    (copy / "clean" / "sample-00002.warc.parquet").unlink()
    done = atom_data("verify", copy)
    assert done.returncode == 1
    assert "clean/sample-00002.warc.parquet: the file is missing" in done.stderr


def test_verify_missing_receipt_is_named(copy: Path) -> None:
    (copy / "clean" / "receipts" / "sample-00002.warc.json").unlink()
    done = atom_data("verify", copy)
    assert "clean/receipts/sample-00002.warc.json: the receipt is missing, so shard 'sample-00002.warc'" in done.stderr


def test_verify_edited_receipt_is_named(copy: Path) -> None:
    path = copy / "clean" / "receipts" / "sample-00001.warc.json"
    receipt = json.loads(path.read_text())
    receipt["rows_out"] -= 1
    path.write_text(json.dumps(receipt))
    done = atom_data("verify", copy)
    assert done.returncode == 1
    assert "clean/receipts/sample-00001.warc.json: the receipt was edited after it was written" in done.stderr


def test_verify_orphan_is_named(copy: Path) -> None:
    (copy / "clean" / "stray.parquet").write_bytes(b"PAR1")
    done = atom_data("verify", copy)
    assert done.returncode == 1
    assert "clean/stray.parquet: an orphan; no receipt speaks of it" in done.stderr


def test_verify_folder_without_run_is_refused(tmp_path: Path) -> None:
    done = atom_data("verify", tmp_path)
    assert done.returncode == 1
    assert (
        done.stderr == f"{tmp_path}: there is no run in it (no plan.json in any folder). Give the --output of a run.\n"
    )


def test_run_mends_what_verify_finds(copy: Path, sample_run: Path) -> None:
    from tests.command import ROOT, fingerprint

    (copy / "clean" / "sample-00002.warc.parquet").unlink()
    receipt = copy / "extracted" / "receipts" / "sample-00001.warc.json"
    receipt.write_text(receipt.read_text().replace('"rows_in": ', '"rows_in": 1'))
    done = atom_data("run", ROOT / "pipelines" / "sample.py", "--output", copy, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert "extracted: 5 shards are done already, 1 to make (receipt edited: 1)" in done.stderr
    assert "output missing or damaged: 1" in done.stderr
    assert fingerprint(copy) == fingerprint(sample_run)
