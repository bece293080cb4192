"""Every source by a plain URL: of a server that is busy, slow or breaks off the rows are those of the files on disk."""

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data import Jsonl, MediaWiki, Parquet, Tables, Text, Warc, Wet
from atom_data.errors import DataError
from atom_data.graph import Source
from atom_data.readers import Patience
from atom_data.storage.state import state
from atom_data.storage.web import asking, stream
from atom_data.workspace import Workspace
from tests.command import atom_data, fingerprint, recipe
from tests.readers.archives import members, outcome, record, write
from tests.readers.common_crawl.server import Web, misbehaving
from tests.readers.mediawiki.dumps import whole

HURRIED = Patience(pause=0.01, stall=0.4, seconds=20)
LINES = b"".join(b'{"text": "text %d", "id": "%d"}\n' % (number, number) for number in range(500))
SOURCES: dict[str, tuple[Callable[[str], Source], str]] = {
    "warc": (Warc, "a.warc.gz"),
    "wet": (Wet, "a.warc.wet.gz"),
    "jsonl": (Jsonl, "a.jsonl.gz"),
    "parquet": (Parquet, "a.parquet"),
    "text": (Text, "a.txt"),
    "csv": (Tables, "a.csv"),
    "mediawiki": (lambda place: MediaWiki(place, form="wikitext"), "a.xml.bz2"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a file of each kind, of some kB."""
    pages = [record(number, b"HTTP/1.1 200 OK\r\n\r\n<p>" + bytes(range(200)) * 5) for number in range(9)]
    write(tmp_path, "a.warc.gz", members(*pages))
    write(tmp_path, "a.warc.wet.gz", members(*(record(i, f"text {i}".encode() * 99, "conversion") for i in range(40))))
    write(tmp_path, "a.jsonl.gz", gzip.compress(LINES, compresslevel=0, mtime=0))
    write(tmp_path, "a.txt", b"one line\n" * 900)
    write(tmp_path, "a.csv", b"id,text\n" + b"".join(b"%d,text %d\n" % (i, i) for i in range(900)))
    write(tmp_path, "a.xml.bz2", bz2.compress(whole()))
    numbers = list(range(3000))
    table = pa.table(
        {"id": list(map(str, numbers)), "text": [f"text {number * 7919}" for number in numbers], "x": numbers}
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1000)
    return tmp_path


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for parts of kB instead of MB, and hurry."""
    monkeypatch.setattr("atom_data.readers.streams.window.CHUNK_BYTES", 300)
    monkeypatch.setattr(stream, "PATIENCE", HURRIED)
    monkeypatch.setattr(stream, "FIRST_BYTES", 500)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    "faults", [[], ["403", "503", "429"], ["", "", "cut", "drop", "cut"], ["", "stall", "", "shift"]], ids=str
)
@pytest.mark.usefixtures("small_parts")
def test_faults_change_nothing(kind: str, faults: list[str], folder: Path) -> None:
    source, name = SOURCES[kind]
    local = outcome(source(str(folder / name)))
    assert local.rows
    with misbehaving(Web({name: (folder / name).read_bytes()})) as web:
        web.faults[name] = list(faults)
        found = outcome(source(f"{web.url}/{name}"))
        assert not web.faults[name]
    assert found.rows == local.rows and found.rejects == local.rejects
    assert [item.sha256 for item in found.inputs] == [item.sha256 for item in local.inputs]


@pytest.mark.parametrize("kind", sorted(set(SOURCES) - {"parquet"}))
@pytest.mark.usefixtures("small_parts")
def test_a_server_without_parts_is_read_in_one_go(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream.WebFile.__init__, "__defaults__", (500, None))
    source, name = SOURCES[kind]
    with misbehaving(Web({name: (folder / name).read_bytes()})) as web:
        web.faults[name] = ["whole"] * 99
        assert outcome(source(f"{web.url}/{name}")).rows == outcome(source(str(folder / name))).rows


@pytest.mark.usefixtures("small_parts")
def test_parts_grow_in_order_and_are_small_behind_a_jump(folder: Path) -> None:
    data = LINES[:9000]
    with misbehaving(Web({"x": data})) as web:
        file = stream.open_input(f"{web.url}/x")
        assert b"".join(iter(lambda: file.read(100), b"")) == data
        file.seek(100)
        assert file.read(10) == data[100:110]
    assert [place for _, place in web.requests] == [
        "bytes=0-0", "bytes=0-499", "bytes=500-1499", "bytes=1500-3499", "bytes=3500-7499", "bytes=7500-15499", "bytes=100-599",
    ]  # fmt: skip


def test_patience_ends_and_what_is_not_there_is_said_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PATIENCE", Patience(pause=0.01, seconds=0.1))
    with misbehaving(Web({})) as web:
        with pytest.raises(
            DataError, match=r"a.warc.gz: cannot be opened \(HTTP Error 404: Not Found\). Check the URL."
        ):
            outcome(Warc(f"{web.url}/a.warc.gz"))
        assert len(web.requests) == 1
        web.faults["a.warc.gz"] = ["429"] * 99
        with pytest.raises(DataError, match=r"429: Too Many Requests\), after 4 requests and pauses of 0 seconds"):
            Warc(f"{web.url}/a.warc.gz").current(Warc(f"{web.url}/a.warc.gz").shards(Workspace(""))[0], Workspace(""))


def test_user_and_password_go_into_the_head() -> None:
    asked = asking._request("https://me:p%40ss@host.example:81/a?b=c", 5, 9, "")
    assert (asked.full_url, asked.unredirected_hdrs) == (
        "https://host.example:81/a?b=c",
        {"Authorization": "Basic bWU6cEBzcw=="},
    )
    assert asked.get_header("Range") == "bytes=5-8"


@pytest.mark.usefixtures("small_parts")
def test_state_is_size_and_version(folder: Path) -> None:
    with misbehaving(Web({"a": LINES})) as web:
        web.faults["a"] = ["503"]
        found = state(f"{web.url}/a")
    assert (found.bytes, found.modified, found.etag) == (len(LINES), 0, '"one"')


RECIPE = """
    from atom_data import Jsonl, Stage

    def stages(*, place: str):
        return (Stage(name="pages", reads=Jsonl(place, ids="row")),)
"""


def test_a_run_from_a_busy_server_has_the_bytes_of_one_from_disk(folder: Path) -> None:
    path = recipe(folder, RECIPE)
    with misbehaving(Web({"a.jsonl.gz": (folder / "a.jsonl.gz").read_bytes()})) as web:
        web.faults["a.jsonl.gz"] = ["503", "cut", "429"]
        far = atom_data("run", path, "-o", folder / "far", "--set", f"place={web.url}/a.jsonl.gz")
    assert far.returncode == 0, far.stderr
    near = atom_data("run", path, "-o", folder / "near", "--set", f"place={folder}/a.jsonl.gz")
    assert near.returncode == 0, near.stderr
    files = [fingerprint(folder / name) for name in ("far", "near")]
    assert files[0] == files[1]
