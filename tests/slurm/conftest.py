"""One cluster for all tests here, a recipe that takes its time, and the hash of its run without any trouble."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.command import ROOT, atom_data, fingerprint, recipe
from tests.slurm.arrays import submit
from tests.slurm.cluster import Cluster, cluster, missing

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


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster for all tests. Where its packages install, a missing one is a failure and no skip."""
    if missing() and os.geteuid() != 0:
        pytest.skip(f"no Slurm here, and no right to install it: {', '.join(missing())}")
    assert not missing(), f"not installed: {', '.join(missing())}. apt-get install slurmctld slurmd slurm-client munge"
    with cluster(tmp_path_factory.mktemp("cluster"), nodes=2, cores=2) as made, pytest.MonkeyPatch.context() as patch:
        for name, value in {**made.environment, "PYTHONPATH": str(ROOT)}.items():
            patch.setenv(name, value)
        yield made


def slow_recipe(folder: Path, shards: int = SHARDS, documents: int = 9) -> Path:
    """Write a recipe of two stages, and its input; document "poison" is in the second file."""
    (folder / "in").mkdir()
    for number in range(shards):
        names = ["poison" if (number, i) == (1, 0) else f"{number}-{i}" for i in range(documents)]
        lines = [{"id": name, "text": f"text {i}"} for i, name in enumerate(names)]
        (folder / "in" / f"{number:04}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return recipe(folder, SLOW.format(folder=str(folder / "in"), poison=str(folder / "poison")))


class Limited(NamedTuple):
    """Two runs of 32 shards under a limit of a minute, which is Slurm's shortest, on a node of their own."""

    warned: Path
    """The folder of one that Slurm warns, as it does by default."""
    cut: Path
    """The folder of one that it does not warn, and ends at the limit."""


@pytest.fixture(scope="session", autouse=True)
def limited(request: pytest.FixtureRequest) -> Iterator[Limited | None]:
    """The runs, submitted before all other tests, because they take two minutes and no work; None where nobody asks."""
    if not any("time_limit" in item.name for item in request.session.items):
        yield None
        return
    request.getfixturevalue("slurm")
    made = request.getfixturevalue("tmp_path_factory")
    runs = Limited(made.mktemp("warned"), made.mktemp("cut"))
    # An element has 16 shards. Of 4 seconds they take 64, and Slurm warns within 45; of 8 they take 128, and Slurm,
    # which looks every 30 seconds, ends them within 90.
    for folder, seconds, more in ((runs.warned, "4", ()), (runs.cut, "8", ("--sbatch", "signal=B:CONT@1"))):
        path = slow_recipe(folder, 32, 1)
        # The first stage shows it; a second one of the same kind would take as long again.
        path.write_text(path.read_text().replace("reads=first, steps=(slowly,)", "reads=first"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLOWLY", seconds)
            submit(path, folder / "out", "--tasks", 2, "--time", "1", "--partition", "aside", *more)
    yield runs


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recipe over eight files, each of which takes a second and a half where Slurm runs it."""
    monkeypatch.setenv("SLOWLY", "1.5")
    return slow_recipe(tmp_path)


@pytest.fixture(scope="session")
def clean_run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The hash of a run of that recipe on this machine without any trouble."""
    folder = tmp_path_factory.mktemp("clean")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SLOWLY", raising=False)
        done = atom_data("run", slow_recipe(folder), "-o", folder / "here", "-w", 2)
    assert done.returncode == 0, done.stderr
    return fingerprint(folder / "here")
