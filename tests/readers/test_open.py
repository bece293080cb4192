"""One source for files that are named on a command line: by their endings, by what a folder holds; never in parts."""

from pathlib import Path

import pytest

from atom_data import Jsonl, Parquet, Text, Warc, Wet
from atom_data.errors import ConfigError
from atom_data.readers.open import WITH_TEXT, kind_of, source_for


def made(folder: Path, *names: str) -> str:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    return str(folder)


def test_files_are_told_by_their_ending() -> None:
    assert source_for("x", "a.jsonl.zst", "b.NDJSON", "c.json.gz") == Jsonl(
        "a.jsonl.zst", "b.NDJSON", "c.json.gz", split_bytes=0
    )
    assert source_for("x", Path("a.pq"), text="body", source="s") == Parquet(
        "a.pq", split_bytes=0, text="body", source="s"
    )
    assert source_for("x", ["a.txt", "b.txt.xz"]) == Text("a.txt", "b.txt.xz")
    assert source_for("x", "a.warc.wet.gz") == Wet("a.warc.wet.gz", split_bytes=0)
    assert source_for("x", "a.arc.gz", kinds=("WARC",)) == Warc("a.arc.gz", split_bytes=0)
    assert source_for("x", "https://host/a.parquet?token=1.jsonl") == Parquet(
        "https://host/a.parquet?token=1.jsonl", split_bytes=0
    )


def test_folders_and_patterns_are_told_by_what_they_hold(tmp_path: Path) -> None:
    folder = made(tmp_path / "spark.jsonl", "part-0.parquet", "_temporary/x.jsonl", ".crc.txt", "_SUCCESS", "notes.md")
    assert source_for("x", folder) == Parquet(folder, split_bytes=0)
    assert kind_of("x", [f"{folder}/part-*"]) == "Parquet"
    assert kind_of("x", [f"{tmp_path}/*/part-0*"]) == "Parquet"
    made(tmp_path / "spark.jsonl", "README.txt")
    assert kind_of("x", [folder], ("JSON lines", "Parquet")) == "Parquet"
    with pytest.raises(
        ConfigError, match=r"^x: files of several kinds: Parquet \(.*\) and text \(.*\)\. Give files of one"
    ):
        source_for("x", folder)


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (("a.parquet", "b.jsonl"), r"files of several kinds: JSON lines \(b.jsonl\) and Parquet \(a.parquet\)"),
        (
            ("a.doc",),
            r"^x: a.doc: it does not end as a file of a kind that is read here: .jsonl, .parquet, .csv, .txt, .wet",
        ),
        (("a.warc.gz",), r"Pages have no text yet: run a recipe with Extract\(\)"),
        ((), r"^x: no file is named\. Give JSON lines, Parquet, tables, text, WET files"),
        (("http://me:secret@host/a",), r"^x: http://[^s]*host/a: it does not end"),
        ((3,), r"^x: 3 is not a path"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(paths: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        source_for("x", *paths)


def test_an_empty_folder_holds_no_kind(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it holds no file of a kind that is read here"):
        kind_of("x", [str(tmp_path)])


def test_no_kind_reads_in_parts(tmp_path: Path) -> None:
    """Parts of a file are only checked to meet by the jobs of a run."""
    from atom_data.workspace import Workspace

    for kind, name in zip(WITH_TEXT, ("a.jsonl", "a.parquet", "a.csv", "a.txt", "a.wet"), strict=True):
        path = tmp_path / name
        with path.open("wb") as stream:
            stream.truncate(3 << 30)
        if kind != "Parquet":
            (shard,) = source_for("x", path).shards(Workspace(""))
            assert shard.stop is None
