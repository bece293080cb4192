"""Each kind of fault: what `verify` advises is right, `--repair` does what it says, and the result is the clean run's."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command import atom_data, fingerprint, recipe

RECIPE = """
    from atom_data import Jsonl, Stage

    def stages():
        first = Stage(name="first", reads=Jsonl({folder!r}, source="test"))
        return (Stage(name="second", reads=first),)
"""


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two stages over three shards, and its recipe."""
    folder = tmp_path_factory.mktemp("clean")
    (folder / "in").mkdir()
    for number in range(3):
        line = json.dumps({"id": str(number), "text": f"text {number}"})
        (folder / "in" / f"{number}.jsonl").write_text(line + "\n")
    path = recipe(folder, RECIPE.format(folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def out(clean: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean / "out", tmp_path / "out"))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def edit(path: Path) -> None:
    path.write_text(path.read_text().replace('"rows_in": 1', '"rows_in": 2'))


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def spoil(path: Path) -> None:
    path.write_text("{")


DATA, RECEIPT = "first/1.jsonl.parquet", "first/receipts/1.jsonl.json"
KINDS: dict[str, tuple[str, Callable[[Path], object], str, bool]] = {
    "missing": (DATA, Path.unlink, f"{DATA}: the file is missing", True),
    "size": (DATA, shorten, "bytes; the receipt says", True),
    "content": (DATA, flip, f"{DATA}: the content is not what the receipt says (SHA-256 differs)", False),
    "edited receipt": (RECEIPT, edit, f"{RECEIPT}: the receipt was edited after it was written", True),
    "no receipt": (
        RECEIPT,
        Path.unlink,
        f"{DATA}: no receipt speaks of it yet, for shard '1.jsonl' is not finished",
        True,
    ),
    "manifest": ("first/receipts/all.pq", shorten, "first/receipts/all.pq: is no", True),
    "no plan": ("first/plan.json", Path.unlink, "first/plan.json: the list of the shards is missing", True),
    "plan": ("first/plan.json", spoil, "first/plan.json: is not JSON", False),
}
"""By kind: the file, what is done to it, what verify says, and whether a run sees it by itself."""


@pytest.mark.parametrize("kind", KINDS)
def test_the_advice_is_right(clean: Path, out: Path, kind: str) -> None:
    name, harm, said, seen = KINDS[kind]
    harm(out / name)
    done = atom_data("verify", out)
    assert done.returncode == 1
    assert said in done.stderr
    run = f"atom-data run {clean / 'recipe.py'} -o {out}"
    if seen:
        assert f"Run the recipe again: it rebuilds what is missing or damaged ({run}).\n" in done.stderr
        assert atom_data("run", clean / "recipe.py", "-o", out, "-w", 1).returncode == 0
        assert fingerprint(out) == fingerprint(clean / "out")
    else:
        assert (
            f"A run does not see them: atom-data verify {out} --repair removes them, and then {run} rebuilds them.\n"
        ) in done.stderr
        atom_data("run", clean / "recipe.py", "-o", out, "-w", 1)
        assert atom_data("verify", out).returncode == 1, "so the advice to run again would not help"


@pytest.mark.parametrize("kind", KINDS)
def test_repair_with_the_recipe_gives_the_clean_run(clean: Path, out: Path, kind: str) -> None:
    name, harm, _, _ = KINDS[kind]
    harm(out / name)
    done = atom_data("verify", out, clean / "recipe.py", "--repair", "-w", 1)
    assert done.returncode == 0, done.stderr
    if name in (DATA, RECEIPT):
        assert "first: 1 shard to rebuild, the receipts removed: 1.jsonl\n" in done.stdout
        assert "first: 2 shards are done already, 1 to make" in done.stderr
    else:
        assert f"{name}: removed\n" in done.stdout
    assert "second: all 3 shards are done already" in done.stderr, "the bytes are the same, so that nothing follows"
    assert fingerprint(out) == fingerprint(clean / "out")


def test_repair_without_a_recipe_says_what_to_run(clean: Path, out: Path) -> None:
    flip(out / DATA)
    done = atom_data("verify", out, "--repair")
    assert (done.returncode, done.stdout) == (
        0,
        "first: 1 shard to rebuild, the receipts removed: 1.jsonl\n"
        f"\nNext:\n  atom-data run {clean / 'recipe.py'} -o {out}\n",
    )
    flip(out / "second" / "0.jsonl.parquet")
    (out / "run.json").unlink()
    assert f"\nNext:\n  atom-data run RECIPE -o {out}\n" in atom_data("verify", out, "--repair").stdout
    assert atom_data("run", clean / "recipe.py", "-o", out, "-w", 1).returncode == 0
    assert atom_data("verify", out, "--repair").stdout == f"{out}: nothing to repair\n"
    assert fingerprint(out) == fingerprint(clean / "out")


def test_what_is_nobodys_is_named_and_not_touched(out: Path) -> None:
    (out / "first" / "notes.txt").write_text("mine")
    (out / "first" / "a.parquet.n7-12-3.partial").write_text("half")
    verified = atom_data("verify", out).stderr
    assert "first/a.parquet.n7-12-3.partial: left half-written by an attempt that was killed" in verified
    assert "A run does not see 1 of them: " in verified
    assert "No receipt speaks of 1 file: look at it, and delete it yourself." in verified
    done = atom_data("verify", out, "--repair")
    assert done.returncode == 1
    assert "first/a.parquet.n7-12-3.partial: removed\n" in done.stdout
    assert (
        "first/notes.txt: an orphan; no receipt speaks of it. It cannot be repaired: look at it, and delete it yourself\n"
    ) in done.stdout
    assert f"{out}: 1 fault cannot be repaired, named above." in done.stderr
    assert (out / "first" / "notes.txt").read_text() == "mine"


def test_a_recipe_without_repair_is_refused(clean: Path, out: Path) -> None:
    done = atom_data("verify", out, clean / "recipe.py")
    assert (done.returncode, done.stderr) == (
        2, f"{clean / 'recipe.py'}: verify needs no recipe, unless it is to repair: --repair.\n",
    )  # fmt: skip


def test_check_hashes_finds_what_a_run_does_not_see(clean: Path, out: Path) -> None:
    flip(out / DATA)
    flip(out / "second" / "0.jsonl.parquet")
    command = ["run", clean / "recipe.py", "-o", out, "-w", 2]
    assert "first: all 3 shards are done already" in atom_data(*command).stderr
    done = atom_data(*command, "--check-hashes")
    assert done.returncode == 0, done.stderr
    assert (
        f"first: 1 of 3 shards are damaged, and are rebuilt: {DATA}: the content is not what the receipt says "
        "(SHA-256 differs)\n"
    ) in done.stderr
    assert "second: 1 of 3 shards are damaged, and are rebuilt: second/0.jsonl.parquet: the content" in done.stderr
    assert fingerprint(out) == fingerprint(clean / "out")
    assert "damaged" not in atom_data(*command, "--check-hashes").stderr
    refused = atom_data(*command[:-2], "--check-hashes", "--on", "slurm")
    assert refused.returncode == 2
    assert (
        "--check-hashes: it is for a run here, and this one goes to Slurm. Array tasks do not check finished shards: run "
        "atom-data verify OUT --repair before you submit.\n"
    ) in refused.stderr
