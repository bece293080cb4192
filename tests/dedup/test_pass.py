"""A pass in parts: same bytes for any number of them and after a death in every job; policies, the guard, odd texts."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import atom_data, fingerprint, recipe
from tests.dedup.test_copies import corpus, jaccard, ledger, rows, shingles

RECIPE = """
    import os, signal
    from multiprocessing import parent_process
    from pathlib import Path

    from atom_data import Copies, MinHash, Parquet, SameText, Stage, keep

    {before}
    READ = Parquet({files!r})

    def stages():
        distinct = Stage(name="distinct", reads=Copies(of=READ, by=SameText(), {given}), steps=(keep("first_copy"),))
        unique = Stage(name="unique", reads=Copies(of=distinct, by=MinHash({minhash}), {given}), steps=(keep("first_near_copy"),))
        return (unique,)
"""

DIE_ONCE = """
    real = os.fsync

    def fsync(descriptor):
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if parent_process() is not None and path.name.endswith(".partial"):
            folder = path.parent.parent if path.parent.name == "receipts" else path.parent
            marker = Path(MARKERS) / f"{folder.name}-{path.suffixes[0]}"
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        real(descriptor)

    os.fsync = fsync
"""

JOBS = {
    "exact-text-hash", "exact-groups", "exact", "exact-guard", "distinct", "near-band-hashes", "near-links",
    "near-clusters", "near-candidates", "near-confirmed", "near", "near-guard", "unique",
}  # fmt: skip


def write(folder: Path, documents: list[dict[str, object]], shards: int = 4) -> str:
    folder.mkdir()
    for shard in range(shards):
        pq.write_table(pa.Table.from_pylist(documents[shard::shards] or documents[:0]), folder / f"{shard}.parquet")
    return str(folder / "*.parquet")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> str:
    documents: list[dict[str, object]] = [
        {
            "id": name,
            "text": text,
            "source": "web",
            "date": f"20{position % 23:02}-01-01",
            "url": f"https://h{position % 3}.org/x",
        }
        for position, (name, text) in enumerate(sorted(corpus().items()))
    ]
    return write(tmp_path_factory.mktemp("pass") / "in", documents)


def run(
    folder: Path, files: str, name: str = "out", before: str = "", given: str = "", minhash: str = "", **more: object
) -> Path:
    text = RECIPE.replace("{before}", before.strip()).replace("{given}", given).replace("{minhash}", minhash)
    path = recipe(folder, text.replace("{files!r}", repr(files)), f"{name}.py")
    options = [part for key, value in more.items() for part in (f"--{key}", value) if part is not True]
    done = atom_data("run", path, "-o", folder / name, "-w", 2, *options)
    assert done.returncode == 0, done.stderr
    return folder / name


@pytest.fixture(scope="module")
def whole(files: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("whole"), files)


def contents(out: Path) -> dict[str, bytes]:
    """Return what a user reads: the copies of each shard, what was kept, and the ledgers."""
    found = [path for name in ("exact", "distinct", "near", "unique") for path in (out / name).rglob("*.parquet")]
    return {str(path.relative_to(out)): path.read_bytes() for path in found}


@pytest.mark.parametrize("given", ["parts=5", "parts=64, memory='1MB'"])
def test_number_of_parts_changes_no_byte(whole: Path, files: str, tmp_path: Path, given: str) -> None:
    out = run(tmp_path, files, given=given)
    assert len(list((out / "near-links" / "receipts").glob("*.json"))) > 1
    assert len(list((out / "near-confirmed" / "receipts").glob("*.json"))) > 1
    assert contents(out) == contents(whole)


def test_a_worker_that_dies_in_every_file_of_every_job_changes_no_byte(whole: Path, files: str, tmp_path: Path) -> None:
    markers = tmp_path / "markers"
    markers.mkdir()
    out = run(tmp_path, files, before=DIE_ONCE.replace("MARKERS", repr(str(markers))), retries=20)
    died = {re.split(r"-\.", path.name)[0] for path in markers.iterdir()}
    assert died - {"drops", "loss"} == JOBS
    assert len(list(markers.iterdir())) > 2 * len(JOBS)
    assert fingerprint(out) == fingerprint(whole)


def test_a_finished_pass_is_not_made_again_and_more_parts_replace_the_old_ones(files: str, tmp_path: Path) -> None:
    first = contents(run(tmp_path, files))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.json")}
    run(tmp_path, files)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert contents(run(tmp_path, files, given="parts=3")) == first
    assert {path.name for path in (tmp_path / "out" / "near-links").glob("*.links")} == {
        f"{part:04}-of-0003.links" for part in range(3)
    }
    assert atom_data("verify", tmp_path / "out").returncode == 0


def test_classic_behavior_keeps_one_of_all_that_hangs_together(whole: Path, files: str, tmp_path: Path) -> None:
    out = run(tmp_path, files, minhash="confirm=False")
    kept, gone = rows(out, "unique"), ledger(out, "unique")
    assert sorted([*kept, *gone]) == sorted(rows(out, "distinct"))
    assert set(kept) <= set(rows(whole, "unique"))
    assert {numbers["near_copy_of"] for numbers in gone.values()} <= set(kept)
    assert all(numbers["near_copy_jaccard"] is None for numbers in gone.values())


def test_ledger_names_the_cluster_and_so_do_the_kept(whole: Path) -> None:
    gone = ledger(whole, "unique")
    marks = {row["id"]: row for path in (whole / "near").glob("*.parquet") for row in pq.read_table(path).to_pylist()}
    for name, numbers in gone.items():
        assert numbers["near_copy_cluster"] == numbers["near_copy_of"] == marks[name]["near_copy_cluster"]
        kept = marks[str(numbers["near_copy_of"])]
        assert (kept["near_copy_rank"], kept["near_copy_of"], kept["near_copy_cluster"]) == (0, None, kept["id"])
        assert kept["near_copy_count"] == sum(other["near_copy_of"] == kept["id"] for other in gone.values()) + 1


@pytest.mark.parametrize("policy", ["newest", "oldest"])
def test_policy_decides_who_is_kept(files: str, tmp_path: Path, policy: str) -> None:
    out = run(tmp_path, files, given=f"keep=({policy!r},)")
    dates = {
        row["id"]: row["date"]
        for path in Path(files).parent.glob("*.parquet")
        for row in pq.read_table(path, columns=["id", "date"]).to_pylist()
    }
    gone = ledger(out, "unique")
    assert len(gone) > 60
    better = [dates[str(numbers["near_copy_of"])] >= dates[name] for name, numbers in gone.items()]
    same = [dates[str(numbers["near_copy_of"])] == dates[name] for name, numbers in gone.items()]
    assert all(better) if policy == "newest" else not any(b and not s for b, s in zip(better, same, strict=True))


def test_containment_finds_a_part_of_a_document(tmp_path: Path) -> None:
    words = [f"w{i}" for i in range(200)]
    texts = {"whole": " ".join(words), "part": " ".join(words[:150]), "other": " ".join(words[::-1])}
    files = write(tmp_path / "in", [{"id": name, "text": text} for name, text in texts.items()], 1)
    assert set(rows(run(tmp_path, files, minhash="bands=50, rows=2, min_jaccard=0.9"), "unique")) == set(texts)
    out = run(tmp_path, files, "contained", minhash="bands=50, rows=2, min_jaccard=None, min_containment=0.95")
    (numbers,) = ledger(out, "unique").values()
    assert numbers["near_copy_of"] == "whole"
    assert numbers["near_copy_containment"] == 1.0
    true = jaccard(shingles(texts["whole"]), shingles(texts["part"]))
    assert numbers["near_copy_jaccard"] == pytest.approx(true, abs=1e-6)


def test_odd_texts_have_right_answers(tmp_path: Path) -> None:
    mixed = "Der schnelle 茶色 狐 прыгает über the lazy собака und ก็ไป ต่อ " * 3
    texts = {
        "null-1": None, "null-2": None, "empty-1": "", "empty-2": "", "dots-1": "... !!! ???", "dots-2": "!!! ... ???",
        "one-1": "word", "one-2": "Word!", "two": "word word", "mixed-1": mixed, "mixed-2": mixed + "!",
        "long-1": "x" * 3_000_000 + " tail", "long-2": "x" * 3_000_000 + " tail.", "control": "\x00\x01\u202e\ufffe",
    }  # fmt: skip
    out = run(tmp_path, write(tmp_path / "in", [{"id": name, "text": text} for name, text in texts.items()], 3))
    assert {name: numbers["copy_of"] for name, numbers in ledger(out, "distinct").items()} == {"empty-2": "empty-1"}
    gone = {name: numbers["near_copy_of"] for name, numbers in ledger(out, "unique").items()}
    assert gone == {"one-1": "one-2", "mixed-1": "mixed-2", "long-1": "long-2"}


def test_hot_bucket_of_near_copies_keeps_one(tmp_path: Path) -> None:
    page = (
        "the page {} that you asked for is not there any more so go back to the front page and look for page {} again"
    )
    documents = [{"id": f"d{i:05}", "text": page.format(i % 997, i)} for i in range(20_000)]
    out = run(
        tmp_path,
        write(tmp_path / "in", documents, 2),
        minhash="rows=2, min_jaccard=0.25",
        accept=True,
    )
    kept, gone = rows(out, "unique"), ledger(out, "unique")
    assert len(kept) + len(gone) == 20_000
    assert len(kept) < 30
    receipts = [json.loads(path.read_text()) for path in (out / "near-confirmed" / "receipts").glob("*.json")]
    assert sum(receipt["notes"]["compared"] for receipt in receipts) <= 20_000 * 64 * 14


def test_guard_stops_and_accept_goes_on_and_is_recorded(tmp_path: Path) -> None:
    documents = [
        {"id": f"d{i:04}", "text": "one text", "source": f"s{i % 2}", "url": f"https://www.Twice.org/{i}"}
        for i in range(2400)
    ]
    files = write(tmp_path / "in", documents, 2)
    path = recipe(tmp_path, RECIPE.format(before="", files=files, given="", minhash=""))
    done = atom_data("run", path, "-o", tmp_path / "out")
    assert done.returncode == 1
    loss = "source 's1' would lose 1,200 of 1,200 (such as d0001 -> d0000), allowed are 90%; "
    assert (
        loss + "domain 'twice.org' would lose 2,399 of 2,400 (such as d0001 -> d0000), allowed are 98%" in done.stderr
    )
    assert "run again with --accept" in done.stderr
    assert not (tmp_path / "out" / "distinct").exists()
    assert atom_data("run", path, "-o", tmp_path / "out", "--accept").returncode == 0
    receipt = json.loads((tmp_path / "out" / "exact-guard" / "receipts" / "loss.json").read_text())
    assert "domain 'twice.org' would lose 2,399 of 2,400" in receipt["accepted"]
    assert atom_data("run", path, "-o", tmp_path / "out").returncode == 0
    assert atom_data("verify", tmp_path / "out").returncode == 0
    more = [{"id": f"e{i:04}", "text": "one text", "source": "s1", "url": None} for i in range(10)]
    pq.write_table(pa.Table.from_pylist([*more, *documents[:1]]), tmp_path / "in" / "9.parquet")
    again = atom_data("run", path, "-o", tmp_path / "out")
    assert again.returncode == 1
    assert "would lose 1,210 of 1,210" in again.stderr


@pytest.mark.parametrize(
    ("given", "minhash", "message"),
    [
        ("memory='lots'", "", "memory is 'lots'. Give at least 1MB as a number and a unit: 500MB, 2GB."),
        ("parts=9999", "", "exact: parts is 9999. Give a number from 1 to 4,096, or 0."),
        ("keep=('best',)", "", "keep: no policy 'best'; policies: source, longest, newest, oldest."),
        ("allow_loss=2", "", "exact-guard: allow_loss is 2. Give a share from 0 to 1."),
        ("", "min_containment=0", "MinHash: min_containment is 0. Give a number in (0, 1]."),
        ("", "min_jaccard=None", "MinHash: neither min_jaccard nor min_containment. Give one, or set confirm=False."),
    ],
)
def test_wrong_parameters_are_refused(files: str, tmp_path: Path, given: str, minhash: str, message: str) -> None:
    done = atom_data("check", recipe(tmp_path, RECIPE.format(before="", files=files, given=given, minhash=minhash)))
    assert done.returncode == 2
    assert message in done.stderr
