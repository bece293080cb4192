"""One run in a folder at a time: who is kept out and what is said, who gets through, and that two never are at work."""

import contextlib
import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from atom_data.errors import DataError
from atom_data.runner.claims import files, store
from atom_data.runner.claims.claim import FOLDER, Claim, Part, fate
from atom_data.runner.claims.files import others_at_work
from atom_data.runner.claims.hold import claimed
from atom_data.runner.claims.life import me
from atom_data.storage import paths
from atom_data.storage.partials import sweep
from atom_data.workspace import Workspace
from tests.command import atom_data, recipe, start, workers

SLOW = """
    import os
    import time

    from atom_data import Jsonl, Stage

    def {step}(batch):
        while batch.num_rows and not os.path.exists({go!r}):
            time.sleep(0.05)
        return batch

    def stages():
        return (Stage(name={stage!r}, reads=Jsonl({folder!r}, source="test"), steps=({step},)),)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(3):
        line = json.dumps({"id": str(number), "text": "text"})
        (tmp_path / "in" / f"{number}.jsonl").write_text(line + "\n")
    return tmp_path


def slow(folder: Path, name: str = "a.py", step: str = "same", stage: str = "clean") -> Path:
    text = SLOW.format(go=str(folder / "go"), folder=str(folder / "in"), step=step, stage=stage)
    return recipe(folder, text, name)


def until_begun(folder: Path) -> None:
    end = time.monotonic() + 60
    while not list((folder / "out").glob("clean/*.parquet.*.partial")):
        assert time.monotonic() < end, "nothing was begun"
        time.sleep(0.05)


def elsewhere(folder: Path, age: float, **who: object) -> Path:
    """Write the claim of a process of another machine that was last touched some seconds ago."""
    other = replace(me(), **{"host": "n7", "boot": "other", "pid": 4711, **who})  # type: ignore[arg-type]
    claim = replace(Claim.mine("atom-data run other.py"), who=other, held=True, since="2026-01-02T03:04:05.678+00:00")
    path = folder / "out" / FOLDER / claim.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(claim.value()))
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.mark.parametrize(("step", "stage"), [("same", "clean"), ("other", "clean"), ("other", "other")])
def test_a_second_run_in_the_folder_is_refused_and_the_first_is_whole(folder: Path, step: str, stage: str) -> None:
    """Whether the same recipe, or another one with the same stage or another: nobody sweeps or overwrites its twin."""
    first = start("run", slow(folder), "-o", folder / "out", "-w", 1)
    try:
        until_begun(folder)
        again = slow(folder, "b.py", step, stage)
        done = atom_data("run", again, "-o", folder / "out", "-w", 1)
        assert done.returncode == 1
        assert (
            f"{folder / 'out'}: atom-data run {folder / 'a.py'} is at work there (process {first.pid} on "
            in done.stderr
        )
        assert (
            f"UTC). Two in one folder would undo each other's work: wait for it, end it (kill {first.pid}), or give another "
            "--output."
        ) in done.stderr
        assert list((folder / "out").glob("clean/*.partial")), "a living twin's files were swept"
        status = atom_data("status", folder / "a.py", "-o", folder / "out")
        assert status.returncode == 0, "who only reads needs no claim"
        (folder / "go").touch()
        said = first.communicate(timeout=60)[1]
        assert first.returncode == 0, said
    finally:
        first.kill()
    assert atom_data("verify", folder / "out").returncode == 0
    assert not (folder / "out" / FOLDER).exists()
    assert {path.name for path in (folder / "out").iterdir()} == {"clean", "run", "run.json"}


def test_a_run_that_was_killed_lets_the_next_one_in_and_its_workers_end(folder: Path) -> None:
    first = start("run", slow(folder), "-o", folder / "out", "-w", 1)
    until_begun(folder)
    left = workers(first)
    assert left
    first.kill()
    first.communicate(timeout=30)
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in left):
        assert time.monotonic() < end, "a worker outlives its supervisor"
        time.sleep(0.05)
    assert list((folder / "out" / FOLDER).iterdir())
    (folder / "go").touch()
    done = atom_data("run", folder / "a.py", "-o", folder / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    assert f"{folder / 'out'}: an earlier run ended without a final message (process {first.pid} on " in done.stderr
    assert atom_data("verify", folder / "out").returncode == 0
    assert not (folder / "out" / FOLDER).exists()


def test_a_number_that_was_given_again_is_no_life(folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pid = pool.apply(os.getpid)
        here = replace(me(), pid=pid, started="1")
        elsewhere(folder, 0, **{name: value for name, value in asdict(here).items() if name != "slurm"})
        (folder / "go").touch()
        done = atom_data("run", slow(folder), "-o", folder / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    assert (
        f"an earlier run ended without a final message (process {pid} on {here.host}, begun 2026-01-02 03:04:05 UTC)"
        in done.stderr
    )


def test_another_machine_is_believed_until_it_was_silent_for_five_minutes(folder: Path) -> None:
    (folder / "go").touch()
    command = ["run", slow(folder), "-o", folder / "out", "-w", 1]
    elsewhere(folder, 20)
    for more in ((), ("--take-over",)):
        done = atom_data(*command, *more)
        assert done.returncode == 1
        assert (
            f"{folder / 'out'}: atom-data run other.py is at work there (process 4711 on n7, since 2026-01-02 03:04:05 UTC). "
            "Two in one folder would undo each other's work: wait for it, end it (kill 4711 on n7), or give another --output. "
            "--take-over is for a process that was silent for 5 minutes.\n"
        ) in done.stderr
    path = elsewhere(folder, 3600)
    done = atom_data(*command)
    assert done.returncode == 1
    assert (
        "(process 4711 on n7, since 2026-01-02 03:04:05 UTC; its last sign of life was 60 minutes ago). If that process is "
        "gone, run again with --take-over; if not, wait for it.\n"
    ) in done.stderr
    assert path.exists()
    done = atom_data(*command, "--take-over")
    assert done.returncode == 0, done.stderr
    assert (
        "an earlier run ended without a final message (process 4711 on n7, begun 2026-01-02 03:04:05 UTC)"
        in done.stderr
    )


def test_a_file_that_is_no_claim_is_named(folder: Path) -> None:
    (folder / "out" / FOLDER).mkdir(parents=True)
    path = folder / "out" / FOLDER / "n1-1-1.json"
    path.write_text("{}")
    done = atom_data("run", slow(folder), "-o", folder / "out", "-w", 1)
    assert done.returncode == 1
    assert (
        f"{path}: is not a claim of a run (KeyError: 'who'). Delete it when nothing runs in that folder.\n"
        in done.stderr
    )


def test_who_is_gone() -> None:
    here = me()
    assert fate(here, 0) == "alive"
    assert fate(replace(here, started="7"), 0) == "gone"
    assert fate(replace(here, boot="another boot"), 10) == "alive", "perhaps another machine of that name"
    assert fate(replace(here, boot="another boot"), 1e9) == "gone", "this machine was booted since"
    assert fate(replace(here, boot=f"{here.boot.split()[0]} pid:[1]"), 1e9) == "silent", "another container"
    assert fate(replace(here, host="n7", boot="x"), 299) == "alive"
    assert fate(replace(here, host="n7", boot="x"), 301) == "silent"


def test_an_element_that_slurm_put_back_gets_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = Part("clean", "3", "8", "a" * 64)
    for name, value in {"SLURM_JOB_ID": "77", "SLURM_ARRAY_JOB_ID": "74", "SLURM_ARRAY_TASK_ID": "3"}.items():
        monkeypatch.setenv(name, value)
    before = replace(Claim.mine("x"), who=replace(me(), host="n7", boot="x", slurm="74_3"), held=True)
    place = tmp_path / FOLDER / "parts" / part.group / "3"
    place.mkdir(parents=True)
    (place / before.name).write_text(json.dumps(before.value()))
    workspace = Workspace(str(tmp_path))
    with pytest.raises(
        DataError, match=r"\(Slurm job 74_3, process .* end it \(atom-data cancel -o .*, or scancel 74_3\)"
    ):
        claimed(workspace, "run", part=part).__enter__()
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    with claimed(workspace, "run", part=part):
        assert len(list(place.iterdir())) == 1


def _hold(root: str, part: Part | None, connection: object) -> None:
    with claimed(Workspace(root), "run", part=part):
        connection.send("held")  # type: ignore[attr-defined]
        connection.recv()  # type: ignore[attr-defined]


@contextlib.contextmanager
def held(folder: Path, part: Part | None) -> Iterator[None]:
    """Let another process of this machine hold a claim."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_hold, args=(str(folder), part, theirs))
    process.start()
    try:
        assert ours.recv() == "held"
        yield
    finally:
        ours.send("end")
        process.join()


ONE = Part("clean", "0", "4", "a" * 64)


def test_elements_of_an_array_do_not_keep_one_another_out(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    with held(tmp_path, ONE):
        for part in (replace(ONE, index="1"), replace(ONE, stage="tokens")):
            with claimed(workspace, "run", part=part):
                pass
        others = (
            None,
            ONE,
            replace(ONE, of="5"),
            replace(ONE, recipe="b" * 64),
            replace(ONE, index="close", of="close"),
        )
        for kept_out in (*others, replace(ONE, stage="tokens", recipe="b" * 64)):
            with pytest.raises(DataError, match="is at work there"), claimed(workspace, "run", part=kept_out):
                pass
        assert len(others_at_work(workspace)) == 1
    assert not list(tmp_path.rglob("*.json"))
    with held(tmp_path, None), pytest.raises(DataError, match="is at work there"), claimed(workspace, "run", part=ONE):
        pass


def test_sweeping_takes_no_file_of_a_process_at_work(tmp_path: Path) -> None:
    with held(tmp_path, ONE):
        token = others_at_work(Workspace(str(tmp_path)))[0].who.token
        folder = tmp_path / "clean"
        folder.mkdir()
        mine = [f"a.parquet.{token}-3.partial", f"b.parquet.{token}.partial"]
        for name in (*mine, f"c.parquet.{token}1-3.partial", "d.parquet.n7-1-2.partial"):
            (folder / name).touch()
        sweep(str(tmp_path / "clean"), keep=[token])
        assert sorted(path.name for path in folder.iterdir()) == mine


RACE = """
import contextlib, os, sys, time
from atom_data.errors import DataError
from atom_data.runner.claims.hold import claimed
from atom_data.workspace import Workspace

root, inside = sys.argv[1:]
for _ in sys.stdin:  # a line for each round, to all at once
    got_in = 0
    with contextlib.suppress(DataError), claimed(Workspace(root), "run"):
        os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # FileExistsError where another is inside
        time.sleep(0.01)
        os.unlink(inside)
        got_in = 1
    print(got_in, flush=True)
"""


def test_of_those_that_begin_at_once_one_gets_in_and_never_two(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RACE, str(tmp_path / "out"), str(tmp_path / "inside")]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    try:
        for _ in range(15):
            for racer in racers:
                racer.stdin.write("\n")  # type: ignore[union-attr]
            for racer in racers:
                racer.stdin.flush()  # type: ignore[union-attr]
            assert sum(int(racer.stdout.readline()) for racer in racers) >= 1, "each time somebody gets in"  # type: ignore[union-attr]
        for racer in racers:
            racer.communicate(timeout=60)
        assert [racer.returncode for racer in racers] == [0] * 4
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()


@pytest.mark.parametrize("becomes", ["held", "gone"])
def test_who_is_first_waits_until_the_later_one_has_decided(tmp_path: Path, becomes: str) -> None:
    """The later one may have looked before we wrote, and not have seen us."""
    workspace, part = Workspace(str(tmp_path)), replace(ONE, stage="elsewhere")
    with held(tmp_path, part):  # a process that lives, by its own claim at something else
        who = others_at_work(workspace)[0].who
        later = replace(Claim.mine("later"), who=who, since="9999-01-01T00:00:00.000+00:00")
        path = tmp_path / FOLDER / later.name
        path.write_text(json.dumps(later.value()))
        decided = threading.Event()

        def decide() -> None:
            decided.set()
            if becomes == "gone":
                path.unlink()
            else:
                (tmp_path / "new").write_text(json.dumps(replace(later, held=True).value()))
                (tmp_path / "new").replace(path)

        timer = threading.Timer(0.5, decide)
        timer.start()
        if becomes == "held":
            with pytest.raises(DataError, match="later is at work there"), claimed(workspace, "run", part=ONE):
                pass
        else:
            with claimed(workspace, "run", part=ONE):
                assert decided.is_set()
        timer.join()
        path.unlink(missing_ok=True)


def test_a_run_whose_claim_was_taken_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BEAT_SECONDS", 0.05)

    def terminated(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        with (
            pytest.raises(DataError, match="this run slept, and its claim of the folder was taken over meanwhile"),
            claimed(Workspace(str(tmp_path / "out")), "run"),
        ):
            own = next((tmp_path / "out" / FOLDER).iterdir())
            time.sleep(0.2)
            assert own.exists()
            own.unlink()
            time.sleep(0.2)
            assert own.exists(), "who tidied up took nothing over"
            elsewhere(tmp_path, 0)
            own.unlink()
            time.sleep(10)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert [path.name for path in (tmp_path / "out" / FOLDER).iterdir()] != []


def test_a_folder_that_cannot_be_written_needs_no_claim(folder: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (folder / "go").touch()
    path = slow(folder)
    assert atom_data("run", path, "-o", folder / "out", "-w", 1).returncode == 0
    (folder / "out").chmod(0o555)
    done = atom_data("run", path, "-o", folder / "out", "-w", 1)
    (folder / "out").chmod(0o755)
    assert "all 3 shards are done already" in done.stderr


def test_a_stage_may_not_be_named_as_the_folder_of_claims(folder: Path) -> None:
    done = atom_data("run", slow(folder, stage="claims"), "-o", folder / "out", "-w", 1)
    assert done.returncode == 2
    assert "stage 'claims': that folder of the output is reserved. Choose another name." in (done.stderr)


def test_age_on_a_store_is_told_by_its_time() -> None:
    assert store._age({}) == float("inf")
    assert store._age({"seen": "2026-01-01T00:00:00+00:00"}) > 0


def test_a_claim_that_cannot_be_written_whole_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error after the rename: the process goes on, and must not find itself at work in the folder."""
    workspace = Workspace(str(tmp_path / "out"))

    def sync(folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as failing, pytest.raises(DataError, match=r"cannot be written \(input/output error\)"):
        failing.setattr(paths, "sync_folder", sync)
        claimed(workspace, "run").__enter__()
    with claimed(workspace, "run"):
        pass
