"""A pass in parts: same bytes for any number of them and after a death in every job; policies, the guard, odd texts."""

import os
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import atom_data, fingerprint, recipe
from tests.dedup.test_copies import corpus, ledger, rows

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

FSYNC = os.fsync
DIE_ONCE = """
    real = os.fsync

    def fsync(descriptor):
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path.name.endswith(".partial"):
            folder = path.parent.parent if path.parent.name == "receipts" else path.parent
            marker = Path(MARKERS) / f"{'.'.join(folder.parts[-2:])}-{path.suffixes[0]}"
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        real(descriptor)

    if parent_process() is not None:  # a worker; the process of the tests reads this recipe, too, and forks in other tests
        os.fsync = fsync
"""

JOBS = {
    "exact.text-hash", "exact.groups", "out.exact", "exact.guard", "out.distinct", "near.band-hashes", "near.links",
    "near.clusters", "near.candidates", "near.confirmed", "out.near", "near.guard", "out.unique",
}  # fmt: skip
INNER = {"text-hash", "groups", "band-hashes", "links", "clusters", "candidates", "confirmed", "guard"}


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
    found = [path for path in found if path.parent.name not in INNER]
    # The manifest beside the receipts has the time that each task took.
    return {str(path.relative_to(out)): path.read_bytes() for path in found if path.parent.name != "receipts"}


@pytest.mark.parametrize("given", ["parts=5", "parts=64, memory='1MB'"])
def test_number_of_parts_changes_no_byte(whole: Path, files: str, tmp_path: Path, given: str) -> None:
    out = run(tmp_path, files, given=given)
    assert len(list((out / "near" / "links" / "receipts").glob("*.json"))) > 1
    assert len(list((out / "near" / "confirmed" / "receipts").glob("*.json"))) > 1
    assert contents(out) == contents(whole)


def test_a_worker_that_dies_in_every_file_of_every_job_changes_no_byte(whole: Path, files: str, tmp_path: Path) -> None:
    markers = tmp_path / "markers"
    markers.mkdir()
    out = run(tmp_path, files, before=DIE_ONCE.replace("MARKERS", repr(str(markers))), retries=20)
    died = {re.split(r"-\.", path.name)[0] for path in markers.iterdir()}
    assert died - {"distinct.drops", "unique.drops", "exact.loss", "near.loss"} == JOBS
    assert len(list(markers.iterdir())) > 2 * len(JOBS)
    assert fingerprint(out) == fingerprint(whole)
    assert os.fsync is FSYNC, "who forks from the process of the tests would be killed in other tests"


def test_a_finished_pass_is_not_made_again_and_more_parts_replace_the_old_ones(files: str, tmp_path: Path) -> None:
    first = contents(run(tmp_path, files))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.json")}
    run(tmp_path, files)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert contents(run(tmp_path, files, given="parts=3")) == first
    assert {path.name for path in (tmp_path / "out" / "near" / "links").glob("*.links")} == {
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
    for stage, column, least in (("distinct", "copy_of", 10), ("unique", "near_copy_of", 60)):
        pairs = [(dates[str(numbers[column])], dates[name]) for name, numbers in ledger(out, stage).items()]
        assert len(pairs) > least
        assert all(kept >= gone if policy == "newest" else kept <= gone for kept, gone in pairs)


@pytest.mark.parametrize(
    ("given", "minhash", "message"),
    [
        ("memory='lots'", "", "memory: 'lots' is not a size. Give a number and a unit, such as 500MB or 2GB"),
        ("parts=9999", "", "exact: parts is 9999. Give a number from 1 to 4,096, or 0."),
        ("keep=('best',)", "", "keep: no policy 'best'; policies: source, longest, newest, oldest, first."),
        ("allow_loss=2", "", "exact/guard: allow_loss is 2. Give a share from 0 to 1."),
        ("", "min_containment=0", "MinHash: min_containment is 0. Give a number in (0, 1]."),
        ("", "min_jaccard=None", "MinHash: neither min_jaccard nor min_containment. Give one, or set confirm=False."),
    ],
)
def test_wrong_parameters_are_refused(files: str, tmp_path: Path, given: str, minhash: str, message: str) -> None:
    done = atom_data("check", recipe(tmp_path, RECIPE.format(before="", files=files, given=given, minhash=minhash)))
    assert done.returncode == 2
    assert message in done.stderr


SAME = """
    import pyarrow as pa

    from atom_data import Copies, Parquet, Stage, keep
    from atom_data.batch import column, with_columns
    from atom_data.dedup import Same

    def hash_host(batch):
        hosts = [None if url is None else (url.split("/")[2] * 8)[:8].encode() for url in column(batch, "url").to_pylist()]
        return with_columns(batch, host_hash=pa.array(hosts, {kind}))

    def stages():
        copies = Copies(of=Parquet({files!r}), by=Same(measure=hash_host, measured="host_hash"), keep=("newest",))
        return (Stage(name="hosts", reads=copies, steps=(keep("first_copy"),)),)
"""


def test_any_hash_can_be_compared_and_null_is_no_copy(tmp_path: Path) -> None:
    urls = ["http://a.org/1", "http://a.org/2", "http://b.org/1", None, None, "http://a.org/3"]
    documents = [{"id": str(i), "text": "t", "url": url, "date": f"200{i}"} for i, url in enumerate(urls)]
    files = write(tmp_path / "in", documents, 2)
    done = atom_data("run", recipe(tmp_path, SAME.format(files=files, kind="pa.binary(8)")), "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    gone = {name: numbers["copy_of"] for name, numbers in ledger(tmp_path / "out", "hosts").items()}
    assert gone == {"0": "5", "1": "5"}


def test_a_hash_that_is_no_binary_is_refused(tmp_path: Path) -> None:
    files = write(tmp_path / "in", [{"id": "1", "text": "t", "url": "http://a.org/"}], 1)
    done = atom_data("check", recipe(tmp_path, SAME.format(files=files, kind="pa.binary()")))
    assert done.returncode == 2
    assert "column 'host_hash' is binary; copies are compared by binary of 8 bytes or more. Hash it so." in done.stderr


@pytest.mark.parametrize(
    "reads",
    [
        'Copies(of=SOURCE, by=SameText())',
        'Copies(of=SOURCE, by=MinHash(), name="near")',
        'Copies(of=Copies(of=SOURCE, by=SameText()), by=MinHash())',
        'Repeats(of=SOURCE, by=Lines())',
        'hold_out(SOURCE, share=0.5)[0]',
        'Copies(of=hold_out(SOURCE, share=0.5)[0], by=SameText())',
    ],
)  # fmt: skip
def test_a_changed_source_below_a_pass_is_seen(tmp_path: Path, reads: str) -> None:
    """No document is a copy of another before or after, so that the pass finds the same: its reader is rebuilt."""
    lines = [f'{{"id": "{n}", "one": "first text {n}", "other": "second text {n}"}}\n' for n in range(6)]
    (tmp_path / "in.jsonl").write_text("".join(lines))

    def run(field: str, out: str) -> str:
        text = f"""
            from atom_data import Copies, Jsonl, Lines, MinHash, Repeats, SameText, Stage, hold_out

            SOURCE = Jsonl({str(tmp_path / "in.jsonl")!r}, source="s", text={field!r})

            def stages():
                return (Stage(name="out", reads={reads}, writes=("id", "text")),)
        """
        done = atom_data("run", recipe(tmp_path, text), "-o", tmp_path / out)
        assert done.returncode == 0, done.stderr
        return fingerprint(tmp_path / out)

    first = run("one", "out")
    assert run("other", "out") == run("other", "fresh") != first
