"""What a person sees of a pass is one stage: its folder, its row, its name; its jobs are below it and show with --jobs."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from atom_data.cluster.failures import stage_failures
from atom_data.workspace import Workspace
from tests.command import ROOT, atom_data, fingerprint, recipe

RECIPE = """
    from atom_data import Copies, Jsonl, MinHash, SameText, Stage, keep

    def stages():
        read = Stage(name="read", reads=Jsonl({pages!r}, source="test"), writes=("id", "text"))
        exact_deduped = Stage(name="exact_deduped", reads=Copies(of=read, by=SameText()), steps=(keep("first_copy"),))
        near = Copies(of=exact_deduped, by=MinHash(), parts=2)
        return (Stage(name="fuzzy_deduped", reads=near, steps=(keep("first_near_copy"),)),)
"""
INNER = ("band-hashes", "candidates", "clusters", "confirmed", "guard", "links")
WORDS = [f"word{number} {'abcdefgh'[number % 8]}{number * 7919 % 1000}" for number in range(60)]


def corpus(folder: Path) -> str:
    """Write two shards: texts of their own, one of them twice, and one with a word that is another."""
    folder.mkdir()
    own = [" ".join(WORDS[start : start + 30]) for start in range(0, 30, 6)]
    texts = [*own, own[0], own[1].replace("word20", "other")]
    for shard in range(2):
        lines = [json.dumps({"id": f"{shard}-{n}", "text": text}) for n, text in enumerate(texts[shard::2])]
        (folder / f"{shard}.jsonl").write_text("\n".join(lines) + "\n")
    return str(folder / "*.jsonl")


def finished_run(folder: Path) -> tuple[Path, Path]:
    """Return a recipe and its finished output folder."""
    path = recipe(folder, RECIPE.format(pages=corpus(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "-w", 2)
    assert done.returncode == 0, done.stderr
    return path, folder / "out"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return finished_run(tmp_path_factory.mktemp("stages"))


def rows(text: str) -> list[str]:
    """Return the first words of the lines of a table that are not reasons."""
    return [line.split()[0] for line in text.splitlines() if line and not line.startswith(" ")]


def test_a_pass_is_one_folder_with_its_jobs_in_it(made: tuple[Path, Path]) -> None:
    _path, out = made
    stages = {"read", "exact", "exact_deduped", "near", "fuzzy_deduped"}
    assert {folder.name for folder in out.iterdir() if folder.is_dir()} == {*stages, "run"}, "and what made it"
    assert {plan.parent.name for plan in (out / "near").glob("*/plan.json")} == set(INNER)
    receipt = json.loads((out / "near" / "links" / "receipts" / "0000-of-0002.json").read_text())
    assert receipt["stage"] == "near/links" and receipt["outputs"][0]["path"].startswith("near/links/")
    assert atom_data("verify", out).returncode == 0
    (out / "near" / "links" / "mine.txt").write_text("mine")
    assert "near/links/mine.txt: an orphan" in atom_data("verify", out).stderr
    (out / "near" / "links" / "mine.txt").unlink()
    (damaged,) = (out / "near" / "clusters").glob("*.roots")
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + b"?")
    assert "near/clusters/all.roots: the content is not" in atom_data("verify", out).stderr
    damaged.write_bytes(content)


def test_status_has_a_row_a_stage_and_with_jobs_one_a_job(made: tuple[Path, Path]) -> None:
    path, out = made
    stages = ["stage", "read", "exact", "exact_deduped", "near", "fuzzy_deduped"]
    said = atom_data("status", path, "-o", out).stdout
    assert rows(said) == stages
    near = re.search(r"^near +(\d+)/(\d+) +(\d+) +(\d+) ", said, re.M)
    assert near is not None
    receipts = list((out / "near").rglob("receipts/*.json"))
    assert near.groups() == (str(len(receipts)), str(len(receipts)), "6", "6"), "what its jobs took; its documents once"
    each = atom_data("status", path, "-o", out, "--jobs").stdout
    assert {f"near/{name}" for name in INNER} | set(stages) < set(rows(each))
    assert len(rows(each)) == 1 + 3 + 4 + 7


def test_status_as_json_has_the_jobs_of_a_pass(made: tuple[Path, Path]) -> None:
    path, out = made
    done = atom_data("status", path, "-o", out, "--json")
    found = {stage["stage"]: stage for stage in json.loads(done.stdout)}
    assert list(found) == ["read", "exact", "exact_deduped", "near", "fuzzy_deduped"]
    near = found["near"]
    assert [job["stage"] for job in near["jobs"]][-2:] == ["near", "near/guard"]
    assert near["shards"] == sum(job["shards"] for job in near["jobs"])
    assert near["cpu_seconds"] == pytest.approx(sum(job["cpu_seconds"] for job in near["jobs"]))
    assert near["complete"] and near["documents_in"] == near["documents_kept"] == 6
    assert found["exact_deduped"]["dropped"] == {"first_copy.copy": 1}
    assert "jobs" not in found["read"]


def test_check_has_a_line_a_stage_and_says_what_a_pass_adds(made: tuple[Path, Path]) -> None:
    path, out = made
    said = atom_data("check", path, "-o", out).stdout
    assert "\nnear  adds near_copy_rank: int32, near_copy_count: int32, " in said
    assert "near/links" not in said
    assert said.strip().endswith("5 stages, each reads what the one before it writes")
    assert "near/links  member: int64, head: int64" in atom_data("check", path, "-o", out, "--jobs").stdout
    found = json.loads(atom_data("check", path, "-o", out, "--json").stdout)
    assert [stage["stage"] for stage in found["stages"]] == ["read", "exact", "exact_deduped", "near", "fuzzy_deduped"]
    assert {"id": "string", "text": "string"}.items() <= found["stages"][0]["columns"].items()
    assert found["stages"][1]["adds"]["copy_rank"] == "int32"


def test_verify_as_json(made: tuple[Path, Path]) -> None:
    found = json.loads(atom_data("verify", made[1], "--json").stdout)
    assert found["faults"] == [] and found["files"] > 20 and found["fingerprint"] == fingerprint(made[1])


def test_a_run_ends_with_what_was_kept_and_why_not_and_what_to_look_at(made: tuple[Path, Path]) -> None:
    path, out = made
    done = atom_data("run", path, "-o", out)
    assert "\n7 documents in, 5 kept (71.4 %)\n" in done.stdout
    told = "\n  1  14.3 %  first_copy.copy            in exact_deduped\n  1  16.7 %  first_near_copy.near_copy  in fuzzy_deduped\n"
    assert told in done.stdout
    assert f"atom-data verify {out}" in done.stdout and "--stage exact_deduped --reason first_copy.copy" in done.stdout
    assert done.stderr.splitlines() == [
        f"{stage}: all 2 shards are done already"
        for stage in ("read", "exact", "exact_deduped", "near", "fuzzy_deduped")
    ], "a pass says it once"


def test_a_stage_of_a_run_may_be_a_whole_pass_or_one_job_of_it(made: tuple[Path, Path], tmp_path: Path) -> None:
    path, whole = made
    out = tmp_path / "out"
    for stage in ("read", "exact", "exact_deduped"):
        assert atom_data("run", path, "-o", out, "--stage", stage).returncode == 0
    early = atom_data("run", path, "-o", out, "--stage", "near/links")
    assert early.returncode == 1 and "stage 'near/band-hashes': 2 of 2 shards are not finished" in early.stderr
    assert atom_data("run", path, "-o", out, "--stage", "near/band-hashes").returncode == 0
    assert atom_data("run", path, "-o", out, "--stage", "near").returncode == 0
    assert atom_data("run", path, "-o", out, "--stage", "fuzzy_deduped").returncode == 0
    assert fingerprint(out) == fingerprint(whole)
    wrong = atom_data("run", path, "-o", out, "--stage", "near/linsk")
    assert "no stage 'near/linsk'; stages there: near/band-hashes, near/links, " in wrong.stderr
    assert (
        "read, exact, exact_deduped, near, fuzzy_deduped." in atom_data("run", path, "-o", out, "--stage", "x").stderr
    )


SAME_NAMES = """
    from atom_data import Copies, Jsonl, Lines, MinHash, Repeats, SameText, Stage, keep

    READ = Stage(name="read", reads=Jsonl("x.jsonl", source="test"))

    def stages():
        return {made}
"""
TWO = (
    "two passes are named '{name}'. A name is a folder: give one of them its own, a pass by its parameter name, as in "
    'name="{name}_2".'
)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ("(Copies(of=READ, by=MinHash()), Copies(of=READ, by=MinHash(bands=9, rows=5)))", TWO.format(name="near")),
        ("(Copies(of=READ, by=SameText()), Copies(of=READ, by=SameText(), keep=('longest',)))", TWO.format(name="exact")),
        ("(Repeats(of=READ, by=Lines()), Repeats(of=READ, by=Lines(), partitions=1))", TWO.format(name="repeated-lines")),
        ("(Copies(of=READ, by=MinHash()), Stage(name='near', reads=READ))", "a stage and a pass are named 'near'. A name is"),
        ("(Stage(name='near', reads=READ), Copies(of=READ, by=MinHash()))", "a stage and a pass are named 'near'. A name is"),
        ("(READ, Stage(name='read', reads=READ))", "two stages are named 'read'. A stage's name is its folder"),
        ("(Copies(of=READ, by=MinHash(), name='a/b'),)", "pass 'a/b': the name is also a folder. Use letters, digits, dash"),
        ("(Repeats(of=READ, by=Lines(), name='a/b'),)", "pass 'a/b': the name is also a folder. Use letters, digits, dash"),
        ("(Stage(name='a/b', reads=READ),)", "stage 'a/b': the name is also a folder. Use letters, digits, dash"),
    ],
)  # fmt: skip
def test_names_that_collide_are_refused_by_the_names_that_a_person_gave(tmp_path: Path, made: str, says: str) -> None:
    done = atom_data("check", recipe(tmp_path, SAME_NAMES.format(made=made)))
    assert done.returncode == 2
    assert says in done.stderr and "band-hashes" not in done.stderr


def test_failures_of_a_job_of_a_pass_are_found(tmp_path: Path) -> None:
    (tmp_path / "near" / "links" / "failed").mkdir(parents=True)
    value = {"stage": "near/links", "shard": "x", "message": "why", "log": ""}
    (tmp_path / "near" / "links" / "failed" / "x.json").write_text(json.dumps(value))
    assert stage_failures(Workspace(str(tmp_path))) == [value]
    assert "near/links/x" in atom_data("logs", tmp_path, "--failed").stdout


def test_scripts_of_an_array_are_files_beside_each_other(made: tuple[Path, Path], tmp_path: Path) -> None:
    done = atom_data("run", made[0], "-o", tmp_path / "out", "--on", "slurm", "--dry-run")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out" / "cluster").glob("*.sh")}
    assert {"near.links.sh", "near.links-close.sh", "near.sh", "fuzzy_deduped.sh"} <= names
    script = (tmp_path / "out" / "cluster" / "near.links.sh").read_text()
    assert "--stage near/links" in script and "/logs/near.links-%A_%a.log" in script


def test_a_run_is_looked_at_by_its_folder_alone(made: tuple[Path, Path], tmp_path: Path) -> None:
    path, out = made
    (out / "run.json").write_text(
        json.dumps({"format": 1, "recipe": str(path), "sha256": "", "jobs": [], "former": []})
    )
    try:
        by_recipe, by_folder = (atom_data("status", *words).stdout for words in ((path, "-o", out), (out,)))
        assert by_folder == by_recipe != ""
        assert "word" in atom_data("peek", out, "--stage", "fuzzy_deduped").stdout
        both = atom_data("status", out, "-o", tmp_path)
        assert both.returncode == 2 and "Give a recipe with --output, or an output folder alone." in both.stderr
    finally:
        (out / "run.json").unlink()
    told = atom_data("status", tmp_path)
    assert told.returncode == 2 and "does not say which recipe made it (no run.json)" in told.stderr


def test_a_folder_that_is_not_there_is_no_run_that_has_not_begun(made: tuple[Path, Path]) -> None:
    for words in (
        ("status", made[0], "-o", "nowhere"),
        ("status", "nowhere"),
        ("peek", "nowhere"),
        ("tune", "nowhere"),
    ):
        done = atom_data(*words)
        assert done.returncode == 2
        assert done.stderr == "nowhere: there is no such folder. Give the --output of a run.\n"


def test_folders_of_an_earlier_layout_are_named_and_what_reads_the_pass_stays(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    path, whole = made
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    for name in INNER:
        (out / "near" / name).rename(out / f"near-{name}")
    done = atom_data("run", path, "-o", out)
    assert done.returncode == 0, done.stderr
    assert (
        "near: its jobs are below near/ now. An earlier release made near-band-hashes, near-candidates, " in done.stderr
    )
    assert f"atom-data clean {out} --stale removes them" in done.stderr
    assert "near: all 2 shards are done already" in done.stderr
    assert "fuzzy_deduped: all 2 shards are done already" in done.stderr


def on_a_terminal(columns: int, *words: object, **more: str) -> str:
    """Return what a command prints to a terminal so wide."""
    main, side = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, "-m", "atom_data.cli", *map(str, words)]
    with subprocess.Popen(command, stdout=side, stderr=side, stdin=side, env=environment, cwd=ROOT) as process:
        os.close(side)
        said = b""
        while True:
            try:
                part = os.read(main, 65_536)
            except OSError:  # all has been read, and nobody writes any more
                break
            if not part:
                break
            said += part
        assert process.wait() == 0, said
    os.close(main)
    return said.decode().replace("\r\n", "\n")


def test_a_terminal_of_80_columns_cuts_no_name_and_no_line_is_longer(made: tuple[Path, Path]) -> None:
    path, out = made
    said = on_a_terminal(80, "status", path, "-o", out, "--jobs", NO_COLOR="1")
    lines = re.sub(r"\x1b\[\d*m", "", said).splitlines()
    assert max(map(len, lines)) <= 80, lines
    assert "…" not in said and "\x1b[3" not in said, "NO_COLOR asks for no color"
    assert {"near/band-hashes", "fuzzy_deduped", "exact_deduped"} <= {line.split()[0] for line in lines}
    wide = on_a_terminal(160, "status", path, "-o", out)
    assert "peak MB" in wide and "peak MB" not in said
    assert "\x1b[1m" in wide, "a terminal gets bold titles"
    assert (
        "peak MB" in atom_data("status", path, "-o", out).stdout
        and "\x1b" not in atom_data("status", path, "-o", out).stdout
    )


def test_no_progress_is_no_progress(made: tuple[Path, Path], tmp_path: Path) -> None:
    said = on_a_terminal(80, "run", made[0], "-o", tmp_path / "out", "-w", 1, "--no-progress", NO_COLOR="1")
    assert "ETA" not in said and "5 kept (71.4 %)" in said
