"""Folders that exports, merges and packings are made in: used twice, by two sources, foreign, and after a crash."""

import json
import shutil
import stat
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.storage.made import RECORD, read_made
from atom_data.storage.paths import sha256
from atom_data.tokens import export as exporting, manifest
from atom_data.tokens.export import export
from atom_data.tokens.exports import exports_of
from atom_data.tokens.merge import merge
from atom_data.tokens.pack import pack_folder
from tests.command import atom_data
from tests.tokens.corpus import rows, token_run

KINDS = [("megatron", 0), ("olmo", 0), ("datatrove", 0), ("offsets", 0), ("mds", 32)]
WINDOW = 16


def corpus(folder: Path, shards: int, prefix: str = "p") -> Path:
    """Make a finished run of so many token shards in place of what is there, and return its tokens folder."""
    folder.mkdir(exist_ok=True)
    shutil.rmtree(folder / "out", ignore_errors=True)
    token_run(folder, {f"part-{i}": rows(20, f"{prefix}{i}-") for i in range(shards)}, target_tokens=1)
    return folder / "out" / "tokens"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Token folders: of four shards, of one, and of two others. Nothing here changes them."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: corpus(folder / name, count, name) for name, count in (("web", 4), ("code", 2))}


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file of a folder, but for the notes of exports, with its bytes and inode."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.parent.name != "exports")
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_ino) for path in found}


def data(folder: Path) -> dict[str, bytes]:
    """Return the files of an export without its record."""
    return {name: raw for name, (raw, _) in contents(folder).items() if name != RECORD}


def windows(folder: Path) -> int:
    """Return how many windows a reader of datatrove's layout takes from all files of a folder."""
    total = 0
    for path in folder.glob("*.ds"):
        index = path.with_name(f"{path.name}.index").read_bytes()
        (end,) = struct.unpack_from("<Q", index, len(index) - 8)
        assert end * 2 == path.stat().st_size
        total += end // WINDOW
    return total


def made_twice(tmp_path: Path, kind: str, length: int, first: int, then: int) -> tuple[Path, Path]:
    """Export into one folder before and after the source is rebuilt; return that folder and a fresh one."""
    for count in (first, then):
        tokens = corpus(tmp_path, count, f"n{count}-")
        export(str(tokens), str(tmp_path / "used"), kind, length=length)
    export(str(tokens), str(tmp_path / "fresh"), kind, length=length)
    return tmp_path / "used", tmp_path / "fresh"


@pytest.mark.parametrize(("kind", "length"), KINDS)
def test_a_used_folder_holds_after_an_export_what_a_fresh_one_does(tmp_path: Path, kind: str, length: int) -> None:
    used, fresh = made_twice(tmp_path, kind, length, 4, 2)
    assert data(used) == data(fresh)
    assert sorted(path.name for path in used.iterdir()) == sorted(path.name for path in fresh.iterdir())
    assert (used / RECORD).read_bytes() == (fresh / RECORD).read_bytes()


def test_a_reader_sees_the_windows_of_the_last_export_alone(tmp_path: Path) -> None:
    used, fresh = made_twice(tmp_path, "datatrove", 0, 4, 2)
    assert windows(used) == windows(fresh) > 10


def test_mds_of_another_length_replaces_the_files_of_the_first(runs: Mapping[str, Path], tmp_path: Path) -> None:
    for length in (16, 64):
        export(str(runs["web"]), str(tmp_path / "used"), "mds", length=length)
    export(str(runs["web"]), str(tmp_path / "fresh"), "mds", length=64)
    assert data(tmp_path / "used") == data(tmp_path / "fresh")


@pytest.mark.parametrize(("kind", "length"), KINDS)
def test_the_record_names_the_source_and_every_file(
    runs: Mapping[str, Path], tmp_path: Path, kind: str, length: int
) -> None:
    export(str(runs["web"]), str(tmp_path), kind, length=length)
    (made,) = read_made(str(tmp_path))
    assert made.by == f"export {kind}" and made.of == str(runs["web"]) and made.whole
    assert made.fingerprint == manifest(str(runs["web"].parent))["fingerprint"]
    assert {item["path"] for item in made.files} == set(data(tmp_path))
    for item in made.files:
        path = tmp_path / item["path"]
        assert (path.stat().st_size, sha256(str(path))) == (item["bytes"], item["sha256"])


def test_a_second_source_is_refused_and_nothing_is_touched(runs: Mapping[str, Path], tmp_path: Path) -> None:
    export(str(runs["web"]), str(tmp_path), "olmo")
    before = contents(tmp_path)
    for kind in ("olmo", "datatrove"):
        says = (
            rf"holds export olmo of {runs['web']}; export {kind} of {runs['code']} would be mixed with it\. Give each"
        )
        with pytest.raises(ConfigError, match=says):
            export(str(runs["code"]), str(tmp_path), kind)
    with pytest.raises(ConfigError, match=r"holds export olmo of .*; pack of .* would be mixed with it"):
        pack_folder(str(runs["code"]), str(tmp_path), 64)
    with pytest.raises(ConfigError, match=r"holds export olmo of .*; merge of .* would be mixed with it"):
        merge(str(runs["code"]), str(tmp_path), 1)
    assert contents(tmp_path) == before


def test_a_run_that_was_moved_is_the_same_source(tmp_path: Path) -> None:
    tokens = corpus(tmp_path / "a", 2)
    export(str(tokens), str(tmp_path / "x"), "olmo")
    (tmp_path / "a").rename(tmp_path / "b")
    moved = tmp_path / "b" / "out" / "tokens"
    assert [export_.made[0].by for export_ in exports_of(str(moved))] == ["export olmo"]
    export(str(moved), str(tmp_path / "x"), "olmo")
    assert [made.of for made in read_made(str(tmp_path / "x"))] == [str(moved)]


def test_formats_of_one_source_share_a_folder_unless_a_loader_would_take_both(
    runs: Mapping[str, Path], tmp_path: Path
) -> None:
    web = str(runs["web"])
    for kind, length in (("olmo", 0), ("datatrove", 0), ("mds", 32)):
        export(web, str(tmp_path), kind, length=length)
    assert len(read_made(str(tmp_path))) == 3
    with pytest.raises(ConfigError, match=r"who reads all \*\.npy of the folder would take shard-00000\.offsets\.npy"):
        export(web, str(tmp_path), "offsets")
    export(web, str(tmp_path / "two"), "megatron")
    with pytest.raises(ConfigError, match=r"holds export megatron of .*; its shard-00000\.bin would be replaced"):
        export(web, str(tmp_path / "two"), "offsets")


FOREIGN = ["a stage", "below a stage", "a run", "files", "a folder in it", "a file"]


def foreign(what: str, folder: Path) -> tuple[Path, str]:
    """Return a folder that is not to be touched, and what is said."""
    tokens = corpus(folder, 2, "f")
    if what == "a stage":
        return tokens, "belongs to the stage 'tokens' of the run in"
    if what == "below a stage":
        return tokens / "deep" / "er", "belongs to the stage 'tokens' of the run in"
    if what == "a run":
        return tokens.parent, "is the output folder of a run"
    place = folder / "mine"
    if what == "a file":
        place.write_text("mine")
        return place, "is a file, not a folder"
    place.mkdir()
    if what == "files":
        for name in ("shard-00000.bin", "thesis.tex", "a", "b", "c"):
            (place / name).write_text("mine")
        return place, rf"holds a, b, c and 2 more, and no {RECORD} says that atom-data made them\. Give an empty folder"
    (place / "photos").mkdir()
    return place, "holds photos, and no"


@pytest.mark.parametrize("what", FOREIGN)
def test_foreign_folders_are_refused_and_nothing_is_touched(
    runs: Mapping[str, Path], tmp_path: Path, what: str
) -> None:
    place, says = foreign(what, tmp_path)
    before, web = contents(tmp_path), str(runs["web"])
    for make in (
        lambda: export(web, str(place), "megatron"),
        lambda: export(web, str(place), "mds", length=16),
        lambda: merge(web, str(place), 1),
        lambda: pack_folder(web, str(place), 16),
    ):
        with pytest.raises(ConfigError, match=says):
            make()
        assert contents(tmp_path) == before


def test_export_into_another_stage_of_its_own_run_is_refused(runs: Mapping[str, Path]) -> None:
    tokens = runs["web"]
    before = contents(tokens.parent)
    for target in (tokens.parent / "clean", tokens.parent, tokens.parent / "new"):
        done = atom_data("export", tokens, "--to", target)
        assert done.returncode == 2 and "is inside the run's output folder" in done.stderr, done.stderr
    assert contents(tokens.parent) == before


def test_files_of_others_beside_an_export_stay_but_none_is_read_with_it(tmp_path: Path) -> None:
    tokens, used = corpus(tmp_path, 3, "a"), tmp_path / "used"
    export(str(tokens), str(used), "olmo")
    (used / "README.md").write_text("mine")
    (used / ".cache").mkdir()
    tokens = corpus(tmp_path, 1, "b")
    export(str(tokens), str(used), "olmo")
    assert (used / "README.md").read_text() == "mine" and len(list(used.glob("*.npy"))) == 1
    (used / "theirs.npy").write_bytes(b"12")
    before = contents(used)
    with pytest.raises(ConfigError, match=r"holds theirs\.npy, which atom-data did not make"):
        export(str(tokens), str(used), "olmo")
    assert contents(used) == before


def test_a_stale_file_that_is_no_longer_ours_is_not_removed(tmp_path: Path) -> None:
    used = tmp_path / "used"
    export(str(corpus(tmp_path, 2, "a")), str(used), "olmo")
    (used / "shard-00001.npy").unlink()
    (used / "shard-00001.npy").write_bytes(b"mine")
    tokens = corpus(tmp_path, 1, "b")
    with pytest.raises(
        ConfigError, match=r"shard-00001\.npy: is no longer made, and would be removed; but it is not the"
    ):
        export(str(tokens), str(used), "olmo")
    assert (used / "shard-00001.npy").read_bytes() == b"mine"


@pytest.mark.parametrize("at", range(3))
def test_after_a_crash_the_record_says_so_and_the_next_export_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    used = tmp_path / "used"
    old = data_of_run(tmp_path, used, 4, "a")
    tokens, calls = corpus(tmp_path, 3, "b"), []
    new = {raw for name, raw in data(tokens).items() if name.endswith(".bin")}
    real = exporting.link_file

    def dies(source: Path, target: Path, token: str) -> None:
        calls.append(target)
        if len(calls) > at:
            raise KeyboardInterrupt
        real(source, target, token)

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "link_file", dies)
        with pytest.raises(KeyboardInterrupt):
            export(str(tokens), str(used), "datatrove")
    assert not (old & new)
    there = {path.read_bytes() for path in used.glob("*.ds")}
    assert len(there) == at and there <= new
    assert [made.whole for made in read_made(str(used))] == [False]
    (used / "shard-00000.ds.export.partial").write_bytes(b"half")
    export(str(tokens), str(used), "datatrove")
    export(str(tokens), str(tmp_path / "fresh"), "datatrove")
    assert data(used) == data(tmp_path / "fresh")


def data_of_run(tmp_path: Path, used: Path, shards: int, prefix: str) -> set[bytes]:
    """Export a run into a folder and return the ids of its shards."""
    tokens = corpus(tmp_path, shards, prefix)
    export(str(tokens), str(used), "datatrove")
    return {path.read_bytes() for path in used.glob("*.ds")}


def test_an_export_that_never_made_a_file_is_in_nobodys_way(runs: Mapping[str, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="make no sample of 100,000"):
        export(str(runs["web"]), str(tmp_path), "mds", length=100_000)
    export(str(runs["code"]), str(tmp_path), "olmo")
    assert [made.by for made in read_made(str(tmp_path))] == ["export olmo"]


def test_a_record_that_names_files_elsewhere_is_refused(runs: Mapping[str, Path], tmp_path: Path) -> None:
    used, victim = tmp_path / "used", tmp_path / "victim"
    export(str(runs["web"]), str(used), "olmo")
    victim.write_text("mine")
    page = json.loads((used / RECORD).read_text())
    page["made"][0]["files"].append({"path": "../victim", "bytes": 4, "sha256": ""})
    (used / RECORD).write_text(json.dumps(page))
    with pytest.raises(DataError, match=r"names \.\./victim, which is not below its folder"):
        export(str(runs["web"]), str(used), "olmo")
    (used / RECORD).write_text(json.dumps({**page, "format": 99}))
    with pytest.raises(DataError, match="is of format 99, this version knows 1"):
        export(str(runs["web"]), str(used), "olmo")
    (used / RECORD).write_text(json.dumps({"format": 1, "made": [{"by": "export olmo"}]}))
    with pytest.raises(DataError, match="is not a record of atom-data"):
        export(str(runs["web"]), str(used), "olmo")
    assert victim.read_text() == "mine"


def blend(folder: Path) -> dict[str, int]:
    words = (folder / "blend.txt").read_text().split()
    return dict(zip(words[1::2], map(int, words[::2]), strict=True))


def test_merge_of_two_sources_names_both_and_overwrites_neither(runs: Mapping[str, Path], tmp_path: Path) -> None:
    (first,) = merge(str(runs["web"]), str(tmp_path))
    ids = (tmp_path / f"{first.name}.bin").read_bytes()
    (second,) = merge(str(runs["code"]), str(tmp_path))
    fingerprint = str(manifest(str(runs["code"].parent))["fingerprint"])
    assert [first.name, second.name] == ["tokens-00000-of-00001", f"tokens-{fingerprint[:8]}-00000-of-00001"]
    assert (tmp_path / f"{first.name}.bin").read_bytes() == ids
    expected = {str(tmp_path / item.name): item.tokens for item in (first, second)}
    assert blend(tmp_path) == expected
    assert set(json.loads((tmp_path / "sequences.json").read_text())) == set(expected)
    page = json.loads((tmp_path / "merged.json").read_text())
    assert page["tokens"] == first.tokens + second.tokens == sum(np.fromfile(p, "<u2").size for p in bins(tmp_path))
    assert {source["of"] for source in page["sources"]} == {str(runs["web"]), str(runs["code"])}
    for made in read_made(str(tmp_path)):
        for item in made.files:
            assert sha256(str(tmp_path / item["path"])) == item["sha256"]
    (again,) = merge(str(runs["web"]), str(tmp_path))
    assert again.kept and again.name == first.name and blend(tmp_path) == expected


def bins(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.bin"))


def test_merge_into_prefixes_of_another_size_leaves_none_of_the_first(runs: Mapping[str, Path], tmp_path: Path) -> None:
    merge(str(runs["code"]), str(tmp_path), 1)
    merge(str(runs["web"]), str(tmp_path), 1)
    made = merge(str(runs["web"]), str(tmp_path))
    fingerprint = str(manifest(str(runs["web"].parent))["fingerprint"])
    assert [item.name for item in made] == [f"tokens-{fingerprint[:8]}-00000-of-00001"]
    assert len(bins(tmp_path)) == 3 and set(blend(tmp_path)) == {str(p.with_suffix("")) for p in bins(tmp_path)}


def test_merge_that_was_stopped_keeps_what_is_whole_and_has_no_blend_of_old_and_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = tmp_path / "used"
    merge(str(corpus(tmp_path, 4, "a")), str(used), 1)
    tokens, done = corpus(tmp_path, 3, "b"), []

    def dies(copied: int, of: int) -> None:
        done.append(copied)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        merge(str(tokens), str(used), 1, dies)
    assert not (used / "blend.txt").exists() and len(bins(used)) == 2
    assert [item.kept for item in merge(str(tokens), str(used), 1)] == [True, True, False]
    assert set(blend(used)) == {str(path.with_suffix("")) for path in bins(used)}


def test_merge_of_sources_of_two_tokenizers_is_refused(runs: Mapping[str, Path], tmp_path: Path) -> None:
    merge(str(runs["web"]), str(tmp_path / "m"))
    folder = tmp_path / "other"
    folder.mkdir()
    path = shutil.copy(runs["code"].parent.parent / "tokenizer.json", folder)
    page = json.loads(Path(path).read_text())
    page["added_tokens"].append({**page["added_tokens"][0], "id": 402, "content": "<|far|>"})
    Path(path).write_text(json.dumps(page))
    before = contents(tmp_path / "m")
    with pytest.raises(ConfigError, match=r"of the tokenizer with SHA-256 .*; those of .* are of"):
        merge(str(corpus(folder, 1)), str(tmp_path / "m"))
    assert contents(tmp_path / "m") == before


def test_pack_into_a_used_folder_leaves_no_plan_of_the_first(tmp_path: Path) -> None:
    for count in (4, 2):
        tokens = corpus(tmp_path, count, f"n{count}")
        pack_folder(str(tokens), str(tmp_path / "used"), 64)
    pack_folder(str(tokens), str(tmp_path / "fresh"), 64)
    assert data(tmp_path / "used") == data(tmp_path / "fresh")


def test_exports_are_found_from_the_run_and_are_no_part_of_it(tmp_path: Path) -> None:
    tokens = corpus(tmp_path, 2)
    before = atom_data("fingerprint", tokens.parent).stdout
    assert before
    export(str(tokens), str(tmp_path / "a"), "olmo")
    export(str(tokens), str(tmp_path / "a"), "datatrove")
    merge(str(tokens), str(tmp_path / "b"))
    pack_folder(str(tokens), str(tmp_path / "c"), 64)
    found = {Path(item.folder).name: [made.by for made in item.made] for item in exports_of(str(tokens))}
    assert found == {"a": ["export datatrove", "export olmo"], "b": ["merge"], "c": ["pack"]}
    shutil.rmtree(tmp_path / "c")
    assert [item.made for item in exports_of(str(tokens)) if item.folder.endswith("c")] == [()]
    done = atom_data("verify", tokens.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert atom_data("fingerprint", tokens.parent).stdout == before


def test_an_export_of_a_run_that_may_not_be_written_says_that_it_is_not_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = corpus(tmp_path, 1)
    (tokens / "exports").write_text("in the way, as a folder without permission would be")
    done = atom_data("export", tokens, "--to", tmp_path / "a", "--format", "olmo")
    assert done.returncode == 0, done.stderr
    assert "may not be written, so it is not noted there" in done.stdout
    assert stat.S_ISREG((tokens / "exports").stat().st_mode)


def test_single_files_do_not_replace_a_shard_or_an_export(runs: Mapping[str, Path], tmp_path: Path) -> None:
    export(str(runs["web"]), str(tmp_path / "x"), "offsets")
    before, pages = {**contents(tmp_path), **contents(runs["web"])}, tmp_path / "pages.txt"
    pages.write_text("one page\n")
    asked = ("train-classifier", tmp_path / "x" / "shard-00000.bin", "--good", pages, "--bad", pages)
    done = atom_data(*asked)
    assert done.returncode == 2 and "was made by atom-data export offsets of" in done.stderr, done.stderr
    for arguments in (
        ("train-tokenizer", pages, "--to", runs["web"] / "shard-00000.bin"),
        ("minhash-explain", "--svg", runs["web"] / "receipts" / "curve.svg"),
        ("train-classifier", runs["web"] / "shard-00000.bin", "--good", pages, "--bad", pages),
    ):
        done = atom_data(*arguments)
        assert done.returncode == 2 and "is in the folder of the stage 'tokens' of a run" in done.stderr, done.stderr
    done = atom_data("train-tokenizer", pages, "--to", tmp_path)
    assert done.returncode == 2 and f"--to: {tmp_path} is a folder" in done.stderr
    pages.unlink()
    assert {**contents(tmp_path), **contents(runs["web"])} == before
