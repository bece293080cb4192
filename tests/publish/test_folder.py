"""The folder: what lies in it, used folders, links and copies, and what a takedown says of it."""

import hashlib
import shutil
from pathlib import Path

import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.publish.folder import How, publish
from atom_data.takedown.published import published_of
from atom_data.workspace import Workspace
from tests.command import atom_data
from tests.publish.corpus import KINDS, make_run, passport, with_hidden


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("folder"))


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "out"))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def check_sums(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    listed = {line.partition("  ")[2]: line.partition("  ")[0] for line in lines}
    there = {name: hashlib.sha256(data).hexdigest() for name, data in tree(folder).items()}
    assert listed == {name: there[name] for name in there if name not in ("SHA256SUMS", "atom-data.json")}
    assert list(listed) == sorted(listed)


def test_links_share_their_bytes_and_copies_do_not(out: Path, tmp_path: Path) -> None:
    said = passport(tmp_path, KINDS)
    publish(Workspace(str(out)), str(tmp_path / "links"), said, How())
    publish(Workspace(str(out)), str(tmp_path / "copies"), said, How(copy=True))
    linked, copied = (tmp_path / name / "data" / "kept" / "part-0.parquet" for name in ("links", "copies"))
    assert linked.samefile(out / "kept" / "part-0.parquet") and not copied.samefile(linked)
    one, other = tree(tmp_path / "links"), tree(tmp_path / "copies")
    assert {name: one[name] for name in one if name != "atom-data.json"} == {
        name: other[name] for name in other if name != "atom-data.json"
    }
    check_sums(tmp_path / "links")


def test_the_same_folder_again_gives_the_same_bytes(out: Path, tmp_path: Path) -> None:
    said, hub = passport(tmp_path, KINDS), tmp_path / "hub"
    publish(Workspace(str(out)), str(hub), said, How())
    before = tree(hub)
    publish(Workspace(str(out)), str(hub), said, How())
    assert tree(hub) == before
    assert str(tmp_path) not in (hub / "atom-data.json").read_text(), "no path of this machine"


def test_what_is_published_no_more_goes_and_nothing_else(out: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    publish(Workspace(str(out)), str(hub), passport(tmp_path, KINDS), How())
    (hub / "notes.txt").write_text("mine")
    publish(Workspace(str(out)), str(hub), passport(tmp_path, with_hidden()), How())
    assert not (hub / "data" / "kept" / "part-2.parquet").exists() and (hub / "notes.txt").read_text() == "mine"
    (hub / "notes.txt").unlink()
    check_sums(hub)


def test_foreign_folders_are_refused_untouched(out: Path, tmp_path: Path) -> None:
    said = passport(tmp_path, KINDS)
    hub = tmp_path / "hub"
    hub.mkdir()
    (hub / "README.md").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds README.md, and no atom-data.json says that atom-data made them"):
        publish(Workspace(str(out)), str(hub), said, How())
    assert tree(hub) == {"README.md": b"mine"}
    for inside in (out, out / "kept", out / "new"):
        with pytest.raises(ConfigError):
            publish(Workspace(str(out)), str(inside), said, How())
    with pytest.raises(ConfigError, match="is not a folder of this machine"):
        publish(Workspace(str(out)), "s3://bucket/hub", said, How())


def test_another_corpus_does_not_mix_with_it(out: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    publish(Workspace(str(out)), str(hub), passport(tmp_path, KINDS), How())
    before = tree(hub)
    shutil.rmtree(out / "tokens")
    with pytest.raises(ConfigError, match="would be mixed with it"):
        publish(Workspace(str(out)), str(hub), passport(tmp_path, KINDS, corpus__name='"Another"'), How())
    assert tree(hub) == before


def test_a_copy_of_a_damaged_shard_is_refused(out: Path, tmp_path: Path) -> None:
    path = out / "kept" / "part-1.parquet"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1  # in the length of the footer's end: still read by its rows? else refused as unreadable
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"part-1.parquet"):
        publish(Workspace(str(out)), str(tmp_path / "hub"), passport(tmp_path, KINDS), How(copy=True))
    assert not (tmp_path / "hub" / "SHA256SUMS").exists()


def test_the_run_knows_where_it_was_published(out: Path, tmp_path: Path) -> None:
    publish(Workspace(str(out)), str(tmp_path / "hub"), passport(tmp_path, KINDS), How())
    assert list(published_of(Workspace(str(out)))) == [str(tmp_path / "hub")]
    passport(tmp_path, KINDS)
    shutil.copy(tmp_path / "passport.toml", out / "passport.toml")
    done = atom_data("verify", out)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(tmp_path / "hub")
    assert not list(published_of(Workspace(str(out))))
