"""Patterns and folders on S3: listed, sorted, without hidden names, also by a store that is busy."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from atom_data import Jsonl
from atom_data.errors import ConfigError, DataError
from atom_data.storage.ranges import client as cached_client
from atom_data.workspace import Workspace
from tests.readers.archives import outcome
from tests.storage.s3 import ENVIRONMENT, s3_server

pytest.importorskip("moto.server")
boto3 = pytest.importorskip("boto3")

KEYS = ("a/1.jsonl", "a/2.jsonl", "a/b/3.jsonl", "a/_tmp/4.jsonl", "a/.5.jsonl", "a/notes.txt", "c/6.jsonl")


@pytest.fixture(params=[0, 3], ids=["calm", "busy"])
def bucket(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Yield a bucket with some lines in each key, on a store that fails every third request or none."""
    with s3_server(request.param, lag=0) as url, pytest.MonkeyPatch.context() as patch:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": url}.items():
            patch.setenv(name, value)
        cached_client.cache_clear()
        client = boto3.client("s3")
        client.create_bucket(Bucket="texts")
        for key in KEYS:
            client.put_object(Bucket="texts", Key=key, Body=json.dumps({"text": key}).encode())
        yield client
    cached_client.cache_clear()


def listed(*urls: str) -> list[str]:
    return [shard.path.removeprefix("s3://texts/") for shard in Jsonl(*urls).shards(Workspace(""))]


def test_patterns_and_folders(bucket: Any) -> None:
    assert listed("s3://texts/a/*.jsonl") == ["a/1.jsonl", "a/2.jsonl"]
    assert listed("s3://texts/a/**/*.jsonl") == ["a/1.jsonl", "a/2.jsonl", "a/b/3.jsonl"]
    assert listed("s3://texts/a/") == ["a/1.jsonl", "a/2.jsonl", "a/b/3.jsonl"]
    assert listed("s3://texts/[ac]/*6*") == ["c/6.jsonl"]
    assert [row["text"] for row in outcome(Jsonl("s3://texts/c/*.jsonl")).rows] == ["c/6.jsonl"]


def test_nothing_there(bucket: Any) -> None:
    with pytest.raises(ConfigError, match=r"s3://texts/z/\*.jsonl: no file there ends in .*Check the path."):
        listed("s3://texts/z/*.jsonl")
    with pytest.raises(DataError, match=r"s3://nothing/\*.jsonl: cannot be listed"):
        listed("s3://nothing/*.jsonl")
