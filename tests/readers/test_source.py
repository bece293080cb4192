"""Sources of files: one way to make them, identities that never change, places given in any form."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from atom_data import Jsonl, Parquet, Text, Warc, Wet
from atom_data.errors import ConfigError
from atom_data.identity import canonical
from atom_data.readers.source import FileSource, paths_of

ARCHIVE = {"source": "s", "split_bytes": 5, "max_record_bytes": 6, "max_header_bytes": 7, "max_window_bytes": 8}
FIELDS = {"source": "s", "text": "t", "id": "i", "url": "u", "date": "d", "split_bytes": 5}
IDENTITIES: dict[str, tuple[FileSource, str]] = {
    "warc": (
        Warc("a.warc"),
        '{"max_header_bytes":65536,"max_record_bytes":16777216,"mimes":["text/html","application/xhtml+xml","text/plain"],'
        '"reads":"warc","source":"web","split_bytes":1073741824}',
    ),
    "warc, all given": (
        Warc("a.warc", "b.warc", mimes=("text/html",), ids="file", **ARCHIVE),  # type: ignore[arg-type]
        '{"ids":"file","max_header_bytes":7,"max_record_bytes":6,"mimes":["text/html"],"reads":"warc","source":"s",'
        '"split_bytes":5}',
    ),
    "wet": (
        Wet("a.wet"),
        '{"max_header_bytes":65536,"max_record_bytes":16777216,"reads":"wet","source":"wet","split_bytes":1073741824}',
    ),
    "wet, all given": (
        Wet("a.wet", "b.wet", ids="file", **ARCHIVE),  # type: ignore[arg-type]
        '{"ids":"file","max_header_bytes":7,"max_record_bytes":6,"reads":"wet","source":"s","split_bytes":5}',
    ),
    "text": (
        Text("a.txt"),
        '{"charset":"utf-8","max_document_bytes":16777216,"reads":"text","source":"text","unit":"file"}',
    ),
    "text, all given": (
        Text(
            "a", source="s", unit="line", suffixes=(".md",), max_document_bytes=5, max_window_bytes=6, charset="latin1"
        ),
        '{"charset":"windows-1252","max_document_bytes":5,"reads":"text","source":"s","unit":"line"}',
    ),
    "jsonl": (
        Jsonl("a.jsonl"),
        '{"columns":{},"fields":{"date":"date","id":"id","text":"text","url":"url"},"max_line_bytes":16777216,'
        '"reads":"jsonl","source":null,"split_bytes":1073741824}',
    ),
    "jsonl, all given": (
        Jsonl("a", columns={"n": "int64"}, max_line_bytes=6, max_window_bytes=7, ids="row", **FIELDS),  # type: ignore[arg-type]
        '{"columns":{"n":"int64"},"fields":{"date":"d","id":"i","text":"t","url":"u"},"ids":"row","max_line_bytes":6,'
        '"reads":"jsonl","source":"s","split_bytes":5}',
    ),
    "parquet": (
        Parquet("a.parquet"),
        '{"columns":{"date":"date","id":"id","text":"text","url":"url"},"reads":"parquet","source":null,'
        '"split_bytes":1073741824}',
    ),
    "parquet, all given": (
        Parquet("a.parquet", ids="file", **FIELDS),  # type: ignore[arg-type]
        '{"columns":{"date":"d","id":"i","text":"t","url":"u"},"ids":"file","reads":"parquet","source":"s",'
        '"split_bytes":5}',
    ),
}
"""Written by e0f633f: work that was done then must be recognized."""
KINDS: list[Callable[..., FileSource]] = [Jsonl, Parquet, Text, Warc, Wet]


@pytest.mark.parametrize("name", IDENTITIES)
def test_identity_stays_to_the_byte(name: str) -> None:
    source, identity = IDENTITIES[name]
    assert canonical(source.identity()) == identity


@pytest.mark.parametrize("kind", KINDS)
def test_places_in_every_form_are_the_same_source(kind: Callable[..., FileSource], tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    made = kind(str(one), str(other), source="s")
    assert made.paths == (str(one), str(other))
    assert made == kind(one, other, source="s") == kind([one, str(other)], source="s") == kind((one, other), source="s")
    assert pickle.loads(pickle.dumps(made)) == made
    assert hash(made) == hash(kind(one, other, source="s"))
    assert str(one) in repr(made)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [3, None, "", b"a.warc", [["a"]], ["a", 3]])
def test_what_is_no_path_is_a_sentence(kind: Callable[..., FileSource], wrong: object) -> None:
    said = r"is not a path\. Give files, folders, patterns or URLs, as text or pathlib\.Path, one after the other or as one list"
    with pytest.raises(ConfigError, match=said):
        kind(wrong)
    with pytest.raises(ConfigError, match=said):
        kind("a", ["b"])


def test_limits_are_numbers_of_bytes() -> None:
    assert Jsonl("a", split_bytes=0).split_bytes == 0
    with pytest.raises(
        ConfigError, match=r"^Jsonl: max_line_bytes is 0; it is a number of bytes\. Give one above 0\.$"
    ):
        Jsonl("a", max_line_bytes=0)
    with pytest.raises(ConfigError, match=r"^Warc: split_bytes is -1"):
        Warc("a", split_bytes=-1)
    with pytest.raises(ConfigError, match=r"^Text: max_window_bytes is 2G"):
        Text("a", max_window_bytes="2G")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"^Wet: ids is 'row'; there are record, file"):
        Wet("a", ids="row")


def test_paths_of_nothing_is_nothing() -> None:
    assert paths_of("Warc", ()) == paths_of("Warc", ([],)) == ()
