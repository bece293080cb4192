"""A run and its workers import once: the workers' server is a fork of the run, but where that cannot be."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT, fingerprint, recipe

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the server is a Python of its own")

RECIPE = """
    import json
    import multiprocessing
    import os
    import sys
    import tempfile
    import threading
    from pathlib import Path

    import pyarrow

    from atom_data import Jsonl, Stage
    from atom_data.signals import count_words

    FOLDER = Path({folder!r})
    pyarrow.array(["a list"])
    with (FOLDER / "began").open("a") as stream:
        stream.write(f"{{os.getpid()}} {{'pandas' in sys.modules}}\\n")
    IDLE = threading.Event()
    threading.Thread(target=IDLE.wait, daemon=True).start()  # a server forked after this could wait for it for ever

    def words_of(pid):
        return Path(f"/proc/{{pid}}/cmdline").read_bytes().decode().split("\\0")

    def look(batch):
        if batch.num_rows:
            multiprocessing.Lock()  # asks the process that tidies up what processes share
            arrow = ("MIMALLOC_ALLOW_THP", "JE_ARROW_MALLOC_CONF", "ATOM_DATA_LINE")
            (FOLDER / "seen.json").write_text(json.dumps({{
                "pid": os.getpid(), "server": os.getppid(), "supervisor": Path(f"/proc/{{os.getppid()}}/stat").read_text()
                .rpartition(")")[2].split()[1], "words": words_of(os.getppid()),
                "name": Path(f"/proc/{{os.getppid()}}/comm").read_text().strip(),
                "commands": "atom_data.commands.run" in sys.modules,
                "environment": [name for name in arrow if name in os.environ], "input": os.readlink("/proc/self/fd/0"),
                "temporary": tempfile.gettempdir(),
                "files": [os.readlink(f"/proc/{{os.getppid()}}/fd/{{one}}") for one in os.listdir(f"/proc/{{os.getppid()}}/fd")],
            }}))
        return batch

    def stages():
        os.environ["TMPDIR"] = str(FOLDER / "temporary")
        return (Stage(name="first", reads=Jsonl(str(FOLDER / "rows.jsonl"), source="test"), steps=(look, count_words)),)
"""


def run(folder: Path, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run the recipe as a process of its own, and return what its worker saw."""
    folder.mkdir()
    (folder / "temporary").mkdir()
    (folder / "rows.jsonl").write_text('{"id": "a", "text": "three words here"}\n')
    path = recipe(folder, RECIPE.format(folder=str(folder)))
    words = [sys.executable, "-m", "atom_data.cli", "run", str(path), "-o", str(folder / "out")]
    kept = {name: value for name, value in os.environ.items() if name not in ("MIMALLOC_ALLOW_THP", "OMP_NUM_THREADS")}
    # A file that only the run itself may have; and no pipe, which a server that does not end would hold.
    with (folder / "rows.jsonl").open() as held, (folder / "errors").open("w") as errors:
        done = subprocess.run(
            words, cwd=ROOT, env={**kept, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=errors, check=False,
            stdin=held, pass_fds=(held.fileno(),), timeout=300,
        )  # fmt: skip
    said = (folder / "errors").read_text()
    assert (done.returncode, "Traceback" in said) == (0, False), said
    seen: dict[str, Any] = json.loads((folder / "seen.json").read_text())
    began = [line.split() for line in (folder / "began").read_text().splitlines()]
    assert [int(pid) for pid, _ in began] == [int(seen["supervisor"]), seen["pid"]], (
        "the server must not run the recipe"
    )
    return {**seen, "pandas": [with_pandas for _, with_pandas in began]}


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("start") / "forked"
    return folder, run(folder)


def test_server_is_a_fork_of_the_run(forked: tuple[Path, dict[str, Any]]) -> None:
    _, seen = forked
    assert seen["words"][1:4] == ["-m", "atom_data.cli", "run"] and seen["name"] == "forkserver"
    assert seen["commands"], "what the run has imported is there"


def test_server_has_no_file_of_the_run(forked: tuple[Path, dict[str, Any]]) -> None:
    _, seen = forked
    assert not [name for name in seen["files"] if name.endswith("rows.jsonl")]
    assert seen["input"] == "/dev/null"


def test_workers_have_the_environment_of_the_run(forked: tuple[Path, dict[str, Any]]) -> None:
    folder, seen = forked
    assert seen["environment"] == []
    assert seen["temporary"] == str(folder / "temporary")


def test_nobody_imports_pandas_for_a_list(forked: tuple[Path, dict[str, Any]]) -> None:
    pytest.importorskip("pandas")
    assert forked[1]["pandas"] == ["False", "False"]


def test_server_is_a_python_of_its_own_where_the_run_has_threads(
    forked: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """Arrow starts one here, when it is loaded."""
    seen = run(tmp_path / "own", {"JE_ARROW_MALLOC_CONF": "background_thread:true"})
    assert "from multiprocessing.forkserver" in seen["words"][-2] and not seen["commands"]
    assert fingerprint(tmp_path / "own" / "out") == fingerprint(forked[0] / "out")


LATE = """
    import sys
    from atom_data.runner.start.pandas import without_pandas

    without_pandas()
    import pyarrow as pa
    pa.array(["a list"])
    assert "pandas" not in sys.modules
    import pandas
    print(pa.array(pandas.Series([1.5, float("nan")])).null_count, pa.array([1.5, float("nan")]).null_count)
    print(pa.array(pandas.Categorical(["a", "b", "a"])).type)
"""


def test_arrow_finds_pandas_once_somebody_imports_it() -> None:
    pytest.importorskip("pandas")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LATE)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    counts, kind = done.stdout.splitlines()
    assert counts == "1 0" and kind.startswith("dictionary<values=")
