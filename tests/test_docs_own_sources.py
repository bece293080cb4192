"""docs/own_sources.md: its blocks run as they stand, `plan` knows its recipe, and an edited class is noticed."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.command import ROOT, fingerprint
from tests.own import BLOCKS, COMMANDS, DOMAINS, write_page
from tests.test_docs import shell


def table(folder: Path) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob("*.parquet")))


def test_page_has_the_blocks_that_are_run() -> None:
    assert [kind for kind, _ in BLOCKS] == ["python", "python", "toml", "bash", "python"]


def test_page_from_recipe_to_ledger(tmp_path: Path) -> None:
    write_page(tmp_path)
    done = shell(COMMANDS, tmp_path)
    assert done.returncode == 0, done.stderr
    kept = table(tmp_path / "corpus" / "varied")
    counts = dict(zip(kept["domain"].to_pylist(), kept["domain_documents"].to_pylist(), strict=True))
    assert counts == {name: count for name, count in DOMAINS.items() if count <= 4}
    ledger = table(tmp_path / "corpus" / "varied" / "drops").to_pylist()
    assert {line["reason"] for line in ledger} == {"few_per_domain.many_of_domain"}
    assert len(ledger) == DOMAINS["many.org"] + 1  # a null value fails its rule
    dead = table(tmp_path / "corpus" / "posts" / "dead").to_pylist()
    assert [(line["reason"], line["raw"]) for line in dead] == [("posts.no_text", b"https://one.net/nothing")]
    assert "many.org" in done.stdout
    assert "skipped" not in shell(COMMANDS, tmp_path).stderr


def test_page_tries_the_contract(tmp_path: Path) -> None:
    write_page(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_forum.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def run(folder: Path, command: str) -> str:
    """Run a command as a process of its own, for the page's paths are relative."""
    done = shell(command, folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_plan_knows_the_recipe(tmp_path: Path) -> None:
    write_page(tmp_path)
    assert "domains" in run(tmp_path, "atom-data plan forum.py")


def test_nothing_is_made_again_until_the_code_of_a_class_is_edited(tmp_path: Path) -> None:
    recipe, again = write_page(tmp_path), "atom-data run forum.py -o out -w 1"
    run(tmp_path, again)
    before = fingerprint(tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.json")}
    run(tmp_path, again)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    recipe.write_text(recipe.read_text().replace('"text": text,', '"text": text.upper(),'))
    run(tmp_path, again)
    assert fingerprint(tmp_path / "out") != before
