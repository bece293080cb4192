"""`status --watch` of a run on this machine goes on until the run has ended."""

import time
from pathlib import Path

from tests.command import recipe, start

WAITS = """
    import time
    from pathlib import Path

    from atom_data import Jsonl, Stage

    HERE = Path({here!r})

    def waits(batch):
        while batch.num_rows and not (HERE / "go").exists():
            time.sleep(0.05)
        return batch

    def stages():
        return (Stage(name="waiting", reads=Jsonl(str(HERE / "in.jsonl")), steps=(waits,)),)
"""


def test_watch_ends_with_the_run(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": "a", "text": "one"}\n')
    path = recipe(tmp_path, WAITS.format(here=str(tmp_path)))
    run = start("run", path, "-o", tmp_path / "out")
    while not list((tmp_path / "out" / "claims").glob("*.json")) or not (tmp_path / "out" / "waiting").exists():
        assert run.poll() is None
        time.sleep(0.05)
    watch = start("status", tmp_path / "out", "--watch", "--seconds", "1")
    time.sleep(5)
    (tmp_path / "go").touch()
    _, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors
    shown, errors = watch.communicate(timeout=120)
    assert watch.returncode == 0, errors
    assert "1/1" in shown and "0/1" not in shown
