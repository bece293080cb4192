"""Profiles of clusters, and the scripts that a dry run writes where no Slurm is."""

import json
from pathlib import Path

import pytest

from atom_data.cluster.profile import Profile, limit_seconds, load_profile
from atom_data.errors import ConfigError
from tests.command import atom_data, recipe


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 5400), ("1", 60), ("1:30", 90), ("8:00:00", 28_800), ("2-0", 172_800), ("1-6:30", 109_800),
     ("1-0:0:5", 86_405), ("UNLIMITED", 0), ("", 0), ("1:2:3:4", 0)],
)  # fmt: skip
def test_time_limits_as_sbatch_reads_them(text: str, seconds: int) -> None:
    assert limit_seconds(text) == seconds


@pytest.mark.parametrize(
    ("profile", "seconds"),
    [
        (Profile(time="8:00:00"), 120),
        (Profile(time="1"), 15),
        (Profile(), 120),
        (Profile(sbatch={"time": "4"}), 60),
        (Profile(time="8:00:00", sbatch={"signal": "B:USR1@600"}), 600),
    ],
)
def test_an_element_is_warned_in_time(profile: Profile, seconds: int) -> None:
    assert profile.warning == seconds


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("tusks = 3", "unknown key 'tusks'. Keys allowed: partition"),
        ('tasks = "3"', "tasks is '3'. It is int in a profile"),
        ("tasks = 0", "tasks: 0. Give a number from 1"),
        ('memory_per_worker = "two"', "memory_per_worker: 'two' is not a size. Give a number and a unit"),
        ("tasks = ", "is not TOML"),
        ('[sbatch]\n"Mail User" = "x"', "sbatch: 'Mail User=x'"),
        (
            '[sbatch]\narray = "0-3"',
            "sbatch: 'array=0-3'. A run makes one array per stage, and deals the shards to its array tasks: --tasks is their "
            "maximum number.",
        ),
        ('[sbatch]\njob-name = "mine"', "sbatch: 'job-name=mine'. A run finds its jobs again by their names"),
    ],
)
def test_a_wrong_profile_is_refused_by_name(tmp_path: Path, page: str, said: str) -> None:
    (tmp_path / "cluster.toml").write_text(page)
    with pytest.raises(ConfigError) as refused:
        load_profile(str(tmp_path / "cluster.toml"))
    assert said in str(refused.value)


def test_dry_run_writes_what_a_person_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for number in range(6):
        (tmp_path / "in" / f"{number}.jsonl").write_text(json.dumps({"id": str(number), "text": "text"}) + "\n")
    path = recipe(
        tmp_path,
        f"""
        from atom_data import Jsonl, Stage

        def stages():
            first = Stage(name="first", reads=Jsonl({str(tmp_path / "in")!r}, source="test"))
            return (Stage(name="second", reads=first),)
        """,
    )
    (tmp_path / "cluster.toml").write_text(
        'partition = "cpu"\ntime = "2:00:00"\nworkers_per_task = 3\nmemory_per_worker = "2G"\ntasks = 4\n'
        'setup = ["module load python"]\ncommand = "atom-data"\n[sbatch]\naccount = "open-lm"\n'
    )
    monkeypatch.setenv("PATH", "/nowhere")  # no Slurm: a dry run needs none
    out = tmp_path / "out"
    done = atom_data("run", path, "-o", out, "--on", "slurm", "--dry-run", "--profile", tmp_path / "cluster.toml")
    assert done.returncode == 0, done.stderr
    assert "second.sh after first-close, then second-close.sh" in done.stdout
    script = (out / "cluster" / "first.sh").read_text()
    for line in (
        "--array=0-3", "--cpus-per-task=3", "--mem=6G", "--time=2:00:00", "--partition=cpu", "--account=open-lm",
        "--signal=B:USR1@120", "--requeue",
    ):  # fmt: skip
        assert f"#SBATCH {line}\n" in script
    assert "\nmodule load python\nexec atom-data run " in script
    assert script.endswith('--grace 60 --requeue --part "$SLURM_ARRAY_TASK_ID/4"\n')
    close = (out / "cluster" / "first-close.sh").read_text()
    assert "#SBATCH --mem=2G\n" in close
    assert "--array" not in close
    refused = atom_data("run", path, "-o", out, "--on", "slurm")
    assert refused.returncode == 2
    assert "there is no such command here. Run this on a login node of the cluster, or with --dry-run" in refused.stderr
