"""Dumps of MediaWiki: pages with known answers, in parts as in one, and broken ones in a sentence."""

import bz2
import gzip
import sys
from pathlib import Path

import pytest

from atom_data import MediaWiki
from atom_data.errors import ConfigError, DataError
from atom_data.testing import check_source
from atom_data.workspace import Workspace
from tests.command import atom_data, fingerprint, recipe
from tests.readers.archives import outcome
from tests.readers.mediawiki.dumps import (
    HEAD,
    MOSS,
    MOSS_MARKDOWN,
    MOSS_TEXT,
    TAIL,
    page,
    pages,
    whole,
    write_multistream,
)

pytest.importorskip("mwparserfromhell")


def test_pages(tmp_path: Path) -> None:
    (tmp_path / "wiki.xml").write_bytes(whole())
    found = outcome(MediaWiki(f"{tmp_path}/wiki.xml", source="klein", license="CC-BY-SA-4.0"))
    first, second = found.rows[:2]
    assert first == {
        "id": "kleinwiki:1", "text": MOSS_TEXT, "url": "https://wiki.example.org/wiki/Moss", "date": "2026-05-01T00:00:01Z",
        "title": "Moss", "license": "CC-BY-SA-4.0", "source": "klein", "file": "wiki.xml", "offset": whole().index(b"<page>"),
        "page_id": 1, "revision": 100, "namespace": 0, "redirect": None,
    }  # fmt: skip
    assert (second["text"], second["url"]) == (
        "Article 6 says 6.",
        "https://wiki.example.org/wiki/Gr%C3%B6%C3%9Fe_6%3F",
    )
    assert [row["page_id"] for row in found.rows] == [1, *range(6, 40)]
    assert found.skipped == {"mediawiki.redirect": 1, "mediawiki.other_namespace": 1, "mediawiki.other_model": 1}
    assert found.rejects == [("mediawiki.no_text", whole().index(b"<page>\n    <title>Gone"))]
    assert found.details == ["page 5: its revision has no text"]


def test_forms_and_what_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "wiki.xml.gz"
    path.write_bytes(gzip.compress(whole()))
    assert outcome(MediaWiki(str(path), form="markdown")).rows[0]["text"] == MOSS_MARKDOWN
    assert outcome(MediaWiki(str(path), form="wikitext")).rows[0]["text"] == MOSS
    both = outcome(MediaWiki(str(path), namespaces=(0, 1), redirects=True, form="wikitext")).rows
    assert [(row["page_id"], row["namespace"], row["redirect"]) for row in both[:3]] == [
        (1, 0, None),
        (2, 0, "Moss"),
        (3, 1, None),
    ]
    assert {row["license"] for row in both} == {None}
    with pytest.raises(ConfigError, match=r"form is 'html'; there are text, markdown, wikitext. Take one."):
        MediaWiki("x.xml", form="html")


def test_the_last_revision_counts(tmp_path: Path) -> None:
    two = page(1, "A", "old").replace("  </page>\n", "") + page(1, "A", "new").partition("</id>")[2].replace(
        "<id>100<", "<id>200<"
    )
    (tmp_path / "wiki.xml").write_text(HEAD + two + TAIL)
    (row,) = outcome(MediaWiki(f"{tmp_path}/wiki.xml")).rows
    assert (row["text"], row["revision"]) == ("new", 200)


def test_contract(tmp_path: Path) -> None:
    (tmp_path / "wiki.xml").write_bytes(whole())
    (tmp_path / "other.xml.bz2").write_bytes(bz2.compress(whole().replace(b"kleinwiki", b"otherwiki")))
    check_source(MediaWiki(str(tmp_path)))


def test_parts_are_the_whole(tmp_path: Path) -> None:
    """In parts by the index, the same rows in the same order, with the streams that they lie in."""
    path = write_multistream(tmp_path)
    one = MediaWiki(str(path), split_bytes=0)
    split = MediaWiki(str(path), split_bytes=1000)
    shards = split.shards(Workspace(""))
    assert len(shards) > 3 and [shard.start for shard in shards[1:]] == [shard.stop for shard in shards[:-1]]
    assert shards[0].start == 0 and shards[-1].stop == path.stat().st_size
    whole_rows, rows = outcome(one).rows, outcome(split).rows
    assert rows == whole_rows and len(rows) == 35
    assert rows[0]["offset"] == len(bz2.compress(HEAD.encode()))
    assert len({row["offset"] for row in rows}) == 8
    check_source(split, shards=len(shards))
    without = tmp_path / "without"
    without.mkdir()
    (without / path.name).write_bytes(path.read_bytes())
    assert len(MediaWiki(str(without), split_bytes=1000).shards(Workspace(""))) == 1


RECIPE = """
    from atom_data import MediaWiki, Stage

    def stages(*, split: int):
        return (Stage(name="pages", reads=MediaWiki({path!r}, split_bytes=split)),)
"""


def test_a_run_in_parts_has_its_parts_checked(tmp_path: Path) -> None:
    path = recipe(tmp_path, RECIPE.format(path=str(write_multistream(tmp_path))))
    for out, workers in (("a", 2), ("b", 1)):
        done = atom_data("run", path, "-o", tmp_path / out, "-w", workers, "--set", "split=1500")
        assert done.returncode == 0, done.stderr
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")


def packed(streams: list[str]) -> bytes:
    return b"".join(bz2.compress(stream.encode()) for stream in streams)


BROKEN: dict[str, tuple[bytes, str]] = {
    "cut.xml": (whole()[:-400], "is broken or cut off at line .*Fetch it again"),
    "cut.xml.bz2": (bz2.compress(whole())[:-9], "ends inside the member at .*Fetch the dump again"),
    "last.xml.bz2": (packed([HEAD, pages()[0]]), "is broken or cut off at line .*no element found"),
    "tag.xml": (whole().replace(b"</title>", b"</titel>", 1), "mismatched tag"),
    "html.xml": (b"<html><body/></html>", "begins with <html> and not with <mediawiki>"),
    "empty.xml": (b"", "no element found"),
    "laugh.xml": (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><mediawiki>&a;</mediawiki>', "has a document type, as no dump"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_dumps(name: str, tmp_path: Path) -> None:
    data, said = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=said):
        outcome(MediaWiki(f"{tmp_path}/{name}"))


def test_index_of_another_dump(tmp_path: Path) -> None:
    path = write_multistream(tmp_path)
    index = next(tmp_path.glob("*index*"))
    for lines, said in (
        ("99999999:1:A\n", "a stream at byte 99,999,999 after one at 0; the dump has"),
        ("x:1:A\n", "line 1: is not OFFSET:ID:TITLE: b'x:1:A'"),
        ("1203:1:A\n", "what stands at byte 1,203 is no bzip2 data"),
    ):
        index.write_bytes(bz2.compress(lines.encode()))
        with pytest.raises(DataError, match=said):
            outcome(MediaWiki(str(path), split_bytes=1000))


def test_pages_that_are_too_large_or_none(tmp_path: Path) -> None:
    text = HEAD + page(1, "Big", "x" * 5000) + page(2, "", "y") + page(3, "Fits", "z") + TAIL
    (tmp_path / "wiki.xml").write_text(text)
    found = outcome(MediaWiki(f"{tmp_path}/wiki.xml", max_page_characters=1000))
    assert [row["title"] for row in found.rows] == ["Fits"]
    assert found.reasons == ["mediawiki.too_large", "mediawiki.bad_page"]


def test_without_the_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mwparserfromhell", None)
    with pytest.raises(
        ConfigError, match=r"mwparserfromhell, which is not installed. pip install 'atom-data\[mediawiki\]'"
    ):
        MediaWiki("x.xml").schema()
    assert MediaWiki("x.xml", form="wikitext").schema().names[0] == "id"
