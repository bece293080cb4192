"""Names of shards: the same for the same data, wherever it lies and however it is listed."""

from pathlib import Path

import pytest
from backports import zstd
from typer.testing import CliRunner

from atom_data.commands.app import app
from atom_data.errors import ConfigError
from atom_data.readers import Jsonl, Parquet, Text, Warc
from atom_data.readers.files import listed, named, relative
from atom_data.readers.source import unread
from atom_data.workspace import Workspace
from tests.readers.archives import write

SUFFIXES = (".warc", ".warc.gz")


def names(*paths: str) -> list[str]:
    return [shard.name for shard in named(listed(paths, SUFFIXES))]


def test_listed_folder_gives_known_files_below_it(tmp_path: Path) -> None:
    for name in ("b/two.warc.gz", "a/one.warc", "a/one.cdx", ".hidden/x.warc", "a/.y.warc", "c/d/e/three.warc"):
        write(tmp_path, name, b"x")
    files = listed([str(tmp_path)], SUFFIXES)
    assert [file.relative for file in files] == ["a/one.warc", "b/two.warc.gz", "c/d/e/three.warc"]
    assert {file.bytes for file in files} == {1}


def test_named_is_the_same_elsewhere_and_in_any_order(tmp_path: Path) -> None:
    for root in ("here", "there/deeper"):
        for name in ("x/1.warc.gz", "y/1.warc.gz", "y/2.warc"):
            write(tmp_path / root, name, b"x")
    expected = ["x--1.warc", "y--1.warc", "y--2.warc"]
    here = str(tmp_path / "here")
    assert names(here) == names(str(tmp_path / "there/deeper")) == expected
    assert names(f"{here}/y", f"{here}/x") == names(f"{here}/x", f"{here}/y/*") == expected
    assert names(f"{here}/y/2.warc", f"{here}/y/1.warc.gz", f"{here}/x/1.warc.gz") == expected
    assert names(f"{here}/*/*.warc*") == names(f"{here}/**/*.warc*") == expected
    assert names(here, f"{here}/x", f"{here}/x/1.warc.gz") == expected


def test_named_keeps_names_apart_that_would_be_one(tmp_path: Path) -> None:
    for name in ("a.warc", "a.warc.gz", "b c.warc", "b-c.warc", "d/e.warc", "d--e.warc"):
        write(tmp_path, name, b"x")
    found = names(str(tmp_path))
    assert len(set(found)) == 6
    assert {name.rpartition("-")[0] for name in found} == {"a.warc", "b-c.warc", "d--e.warc"}
    assert found == sorted(found) == names(str(tmp_path))


def test_named_is_safe_as_a_file_name(tmp_path: Path) -> None:
    write(tmp_path, "ä ö/" + "x" * 200 + ".warc", b"x")
    write(tmp_path, "z/..evil;$(rm).warc", b"x")
    for name in names(str(tmp_path)):
        assert len(name) < 200
        assert name.isascii()
        assert all(letter.isalnum() or letter in "._-" for letter in name)
        assert not name.startswith(".")


def test_named_remote_files_need_no_store() -> None:
    paths = [
        "s3://bucket/crawl/b/1.warc.gz",
        "https://user:secret@host.invalid/c/2.warc.gz?sign=x",
        "s3://bucket/crawl/a/1.warc.gz",
    ]
    assert names(*paths) == ["2.warc", "a--1.warc", "b--1.warc"]
    assert relative(paths, paths[0]) == "b/1.warc.gz"


def test_named_two_stores_with_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"s3://two/1\.warc would share the name '1\.warc-"):
        names("s3://one/1.warc", "s3://two/1.warc")


def test_listed_file_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    path = write(tmp_path, "a[1].warc", b"x")
    assert [file.path for file in listed([path], SUFFIXES)] == [path]


@pytest.mark.parametrize(
    "path, said",
    [
        ("{root}/none.warc", "no such file or folder"),
        ("{root}/*.nothing", "no file matches it"),
        ("{root}/empty", "no file ending in .warc, .warc.gz in it"),
        ("https://host/folder/", "cannot be listed"),
    ],
)
def test_listed_nothing_is_a_config_error(tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=said):
        listed([path.format(root=tmp_path)], SUFFIXES)


def test_listed_without_paths_is_a_config_error() -> None:
    for source in (Warc(), Text(), Parquet()):
        with pytest.raises(ConfigError, match="a source without a path"):
            source.shards(Workspace(""))


def test_listed_file_url_and_broken_name(tmp_path: Path) -> None:
    path = write(tmp_path, "a b.warc", b"x")
    assert listed([f"file://{path.replace(' ', '%20')}"], SUFFIXES)[0].relative == "a b.warc"
    odd = tmp_path / "odd" / b"\xff.warc".decode("utf-8", "surrogateescape")
    odd.parent.mkdir()
    odd.write_bytes(b"x")
    assert listed([str(odd.parent)], SUFFIXES)[0].relative == "\ufffd.warc"


def test_listed_hidden_and_marked_names_are_no_input(tmp_path: Path) -> None:
    wanted = ["_mine/a.jsonl", "_mine/b/c.jsonl"]
    passed = ["_SUCCESS", "_temporary/0/x.jsonl", ".x.jsonl", ".git/y.jsonl", "b/_z.jsonl", "b/.t/u.jsonl"]
    for name in (*wanted, *(f"_mine/{name}" for name in passed)):
        write(tmp_path, name, b"{}")
    root = tmp_path / "_mine"  # what stands above the folder that was given says nothing
    found = [file.path for file in listed([str(root)], (".jsonl",))]
    assert found == [str(tmp_path / name) for name in wanted]
    assert [file.path for file in listed([f"{root}/**/*.jsonl"], (".jsonl",))] == found
    spelt = [file.relative for file in listed([f"{root}/_temporary/*/*.jsonl"], (".jsonl",))]
    assert spelt == ["0/x.jsonl"]
    assert listed([f"{root}/*/_z.jsonl", f"{root}/.x.jsonl"], (".jsonl",))
    assert unread(Jsonl(str(root))) is None


def test_listed_capitals_are_the_same_ending(tmp_path: Path) -> None:
    write(tmp_path, "A.WARC.GZ", b"x" * 100)
    (file,) = listed([str(tmp_path)], SUFFIXES)
    assert file.relative == "A.WARC.GZ"
    write(tmp_path, "B.JSONL.ZST", zstd.compress(b'{"text": "x"}'))
    assert len(Jsonl(str(tmp_path), split_bytes=5).shards(Workspace(""))) == 1


@pytest.mark.parametrize("name", ["a.warc.lzo", "deep/a.WARC.Z", "a.warc.gz.zip", "a.warc.tar"])
def test_listed_folder_with_a_compression_that_is_not_read_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, b"x")
    write(tmp_path, "b.warc.gz", b"x")
    with pytest.raises(ConfigError, match=rf"{tmp_path}: {name} is compressed in a way that is not read; .gz, .zst"):
        listed([str(tmp_path)], SUFFIXES)
    assert len(listed([f"{tmp_path}/*.warc.gz"], SUFFIXES)) == 1


def test_unread_files_of_a_folder_are_said(tmp_path: Path) -> None:
    for name in ("a.warc.gz", "b.arc", "c.jsonl.gz", "d/e.jsonl.gz", "d/README", "f.cdx", "_SUCCESS", "d/.hidden"):
        write(tmp_path, name, b"x")
    said = unread(Warc(str(tmp_path), source="crawl"))
    assert said is not None
    assert said.startswith("crawl: files in its folders that are not read: 4, because it reads .warc, ")
    assert f"(.jsonl.gz 2, without an ending 1, .cdx 1; the first is {tmp_path}/c.jsonl.gz)" in said
    assert unread(Warc(f"{tmp_path}/*.warc.gz", "s3://bucket/a.warc.gz")) is None
    assert unread(Text(str(tmp_path), suffixes=(".gz", ".arc", ".cdx", "README"))) is None


def test_check_and_run_say_what_a_folder_holds_besides(tmp_path: Path) -> None:
    write(tmp_path, "in/a.jsonl", b'{"text": "x"}')
    write(tmp_path, "in/b.csv", b"x")
    recipe = "from atom_data.readers import Jsonl\nfrom atom_data.stage import Stage\n"
    recipe += f"def stages():\n    return (Stage(name='read', reads=Jsonl({str(tmp_path / 'in')!r}), writes=('id', 'text')),)\n"
    path = write(tmp_path, "recipe.py", recipe.encode())
    for arguments in (["check", path], ["run", path, "-o", str(tmp_path / "out"), "--workers", "1"]):
        result = CliRunner().invoke(app(arguments[0]), arguments)
        assert result.exit_code == 0, result.output
        assert "jsonl: files in its folders that are not read: 1, " in result.output
