"""Windows by range reads from an object store that fails every seventh request."""

import pickle
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atom_data.errors import DataError
from atom_data.loader import Batches, Samples, TokenShards
from atom_data.storage import ranges, retry
from tests.storage.s3 import ENVIRONMENT, s3_server
from tests.tokens.corpus import rows, token_run

boto3 = pytest.importorskip("boto3")
pytest.importorskip("moto.server")

LENGTH = 32


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    folder = tmp_path_factory.mktemp("run")
    token_run(folder, {f"s{i}": rows(40, f"s{i}-") for i in range(3)}, target_tokens=300)
    with s3_server(every=7) as url, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": url}.items():
            monkeypatch.setenv(name, value)
        ranges.client.cache_clear()
        client = boto3.client("s3")
        client.create_bucket(Bucket="corpus")
        for path in sorted((folder / "out" / "tokens").rglob("*")):
            if path.is_file():
                client.upload_file(str(path), "corpus", str(path.relative_to(folder)))
        yield client, folder
    ranges.client.cache_clear()


def opened(folder: str) -> Samples:
    return Samples(TokenShards(folder, sequence_length=LENGTH), seed=3)


def test_store_that_fails_gives_the_same_batches(store: tuple[Any, Path]) -> None:
    _, folder = store
    here, there = opened(str(folder / "out" / "tokens")), opened("s3://corpus/out/tokens")
    assert there.state(5) == here.state(5)
    for _ in range(12):  # manifest, plan and sizes too are asked for until they come
        assert len(opened("s3://corpus/out/tokens").sources["tokens"]) == len(here.sources["tokens"])
    for expected, found in zip(
        islice(Batches(here, batch_size=8), 8), islice(Batches(there, batch_size=8), 8), strict=True
    ):
        assert list(expected) == list(found)
        assert all(np.array_equal(expected[name], found[name]) for name in expected)


def test_store_workers_that_are_forked_read_the_same(store: tuple[Any, Path]) -> None:
    pytest.importorskip("torch")
    from atom_data.loader.dataset import TokenDataset, TokenLoader

    _, folder = store
    here, there = opened(str(folder / "out" / "tokens")), opened("s3://corpus/out/tokens")
    loader = TokenLoader(TokenDataset(there, stop=24), batch_size=4, num_workers=2, prefetch_factor=2)
    for expected, found in zip(Batches(here, batch_size=4, stop=24), loader, strict=True):
        assert np.array_equal(expected["input_ids"], found["input_ids"].numpy())


def test_store_file_that_is_cut_or_gone_is_found_when_it_is_opened(
    store: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.001)
    client, folder = store
    name = next(path.name for path in sorted((folder / "out" / "tokens").glob("*.bin")))
    whole = (folder / "out" / "tokens" / name).read_bytes()
    try:
        client.put_object(Bucket="corpus", Key=f"out/tokens/{name}", Body=whole[:-2])
        with pytest.raises(DataError, match=rf"{name}: .*cannot be read"):
            opened("s3://corpus/out/tokens")
        client.delete_object(Bucket="corpus", Key=f"out/tokens/{name}")
        with pytest.raises(DataError, match=rf"{name}: cannot be read"):
            opened("s3://corpus/out/tokens")
    finally:
        client.put_object(Bucket="corpus", Key=f"out/tokens/{name}", Body=whole)


def test_object_that_was_made_again_is_refused_by_its_etag(store: tuple[Any, Path]) -> None:
    client, folder = store
    key = "changed/out/tokens"
    for path in sorted((folder / "out" / "tokens").rglob("*")):
        if path.is_file():
            client.upload_file(str(path), "corpus", f"changed/{path.relative_to(folder)}")
    samples = opened(f"s3://corpus/{key}")
    again = pickle.loads(pickle.dumps(samples))
    samples[0]
    for path in (folder / "out" / "tokens").glob("*.bin"):
        body = bytes(byte ^ 1 for byte in path.read_bytes())
        client.put_object(Bucket="corpus", Key=f"{key}/{path.name}", Body=body)
    for its in (samples, again):
        with pytest.raises(DataError, match=r"\.bin: was changed or rebuilt while it was open: its ETag was"):
            its[0]
