"""The README's commands and recipes run as they stand there."""

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.command import ROOT

README = (ROOT / "README.md").read_text()
OTHERS = "".join((ROOT / "docs" / name).read_text() for name in ("slurm.md", "datatrove.md"))
BLOCK = re.compile(r"```(bash|python|sh)\n(.*?)```", re.S)
BLOCKS = BLOCK.findall(README)


def commands(language: str, word: str, page: str = README) -> str:
    """Return the one block of a language that contains a word."""
    found = [text for kind, text in BLOCK.findall(page) if kind == language and word in text]
    assert len(found) == 1, f"{len(found)} blocks with {word}"
    return found[0]


def shell(text: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a block as a user would: `atom-data` is on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **variables}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_readme_has_no_block_untested() -> None:
    known = ("make demo", "atom-data init", "near_copies(", "def stages")
    for _, text in BLOCKS:
        assert sum(word in text for word in known) == 1, text
    assert len(README.splitlines()) <= 80


def test_readme_make_targets_exist_and_ci_calls_them() -> None:
    targets = re.findall(r"^make (\w+)", commands("bash", "make demo"), re.M)
    makefile, ci = (ROOT / "Makefile").read_text(), (ROOT / ".ci" / "run").read_text()
    assert targets == ["demo", "test"]
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets)
    assert "make demo" in ci
    assert "make check" in ci


def test_readme_first_commands_run(tmp_path: Path) -> None:
    done = shell(commands("bash", "atom-data init"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "gopher_multilingual" in done.stdout
    assert re.fullmatch("[0-9a-f]{64}", done.stdout.strip().splitlines()[-1])


def test_readme_python_runs() -> None:
    names: dict[str, Any] = {}
    exec(commands("python", "near_copies("), names)
    assert names["table"].num_rows == 2
    assert names["copies"].column("near_copy_of").to_pylist() == [None, "0"]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The README's own recipe beside a folder of JSONL files made of the sample's manuals."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "my_recipe.py").write_text(commands("python", "def stages"))
    (folder / "my_pages").mkdir()
    sentences = [
        f"This is sentence number {i} of a page that has something to say about the weather of day {i}."
        for i in range(40)
    ]
    for part in range(3):
        lines = [
            {"text": "\n".join(sentences[page % 20 :]) + f"\nPage {page} ends here with a remark of its own."}
            for page in range(30)
        ]
        with gzip.open(folder / "my_pages" / f"part-{part}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    return folder


def test_readme_own_recipe_runs(own: Path) -> None:
    assert len(commands("python", "def stages").strip().splitlines()) <= 18
    done = shell("atom-data check my_recipe.py && atom-data run my_recipe.py --output my_corpus --workers 2", own)
    assert done.returncode == 0, done.stderr
    kept = [pq.read_table(path).num_rows for path in sorted((own / "my_corpus" / "fuzzy_deduped").glob("*.parquet"))]
    assert len(kept) == 3
    assert 1 <= sum(kept) < 90


@pytest.fixture(scope="module")
def by_array(own: Path) -> Path:
    """What the tasks of an array made, one after the other."""
    text = commands("sh", "SLURM_ARRAY_TASK_ID", OTHERS).replace("my_corpus", "by_array")
    for number in range(2):
        done = shell(text, own, SLURM_ARRAY_TASK_ID=str(number), SLURM_ARRAY_TASK_COUNT="2")
        assert done.returncode == 0, done.stderr
    return own / "by_array" / "clean"


def test_readme_array_command_runs_every_element(by_array: Path) -> None:
    receipts = {path.name for path in (by_array / "receipts").glob("*.json")}
    assert receipts == {"part-0.jsonl.json", "part-1.jsonl.json", "part-2.jsonl.json"}


def test_readme_datatrove_executor_runs(own: Path, by_array: Path) -> None:
    script = own / "with_datatrove.py"
    script.write_text(commands("python", "RunStage(", OTHERS).replace("my_corpus", "by_datatrove"))
    done = subprocess.run(
        [sys.executable, script.name], cwd=own, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    made = {path.name: path.read_bytes() for path in (own / "by_datatrove" / "clean").glob("*.parquet")}
    assert made == {path.name: path.read_bytes() for path in by_array.glob("*.parquet")}
