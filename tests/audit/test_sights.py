"""Texts rebuilt from the source: single records where they can be found, the same ones as reading all of it gives."""

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa

from atom_data import Extract, Stage, Warc, keep
from atom_data.audit.sights import texts_of
from atom_data.storage.shards import Intake, Shard
from atom_data.workspace import Workspace
from tests.readers.archives import members, outcome, page, record

TEXT = "<html><body><p>This is the text of page {}, and it has some words.</p></body></html>"
PAGES = [record(number, page(TEXT.format(number).encode())) for number in range(9)]
TWICE = record(3, page(TEXT.format(3).encode()))


class Noting(Warc):
    """A source that notes which parts are read."""

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        NOTED.append((shard.start, shard.stop))
        yield from Warc.read(self, shard, workspace, columns, intake)


NOTED: list[tuple[int, int | None]] = []


def texts(folder: Path, urls: dict[int, str], data: bytes = b"") -> dict[int, str]:
    """Return the texts of documents, by their place in the file."""
    NOTED.clear()
    (folder / "a.warc.gz").write_bytes(data or members(*PAGES, TWICE))
    source = Noting(str(folder / "a.warc.gz"))
    ids = [row["id"] for row in outcome(source).rows]
    NOTED.clear()
    stage = Stage(name="x", reads=source, steps=(Extract(), keep("web_page")), writes=("id", "text"))
    workspace = Workspace(str(folder))
    (shard,) = source.shards(workspace)
    found = dict(texts_of(stage, shard, workspace, {ids[place]: url for place, url in urls.items()}))
    return {ids.index(identity): text for identity, text in found.items()}


def expected(number: int) -> str:
    return f"This is the text of page {number}, and it has some words."


def test_records_of_known_urls_are_read_alone(tmp_path: Path) -> None:
    found = texts(tmp_path, {2: "https://example.org/2", 7: "https://example.org/7"})
    assert found == {2: expected(2), 7: expected(7)}
    assert [stop - start for start, stop in NOTED if stop is not None] == [1, 1]
    assert len(NOTED) == 2


def test_what_is_not_found_by_its_url_is_found_by_reading_all(tmp_path: Path) -> None:
    wanted = {2: "https://example.org/2", 5: "", 6: "https://example.org/elsewhere", 9: "https://example.org/3"}
    assert texts(tmp_path, wanted) == {place: expected(3 if place == 9 else place) for place in wanted}
    assert NOTED[-1] == (0, None)


def test_a_url_that_very_many_records_have_is_given_up(tmp_path: Path) -> None:
    same = [record(1, page(TEXT.format(number).encode())) for number in range(40)]
    assert texts(tmp_path, {39: "https://example.org/1"}, members(*same)) == {39: expected(39)}
    assert len(NOTED) == 17
