"""One file for all shards: when it is written, when it is trusted, and what it refuses."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.loader import Mixture, Samples, TokenShards
from atom_data.runner.plan import withdraw_job, write_summary
from atom_data.storage.receipts import seal
from atom_data.tokens import manifest
from atom_data.tokens.manifest import manifest_of_receipts, sealed_hash
from atom_data.workspace import Workspace
from tests.command import ROOT, atom_data
from tests.tokens.corpus import rows, tiny_tokenizer, token_run

SHARDS = {f"part-{i}": rows(60, f"p{i}-") for i in range(4)}


def edit(path: Path, **changes: object) -> None:
    """Change a sealed file and seal it again."""
    value = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({**value, "sha256": sealed_hash(value)}))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    tokens = token_run(tmp_path, SHARDS, target_tokens=500)
    write_summary(tokens, Workspace(str(tmp_path / "out"), "test"))
    return tmp_path / "out"


def test_manifest_is_what_the_receipts_say_and_is_enough(out: Path) -> None:
    written = json.loads((out / "tokens" / "manifest.json").read_text())
    assert written == manifest_of_receipts(str(out)) == manifest(str(out))
    shutil.rmtree(out / "tokens" / "receipts")
    assert manifest(str(out)) == written
    assert len(TokenShards(str(out / "tokens"), sequence_length=64)) > 10
    with pytest.raises(DataError, match="has no receipt"):
        manifest_of_receipts(str(out))


def test_manifest_of_another_plan_is_not_trusted(out: Path) -> None:
    edit(out / "tokens" / "manifest.json", plan="another", documents=1)
    assert manifest(str(out))["documents"] == 240


def test_manifest_edited_is_refused(out: Path) -> None:
    path = out / "tokens" / "manifest.json"
    path.write_text(path.read_text().replace('"documents": 240', '"documents": 241'))
    with pytest.raises(DataError, match=r"manifest\.json: was edited after it was written\. Delete it"):
        TokenShards(str(out / "tokens"), sequence_length=64)


def test_manifest_is_withdrawn_before_a_shard_is_made_again(tmp_path: Path) -> None:
    tokens = token_run(tmp_path, SHARDS, target_tokens=500)
    workspace, path = Workspace(str(tmp_path / "out"), "test"), tmp_path / "out" / "tokens" / "manifest.json"
    write_summary(tokens, workspace)
    assert path.exists()
    withdraw_job(tokens, workspace)
    assert not path.exists()


def test_run_writes_it_and_verify_compares_it(sample_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(sample_run, out)
    assert manifest_of_receipts(str(out)) == json.loads((out / "tokens" / "manifest.json").read_text())
    assert not (out / "clean" / "manifest.json").exists()
    assert atom_data("verify", out).returncode == 0
    edit(out / "tokens" / "manifest.json", documents=7)
    done = atom_data("verify", out)
    assert done.returncode == 1
    assert "tokens/manifest.json: is not what the receipts say" in done.stdout + done.stderr


def test_run_by_parts_writes_it_with_the_last(sample_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(sample_run, out)
    path = out / "tokens" / "manifest.json"
    whole = path.read_bytes()
    shutil.rmtree(out / "tokens")
    shards = [shard["name"] for shard in json.loads(whole)["shards"]]
    assert len(shards) > 1
    for part in range(2):
        assert not path.exists()
        done = atom_data(
            "run", ROOT / "pipelines" / "sample.py", "--output", out, "--stage", "tokens", "--part", f"{part}/2"
        )
        assert done.returncode == 0, done.stderr
    assert path.read_bytes() == whole


def every_receipt(out: Path, **notes: object) -> None:
    (out / "tokens" / "manifest.json").unlink()
    for path in (out / "tokens" / "receipts").glob("*.json"):
        value = json.loads(path.read_text())
        path.write_bytes(seal({**value, "notes": {**value["notes"], **notes}}))


@pytest.mark.parametrize("vocabulary", [65_500, 65_530, 65_536])
def test_two_bytes_for_a_vocabulary_that_readers_disagree_on_are_refused(out: Path, vocabulary: int) -> None:
    every_receipt(out, vocabulary=65_499)
    assert manifest(str(out))["dtype"] == "uint16"
    (out / "tokens" / "manifest.json").touch()
    (out / "tokens" / "manifest.json").write_text("{}")
    every_receipt(out, vocabulary=vocabulary)
    with pytest.raises(
        DataError,
        match=rf"ids of a vocabulary of {vocabulary:,} are stored as uint16; .* so uint32 is the type for it\. Tokenize",
    ):
        TokenShards(str(out / "tokens"), sequence_length=64)


def test_tokenizer_of_the_model_must_be_that_of_the_tokens(out: Path, tmp_path: Path) -> None:
    own = tmp_path / "tokenizer.json"
    TokenShards(str(out / "tokens"), sequence_length=64, tokenizer=own)
    other = tmp_path / "other.json"
    other.write_text(own.read_text().replace('"<|im_start|>"', '"<|user|>"'))
    with pytest.raises(
        ConfigError, match=r"its tokens are of the tokenizer with SHA-256 [0-9a-f]{16}\.\.\. .*other\.json has"
    ):
        TokenShards(str(out / "tokens"), sequence_length=64, tokenizer=other)


def test_sources_of_two_tokenizers_are_not_mixed(out: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    tokenizer = tiny_tokenizer(other / "tokenizer.json")
    tokenizer.write_text(tokenizer.read_text() + "\n")
    token_run(other, SHARDS)
    sources = {
        name: TokenShards(str(folder / "tokens"), sequence_length=64)
        for name, folder in (("a", out), ("b", other / "out"))
    }
    with pytest.raises(ConfigError, match=r"the sources differ in tokenizer \(a: [0-9a-f]+, b: [0-9a-f]+\)"):
        Samples(sources, mixtures=[Mixture(weights={"a": 1, "b": 1})])


@pytest.mark.parametrize("ending", ["bin", "idx", "docs.parquet"])
def test_flipped_byte_is_found_where_content_is_checked(out: Path, ending: str) -> None:
    TokenShards(str(out / "tokens"), sequence_length=64, check_content=True)
    path = out / "tokens" / f"shard-00001.{ending}"
    raw: Any = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DataError, match=rf"shard-00001\.{ending}: its content is not what its receipt says"):
        TokenShards(str(out / "tokens"), sequence_length=64, check_content=True)
