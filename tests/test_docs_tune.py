"""The recipes and commands of docs/tune.md and docs/datatrove.md run as they stand there."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.command import ROOT
from tests.test_docs import shell

BLOCK = re.compile(r"```(bash|python|toml)\n(.*?)```", re.S)
TUNE = BLOCK.findall((ROOT / "docs" / "tune.md").read_text())
DATATROVE = BLOCK.findall((ROOT / "docs" / "datatrove.md").read_text())


def block(blocks: list[tuple[str, str]], language: str, word: str) -> str:
    """Return the one block of a language that contains a word."""
    found = [text for kind, text in blocks if kind == language and word in text]
    assert len(found) == 1, f"{len(found)} blocks with {word}"
    return found[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `my_pages`: two files of pages of many lengths, some in German."""
    made = tmp_path_factory.mktemp("docs")
    (made / "my_pages").mkdir()
    english = "This is a sentence that has to be with the others, and it says something of the weather of day {}."
    german = "Dieser Satz steht auf einer Seite, die davon handelt, wie das Wetter am Tag {} gewesen ist."
    for part in range(2):
        lines = []
        for page in range(60):
            text = "\n".join((german if page % 3 == 0 else english).format(day) for day in range(page % 20 + 1))
            lines.append(
                {
                    "text": f"{text}\n{'Lorem ipsum' if page % 7 == 0 else ''} Write to someone{page}@site.org.",
                    "url": f"https://site-{page % 5}.org/{page}",
                }
            )
        with gzip.open(made / "my_pages" / f"part-{part}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    (made / "score.py").write_text(block(TUNE, "python", "def stages"))
    (made / "with_blocks.py").write_text(block(DATATROVE, "python", "def stages"))
    (made / "no_lorem.toml").write_text(block(DATATROVE, "toml", "source"))
    (made / "pipeline.py").write_text(block(DATATROVE, "python", "AtomFilter("))
    return made


def test_no_block_is_untested() -> None:
    assert [kind for kind, _ in TUNE] == ["python", "bash", "bash", "bash", "bash", "bash"]
    assert [kind for kind, _ in DATATROVE] == ["python", "toml", "bash", "python", "python"]


def test_every_command_of_the_tune_page_runs(folder: Path) -> None:
    shown = ""
    for text in (text for kind, text in TUNE if kind == "bash"):
        done = shell(text, folder)
        assert done.returncode == 0, done.stderr
        shown += done.stdout
    assert "gopher_quality.stop_words" in shown
    assert "come in" in shown
    assert "by language" in shown
    assert "outside gopher_quality.word_count min 30" in shown
    assert "<polyline" in (folder / "bounds.html").read_text()
    assert "min = 30" in (folder / "my_quality.toml").read_text()


def test_blocks_of_datatrove_run_in_a_recipe(folder: Path) -> None:
    done = shell(block(DATATROVE, "bash", "with_blocks"), folder)
    assert done.returncode == 0, done.stderr
    kept = [row for path in (folder / "blocks" / "clean").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    dropped = [
        row for path in (folder / "blocks" / "clean" / "drops").glob("*") for row in pq.read_table(path).to_pylist()
    ]
    assert len(kept) + len(dropped) == 120
    assert {row["reason"] for row in dropped} == {"no_lorem.lorem_ipsum"}
    assert json.loads(dropped[0]["numbers"])["datatrove_lorem_reason"] == "dropped"
    assert all("@example." in row["text"] for row in kept)


def test_steps_of_ours_run_in_a_pipeline_of_datatrove(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "pipeline.py"], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    stats = json.loads((folder / "my_logs" / "stats.json").read_text())[1]["stats"]
    assert stats["total"] == 120
    assert 0 < stats["dropped_gopher_quality.stop_words"] <= stats["dropped"] < 120
    lines = [gzip.decompress(path.read_bytes()).count(b"\n") for path in (folder / "my_excluded").iterdir()]
    assert sum(lines) == stats["dropped"]
