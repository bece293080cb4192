"""A recipe as Slurm arrays on a real cluster of two virtual nodes: same bytes as here, whatever is killed on the way."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command import ROOT, atom_data, children, fingerprint, recipe
from tests.slurm.cluster import Cluster, cluster, missing

pytestmark = pytest.mark.slow

SAMPLE = ROOT / "pipelines" / "sample.py"
SHARDS = 8

SLOW = """
    import os
    import time

    from atom_data import Jsonl, Stage

    def slowly(batch):
        if batch.num_rows and os.environ.get("SLOWLY"):
            time.sleep(float(os.environ["SLOWLY"]))
        if "poison" in batch.column("id").to_pylist() and os.path.exists({poison!r}):
            raise ValueError("poison")
        return batch

    def stages():
        first = Stage(name="first", reads=Jsonl({folder!r}, source="test"), steps=(slowly,))
        second = Stage(name="second", reads=first, steps=(slowly,))
        return (second,)
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster for all tests. Where its packages install, a missing one is a failure and no skip."""
    if missing() and os.geteuid() != 0:
        pytest.skip(f"no Slurm here, and no right to install it: {', '.join(missing())}")
    assert not missing(), f"not installed: {', '.join(missing())}. apt-get install slurmctld slurmd slurm-client munge"
    with cluster(tmp_path_factory.mktemp("cluster"), nodes=2, cores=2) as made, pytest.MonkeyPatch.context() as patch:
        for name, value in {**made.environment, "PYTHONPATH": str(ROOT)}.items():
            patch.setenv(name, value)
        yield made


def submit(path: Path, out: Path, *more: object) -> str:
    done = atom_data("run", path, "-o", out, "--on", "slurm", "--tasks", 4, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(true: Callable[[], object], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def receipts(out: Path, stage: str) -> set[str]:
    return {path.stem for path in (out / stage / "receipts").glob("*.json")}


def jobs(out: Path) -> dict[str, str]:
    """Return the number of each stage's array."""
    return {job["stage"]: job["array"] for job in json.loads((out / "cluster" / "submission.json").read_text())["jobs"]}


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe of two stages over eight files, each of which takes a second and a half where Slurm runs it."""
    (tmp_path / "in").mkdir()
    for number in range(SHARDS):
        lines = [{"id": f"{number}-{i}" if i or number != 1 else "poison", "text": f"text {i}"} for i in range(9)]
        (tmp_path / "in" / f"part-{number}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.setenv("SLOWLY", "1.5")
    return recipe(tmp_path, SLOW.format(folder=str(tmp_path / "in"), poison=str(tmp_path / "poison")))


@pytest.fixture
def clean_run(slow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The hash of a run on this machine without any trouble."""
    with monkeypatch.context() as patch:
        patch.delenv("SLOWLY")
        done = atom_data("run", slow, "-o", tmp_path / "here", "-w", 2)
    assert done.returncode == 0, done.stderr
    return fingerprint(tmp_path / "here")


def test_sample_as_arrays_over_two_nodes_gives_the_same_bytes(slurm: Cluster, sample_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = submit(SAMPLE, out)
    assert "#SBATCH --array=0-3" in said
    nodes = set()
    while slurm.jobs():
        nodes |= set(slurm.command("squeue", "--noheader", "--states=RUNNING", "--format=%N").split())
        time.sleep(0.3)
    assert fingerprint(out) == fingerprint(sample_run)
    assert nodes == {"n1", "n2"}
    lines = [
        json.loads(line) for path in (out / "cluster" / "logs").glob("*.log") for line in path.read_text().splitlines()
    ]
    done = [line for line in lines if line["event"] == "finished"]
    assert {line["stage"] for line in done} == set(jobs(out))
    assert all(line["shard"] and line["cpu_seconds"] >= 0 for line in done)
    assert atom_data("logs", out, "--failed").stdout == f"{out}: no shard has failed\n"
    assert "nothing to submit" in submit(SAMPLE, out, "--resume")


def test_a_second_submission_waits_and_cancel_ends_the_first(slurm: Cluster, slow: Path, tmp_path: Path) -> None:
    submit(slow, tmp_path / "out")
    refused = atom_data("run", slow, "-o", tmp_path / "out", "--on", "slurm")
    assert refused.returncode == 1
    assert "jobs of it are still in the queue" in refused.stderr
    done = atom_data("cancel", "-o", tmp_path / "out")
    assert done.stdout.startswith(f"{tmp_path / 'out'}: ended ")
    slurm.wait(60)
    assert not list((tmp_path / "out").rglob("*.partial")), "what was begun is swept"


def worker_pids(out: Path) -> list[int]:
    """Return the worker processes of all elements of a run on this machine: forked by a server of an element."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(out).encode() in words and b"--part" in words:
                found += [pid for server in children(int(entry.name)) for pid in children(server)]
    return found


def stepd_pids(slurm: Cluster, job: str) -> list[int]:
    """Return the slurmstepd of each running element of an array."""
    rows = slurm.command("squeue", "--noheader", f"--jobs={job}", "--states=RUNNING", "--format=%A").split()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                title = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if title.startswith("slurmstepd:") and any(f"[{row}." in title for row in rows):
                found.append(int(entry.name))
    return found


def test_killed_workers_cost_one_attempt_each(slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    submit(slow, out)
    for _ in range(3):
        until(lambda: worker_pids(out))
        for pid in worker_pids(out)[:2]:
            os.kill(pid, signal.SIGKILL)
        time.sleep(1)
    slurm.wait()
    if receipts(out, "second") != {f"part-{number}.jsonl" for number in range(SHARDS)}:
        submit(slow, out, "--resume")
        slurm.wait()
    assert fingerprint(out) == clean_run


def test_killed_slurmstepd_never_lets_the_next_stage_start(
    slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    submit(slow, out)
    until(lambda: stepd_pids(slurm, jobs(out)["first"]))
    for pid in stepd_pids(slurm, jobs(out)["first"]):
        os.kill(pid, signal.SIGKILL)
    slurm.wait()
    if len(receipts(out, "first")) < SHARDS:
        assert not receipts(out, "second"), "a stage started on incomplete input"
    submit(slow, out, "--resume")
    slurm.wait()
    assert fingerprint(out) == clean_run


def test_killed_node_is_survived(slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    submit(slow, out)
    until(lambda: worker_pids(out))
    slurm.kill_node("n1")
    time.sleep(2)
    slurm.start_node("n1")
    slurm.wait()
    if len(receipts(out, "first")) < SHARDS:
        assert not receipts(out, "second")
    if len(receipts(out, "second")) < SHARDS:
        submit(slow, out, "--resume")
        slurm.wait()
    assert fingerprint(out) == clean_run


def test_requeued_element_repeats_only_the_shard_it_had_begun(
    slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    submit(slow, out)
    until(lambda: receipts(out, "first"))
    before = {path: path.stat().st_mtime_ns for path in (out / "first" / "receipts").glob("*.json")}
    running = slurm.command("squeue", "--noheader", f"--jobs={jobs(out)['first']}", "--states=RUNNING", "--format=%i")
    for element in running.split():
        slurm.command("scontrol", "requeue", element)
    slurm.wait()
    assert fingerprint(out) == clean_run
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_time_limit_leaves_finished_shards_and_comes_back(
    slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path
) -> None:
    """Slurm's warning is sent by hand here, because its shortest time limit is a minute."""
    out = tmp_path / "out"
    submit(slow, out)
    until(lambda: receipts(out, "first"))
    running = slurm.command("squeue", "--noheader", f"--jobs={jobs(out)['first']}", "--states=RUNNING", "--format=%A")
    for element in running.split():
        slurm.command("scancel", "--batch", "--signal=USR1", element)
    slurm.wait()
    logs = "".join(path.read_text() for path in (out / "cluster" / "logs").glob("first-*.log"))
    assert "the time is up" in logs or logs.count('"exit_code": 0') > 4
    assert fingerprint(out) == clean_run


def test_a_failed_element_among_2500_shards_stops_the_chain(slurm: Cluster, tmp_path: Path) -> None:
    """datatrove's chain waits for the last part of an array only; here the first part fails."""
    (tmp_path / "in").mkdir()
    for number in range(2_500):
        line = {"id": "poison" if number == 3 else str(number), "text": "text"}
        (tmp_path / "in" / f"{number:04}.jsonl").write_text(json.dumps(line) + "\n")
    path = recipe(tmp_path, SLOW.format(folder=str(tmp_path / "in"), poison=str(tmp_path / "poison")))
    (tmp_path / "poison").touch()
    out = tmp_path / "out"
    said = submit(path, out)
    assert "first: array" in said
    slurm.wait(400)
    assert len(receipts(out, "first") - {"all"}) == 2_499
    assert not (out / "second").exists() or not receipts(out, "second")
    seen = atom_data("logs", out, "--failed").stdout
    assert "first/0003.jsonl" in seen
    assert "ValueError: poison" in seen
    table = atom_data("status", path, "-o", out).stdout
    assert "2,499/2,500" in table
    assert "first: 1 shards failed; see atom-data logs --failed" in table
    (tmp_path / "poison").unlink()
    resumed = submit(path, out, "--resume")
    assert "first: array" in resumed
    assert "1 of 4 elements" in resumed
    slurm.wait(400)
    here = atom_data("run", path, "-o", tmp_path / "here", "-w", 2)
    assert here.returncode == 0, here.stderr
    assert fingerprint(out) == fingerprint(tmp_path / "here")
