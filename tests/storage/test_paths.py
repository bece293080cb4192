"""Paths: files that appear whole or not at all, stores that say no, and secrets that stay secret."""

import errno
import io
import os
from pathlib import Path

import pytest

from atom_data.errors import DataError
from atom_data.storage.paths import (
    HANDED_OVER_BYTES,
    Hashed,
    create,
    exists,
    is_remote,
    join,
    local,
    open_raw,
    read_bytes,
    reason,
    sha256,
    size,
    without_secrets,
    write_errors,
)
from atom_data.storage.state import state
from tests.readers.archives import served

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_create_leaves_a_whole_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "er" / "a.bin"
    for data in (b"one", b"two"):
        with create(str(target), "t1") as stream:
            stream.write(data)
            assert not target.exists() or target.read_bytes() == b"one"
        assert target.read_bytes() == data
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_create_leaves_nothing_after_an_error(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), create(str(tmp_path / "a.bin"), "t1") as stream:
        stream.write(b"half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_create_where_nothing_can_be_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"cannot be written \("), create(str(tmp_path / "file/a"), "t1"):
        pass


@pytest.mark.parametrize("count", [10, 60 << 20])
def test_create_on_s3_aborts_on_an_error(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    moto = pytest.importorskip("moto")
    boto3 = pytest.importorskip("boto3")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with moto.mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        with pytest.raises(RuntimeError), create("s3://bucket/a", "t1") as stream:
            stream.write(b"x" * count)
            raise RuntimeError
        assert not exists("s3://bucket/a")
        assert "Uploads" not in client.list_multipart_uploads(Bucket="bucket")
        with create("s3://bucket/a", "t1") as stream:
            stream.write(b"x" * count)
        assert size("s3://bucket/a") == count
        with pytest.raises(DataError, match=r"s3://none/a: cannot be opened"):
            exists("s3://none/a")


def test_exists_tells_absent_from_unanswered() -> None:
    with served({"/there": b"x"}) as url:
        assert exists(f"{url}/there")
        assert not exists(f"{url}/absent")
        with pytest.raises(DataError, match="cannot be opened"):
            exists(f"{url}/busy")
    with pytest.raises(DataError, match="cannot be opened"):
        exists("http://127.0.0.1:1/there")


def test_open_raw_error_keeps_secrets(tmp_path: Path) -> None:
    with served({}) as url, pytest.raises(DataError) as caught:
        open_raw(f"{url}/x?X-Amz-Signature=SECRET")
    assert "SECRET" not in str(caught.value)
    assert "404" in str(caught.value)
    with pytest.raises(DataError, match=r"none: cannot be opened \(no such file or directory\)\. Check the path\."):
        read_bytes(str(tmp_path / "none"))
    for question in (size, state):
        with pytest.raises(DataError, match="none: cannot be opened"):
            question(str(tmp_path / "none"))


def test_without_secrets() -> None:
    for plain in ("s3://bucket/a@b:c", "https://host:8080/a@b", "/local/path?x@y"):
        assert without_secrets(plain) == plain
    assert without_secrets("s3://KEY:SEC/RET@bucket/x") == "s3://bucket/x"
    assert without_secrets("https://user:pass@host:80/x?token=SECRET#y") == "https://host:80/x"
    assert without_secrets("https://token@host/x") == "https://host/x"


def test_reason_is_short_and_without_secrets() -> None:
    assert reason(FileNotFoundError(2, "No such file or directory", "/secret/path")) == "no such file or directory"
    assert reason(ValueError("at https://u:p@host/x?sig=SECRET\n  (bad)")) == "at https://host/x (bad)"
    assert reason(EOFError()) == "EOFError"
    assert len(reason(ValueError("x" * 999))) == 200


def test_local_and_remote_paths() -> None:
    assert local("file:///a%20b/c") == Path("/a b/c")
    assert local("~/x") == Path.home() / "x"
    assert [is_remote(path) for path in ("s3://b/k", "https://h/x", "file:///x", "/x", "x")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert (join("s3://b/", "x", "y"), join("/", "x"), join("a", "b")) == ("s3://b/x/y", "/x", "a/b")


def test_hashes_agree(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"xxhelloyy")
    assert sha256(str(path), 2, 7) == HELLO
    assert sha256(str(path), 2, 2) == sha256(str(path), 9)
    with path.open("rb") as stream:
        hashed = Hashed(stream)
        hashed.read(3)
        hashed.drain()
    assert (hashed.hexdigest(), hashed.bytes) == (sha256(str(path)), 9)
    with create(str(path), "t") as stream:
        hashed = Hashed(stream)
        hashed.write(b"hel")
        hashed.write(memoryview(b"lo"))
    assert (hashed.hexdigest(), hashed.bytes, path.read_bytes()) == (HELLO, 5, b"hello")


def test_what_goes_to_the_disk_early_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    really = os.posix_fadvise

    def noted(descriptor: int, start: int, count: int, advice: int) -> None:
        asked.append((start, count))
        really(descriptor, start, count, advice)

    monkeypatch.setattr(os, "posix_fadvise", noted)
    pieces = [bytes([number]) * (HANDED_OVER_BYTES // 2 + 1) for number in range(7)]
    with create(str(tmp_path / "a"), "t") as stream:
        hashed = Hashed(stream)
        for piece in pieces:
            hashed.write(piece)
    assert (tmp_path / "a").read_bytes() == b"".join(pieces)
    assert hashed.hexdigest() == sha256(str(tmp_path / "a"))
    # Each byte but the last ones once.
    assert asked == [(number * len(pieces[0]) * 2, len(pieces[0]) * 2) for number in range(3)]


def test_a_stream_that_is_no_file_is_written_as_well() -> None:
    stream = io.BytesIO()
    hashed = Hashed(stream)
    hashed.write(b"x" * (HANDED_OVER_BYTES + 1))
    assert (len(stream.getvalue()), hashed.bytes) == (HANDED_OVER_BYTES + 1,) * 2


@pytest.mark.parametrize(
    ("number", "todo"),
    [
        (errno.EIO, "Check the disk"),
        (errno.ESTALE, "Check the disk"),
        (errno.ENOSPC, "Free some space"),
        (errno.EROFS, "Mend its"),
    ],
)
def test_a_disk_that_fails_is_a_sentence(number: int, todo: str) -> None:
    with (
        pytest.raises(DataError, match=rf"out/a\.parquet: cannot be written \(.*\)\. {todo}"),
        write_errors("out/a.parquet"),
    ):
        raise OSError(number, os.strerror(number))


def test_an_error_that_a_step_raised_stays_the_steps() -> None:
    error = OSError(errno.EIO, "no model there")
    error.add_note("in stage 'clean', step 1")
    with pytest.raises(OSError, match="no model there"), write_errors("out/a.parquet"):
        raise error
