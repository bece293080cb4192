"""Input and output on an object store that fails every twentieth request: the same bytes, and no receipt for less.

It fails reading and writing, also in the middle of a body and of the parts of an upload, and it lists nothing before an hour
has gone by: nobody here may ask it for a listing.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from atom_data.errors import DataError
from atom_data.runner.claims import life
from atom_data.runner.claims.hold import claimed
from atom_data.runner.claims.store import ObjectClaim
from atom_data.workspace import Workspace
from tests.command import ROOT, SAMPLE, Done, atom_data, fingerprint, recipe
from tests.storage.s3 import ENVIRONMENT, s3_server

boto3 = pytest.importorskip("boto3")
ResponseStreamingError = pytest.importorskip("botocore.exceptions").ResponseStreamingError
pytest.importorskip("moto.server")

RECIPE = """
    from atom_data import Extract, Stage, Warc, keep
    from atom_data.signals import count_words

    def stages():
        files = {files!r}
        pages = Stage(name="pages", reads=Warc(*files, source="test"), steps=(Extract(), keep("web_page")))
        return (Stage(name="counted", reads=pages, steps=(count_words,)),)
"""
FILES = ("sample-00001.warc.gz", "sample-00003.warc.gz", "sample-00005.warc.gz")


@contextlib.contextmanager
def served(every: int) -> Iterator[Any]:
    """Yield a client of a server that fails every so many requests, with the bucket `corpus`."""
    with s3_server(every, lag=3600) as url, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": url}.items():
            monkeypatch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket="corpus")
        yield client


@pytest.fixture
def store() -> Iterator[Any]:
    """A store that fails every twentieth request, with the input."""
    with served(every=20) as client:
        for name in FILES:
            client.upload_file(str(SAMPLE / name), "corpus", f"in/{name}")
        yield client


@pytest.fixture
def better_store() -> Iterator[Any]:
    """A store that fails every two hundredth request, for each costs a second or more of waiting."""
    with served(every=200) as client:
        yield client


def content(client: Any, name: str) -> bytes:
    """Return an object, however often the store breaks off."""
    while True:
        with contextlib.suppress(ResponseStreamingError):
            return client.get_object(Bucket="corpus", Key=name)["Body"].read()  # type: ignore[no-any-return]


def objects(client: Any) -> dict[str, bytes]:
    """Return all objects of the run, found by what `list_objects` (version 1, which here does not lag) says."""
    pages = client.get_paginator("list_objects").paginate(Bucket="corpus", Prefix="out/")
    names = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {name.removeprefix("out/"): content(client, name) for name in names}


def again(*arguments: object) -> Done:
    """Run a command until it succeeds, five times at most: what a failing store broke, the next run mends."""
    for _ in range(5):
        done = atom_data(*arguments)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    return done


def test_run_on_an_object_store_gives_the_bytes_of_a_folder(store: Any, tmp_path: Path) -> None:
    remote = recipe(tmp_path, RECIPE.format(files=[f"s3://corpus/in/{name}" for name in FILES]), "remote.py")
    here = recipe(tmp_path, RECIPE.format(files=[str(SAMPLE / name) for name in FILES]), "here.py")
    assert atom_data("run", here, "-o", tmp_path / "out", "-w", 2).returncode == 0
    again("run", remote, "-o", "s3://corpus/out", "-w", 2)
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
    assert again("verify", "s3://corpus/out").stderr == ""
    text = json.dumps(list(receipts.values()))
    assert "testing" not in text, "no credentials in a receipt"


def test_sample_with_its_output_on_an_object_store(better_store: Any, sample_run: Path) -> None:
    """The whole recipe: the hash of a local run, resumed after every failure, and nothing to do the second time.

    `fingerprint` verifies every file first, and gives no hash where one has a fault.
    """
    sample, out = ROOT / "pipelines" / "sample.py", "s3://corpus/sample"
    again("run", sample, "-o", out, "-w", 2)
    assert again("fingerprint", out).stdout.strip() == fingerprint(sample_run)
    listed = better_store.list_objects_v2(Bucket="corpus", Prefix="sample/")
    assert "Contents" not in listed, "the listing does not lag, so the run may have looked at it"
    jobs = json.loads(content(better_store, "sample/run.json"))["jobs"]
    before = receipts_written(better_store, jobs)
    done = again("run", sample, "-o", out, "-w", 2)
    assert "to make" not in done.stderr
    assert done.stderr.count("shards are done already") == len({job.partition("/")[0] for job in jobs})
    assert receipts_written(better_store, jobs) == before
    assert "tokens" in again("status", sample, "-o", out).stdout


def receipts_written(client: Any, jobs: list[str]) -> dict[str, Any]:
    """Return when each receipt of a run was written."""
    found = {}
    for job in jobs:
        for shard in json.loads(content(client, f"sample/{job}/plan.json"))["shards"]:
            key = f"sample/{job}/receipts/{shard}.json"
            found[key] = client.head_object(Bucket="corpus", Key=key)["LastModified"]
    return found


def test_a_second_run_on_a_store_is_refused(better_store: Any) -> None:
    """By one object, read and put: while a run is at work nobody else gets in, and afterwards it says nothing."""
    workspace = Workspace("s3://corpus/out")
    with claimed(workspace, "atom-data run a.py"):
        with pytest.raises(DataError, match=r"s3://corpus/out: atom-data run a.py is at work there \(process"):
            claimed(workspace, "atom-data run b.py").__enter__()
        value = workspace.read_json("claims/run.json")
        assert value is not None
        assert value["who"]["pid"] == os.getpid()
    assert workspace.read_json("claims/run.json") == {}
    other = value | {"who": value["who"] | {"host": "n7", "boot": "x"}, "seen": "2026-01-01T00:00:00+00:00"}
    workspace.write_json("claims/run.json", other)
    with pytest.raises(DataError, match="run again with --take-over"):
        claimed(workspace, "atom-data run b.py").__enter__()
    with claimed(workspace, "atom-data run b.py", take_over=True):
        pass


@pytest.mark.parametrize("left", [False, True], ids=["never used", "used before"])
def test_of_two_that_look_at_once_one_gets_in(better_store: Any, monkeypatch: pytest.MonkeyPatch, left: bool) -> None:
    """Both have seen nobody before either writes: S3 compares what was seen, and the second one is refused."""
    workspace, inner = Workspace("s3://corpus/race"), []
    if left:
        with claimed(workspace, "atom-data run before.py"):
            pass
    real = ObjectClaim._write_first

    def second_comes_between(claim: ObjectClaim, seen: str | None) -> bool:
        if not inner:
            inner.append(claimed(workspace, "atom-data run b.py"))
            monkeypatch.setattr(life, "_started", lambda pid: "another process")
            inner[0].__enter__()
            monkeypatch.undo()
        return real(claim, seen)

    monkeypatch.setattr(ObjectClaim, "_write_first", second_comes_between)
    with pytest.raises(DataError, match=r"s3://corpus/race: atom-data run b\.py is at work there"):
        claimed(workspace, "atom-data run a.py").__enter__()
    inner[0].__exit__(None, None, None)


def test_damaged_object_is_found(store: Any, tmp_path: Path) -> None:
    path = recipe(tmp_path, RECIPE.format(files=[f"s3://corpus/in/{FILES[1]}"]))
    again("run", path, "-o", "s3://corpus/damaged", "-w", 1)
    key = "damaged/counted/sample-00003.warc.parquet"
    data = content(store, key)
    store.put_object(Bucket="corpus", Key=key, Body=data[:-1] + b"X")
    found = atom_data("verify", "s3://corpus/damaged")
    assert found.returncode == 1
    assert "counted/sample-00003.warc.parquet: the content is not what the receipt says" in found.stderr


def test_an_object_replaced_by_one_of_the_same_size_is_read_again(tmp_path: Path) -> None:
    """Its size is the same and it has no time of its own: the ETag tells."""
    text = """
        from atom_data import Jsonl, Stage

        def stages():
            return (Stage(name="read", reads=Jsonl("s3://corpus/in/a.jsonl")),)
    """
    with served(every=0) as client:
        for word, done in (
            ("one", "1 to make"),
            ("one", "1 shard is done"),
            ("two", "input changed: 1"),
            ("two", "1 shard is done"),
        ):
            client.put_object(Bucket="corpus", Key="in/a.jsonl", Body=json.dumps({"id": "a", "text": word}).encode())
            ran = atom_data("run", recipe(tmp_path, text), "-o", tmp_path / "out")
            assert ran.returncode == 0, ran.stderr
            assert done in ran.stderr or done == "1 to make"
            assert pq.read_table(tmp_path / "out" / "read" / "a.jsonl.parquet").column("text").to_pylist() == [word]


def test_object_store_knows_whose_it_is_and_loses_no_shard_in_silence(better_store: Any, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps({"id": str(number), "text": f"text {number}"}) + "\n")
    files = [str(tmp_path / f"{number}.jsonl") for number in range(4)]
    text = """
    from atom_data import Jsonl, Stage

    def stages():
        return (Stage(name="{name}", reads=Jsonl(*{files!r}, source="test")),)
    """
    here = recipe(tmp_path, text.format(name="pages", files=files))
    again("run", here, "-o", "s3://corpus/whose", "-w", 1)
    few = recipe(tmp_path, text.format(name="pages", files=files[:2]))
    refused = atom_data("run", few, "-o", "s3://corpus/whose", "-w", 1)
    assert refused.returncode == 2 and "pages: 2 of 4 shards removed, their input is not there" in refused.stderr
    other = recipe(tmp_path, text.format(name="other", files=files), "other.py")
    refused = atom_data("run", other, "-o", "s3://corpus/whose", "-w", 1)
    assert refused.returncode == 2 and f"is the folder of another recipe, {here} (stages: pages)" in refused.stderr
    again("run", other, "-o", "s3://corpus/whose", "-w", 1, "--replace")
    assert "left over from stages that the recipe no longer has: pages" in again("verify", "s3://corpus/whose").stderr
    better_store.delete_object(Bucket="corpus", Key="whose/run.json")
    better_store.put_object(Bucket="corpus", Key="whose/jobs.json", Body=b'{"jobs": ["other"]}')
    assert again("verify", "s3://corpus/whose").stderr == "", "a folder of an earlier release"
