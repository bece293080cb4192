"""Input and output on an object store that fails every twentieth request: the same bytes, and no receipt for less."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import SAMPLE, atom_data, recipe
from tests.storage.s3 import ENVIRONMENT, s3_server

boto3 = pytest.importorskip("boto3")
ResponseStreamingError = pytest.importorskip("botocore.exceptions").ResponseStreamingError
pytest.importorskip("moto.server")

RECIPE = """
    from atom_data import ExtractHtml, Stage, Warc, keep
    from atom_data.signals import count_words

    def stages():
        files = {files!r}
        pages = Stage(name="pages", reads=Warc(*files, source="test"), steps=(ExtractHtml(), keep("web_page")))
        return (Stage(name="counted", reads=pages, steps=(count_words,)),)
"""
FILES = ("sample-00001.warc.gz", "sample-00003.warc.gz", "sample-00005.warc.gz")


@pytest.fixture(scope="module")
def store() -> Iterator[Any]:
    """A client of a server that fails every twentieth request; the bucket `corpus` has the input."""
    with s3_server(every=20) as url, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": url}.items():
            monkeypatch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket="corpus")
        for name in FILES:
            client.upload_file(str(SAMPLE / name), "corpus", f"in/{name}")
        yield client


def content(client: Any, name: str) -> bytes:
    """Return an object, however often the store breaks off."""
    while True:
        with contextlib.suppress(ResponseStreamingError):
            return client.get_object(Bucket="corpus", Key=name)["Body"].read()  # type: ignore[no-any-return]


def objects(client: Any) -> dict[str, bytes]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="corpus", Prefix="out/")
    names = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {name.removeprefix("out/"): content(client, name) for name in names}


def test_run_on_an_object_store_gives_the_bytes_of_a_folder(store: Any, tmp_path: Path) -> None:
    remote = recipe(tmp_path, RECIPE.format(files=[f"s3://corpus/in/{name}" for name in FILES]), "remote.py")
    here = recipe(tmp_path, RECIPE.format(files=[str(SAMPLE / name) for name in FILES]), "here.py")
    assert atom_data("run", here, "-o", tmp_path / "out", "-w", 2).returncode == 0
    for _ in range(5):  # what a failing store broke, the next run mends
        done = atom_data("run", remote, "-o", "s3://corpus/out", "-w", 2)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    there = objects(store)
    receipts = {
        name: json.loads(data) for name, data in there.items() if "/receipts/" in name and name.endswith(".json")
    }
    assert len(receipts) == 6
    for receipt in receipts.values():
        for item in receipt["outputs"]:
            data = there[item["path"]]
            assert (len(data), hashlib.sha256(data).hexdigest()) == (item["bytes"], item["sha256"])
            assert data == (tmp_path / "out" / item["path"]).read_bytes()
    for _ in range(5):
        verdict = atom_data("verify", "s3://corpus/out")
        if verdict.returncode == 0:
            break
    assert (verdict.returncode, verdict.stderr) == (0, "")
    text = json.dumps(list(receipts.values()))
    assert "testing" not in text, "no credentials in a receipt"


def test_damaged_object_is_found(store: Any, tmp_path: Path) -> None:
    path = recipe(tmp_path, RECIPE.format(files=[f"s3://corpus/in/{FILES[1]}"]))
    for _ in range(5):
        done = atom_data("run", path, "-o", "s3://corpus/damaged", "-w", 1)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    key = "damaged/counted/sample-00003.warc.parquet"
    data = content(store, key)
    store.put_object(Bucket="corpus", Key=key, Body=data[:-1] + b"X")
    found = atom_data("verify", "s3://corpus/damaged")
    assert found.returncode == 1
    assert "counted/sample-00003.warc.parquet: the content is not what the receipt says" in found.stderr
