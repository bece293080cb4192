"""`reproduce`: the same root at another place and worker count, and the first thing that differs by its name."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.audit.reproduce.verdict import judge
from atom_data.storage.paths import sha256
from atom_data.storage.receipts import seal
from atom_data.workspace import Workspace
from tests.command import ROOT, Done, atom_data, fingerprint, recipe

SAMPLE = ROOT / "pipelines" / "sample"
OWN = """
    from pathlib import Path

    from atom_data import Jsonl, Stage, Tokenize, keep
    from atom_data.signals import CheckUrl, count_words
    from helper_of_mine import shout

    HERE = Path(__file__).parent

    def stages():
        pages = Stage(
            name="pages",
            reads=Jsonl(str(HERE / "in" / "*.jsonl")),
            steps=(count_words, CheckUrl(domains=HERE / "lists" / "domains.txt"), keep("cards/words.toml"), shout),
            writes=("id", "text", "word_count"),
        )
        return (Tokenize(name="tokens", reads=pages, tokenizer=TOKENIZER, target_tokens=64),)
"""
HELPER = """
import pyarrow as pa

def shout(batch):
    texts = pa.array([text.upper() for text in batch.column("text").to_pylist()], pa.string())
    return batch.set_column(batch.schema.get_field_index("text"), "text", texts)
"""
CARD = 'source = "a test"\n[[rule]]\nreason = "words"\ncolumn = "word_count"\nmin = {least}\n'


def project(folder: Path, text: str = OWN, least: int = 2) -> Path:
    """Write a recipe with all that it may have around it, and return it."""
    for name in ("in", "cards", "lists", "lib"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(3):
        lines = [
            json.dumps(
                {"id": f"d{number}-{row}", "text": f"page {row} " + "word " * (row % 4), "url": f"https://h{row}.org/"}
            )
            for row in range(20)
        ]
        (folder / "in" / f"{number}.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "cards" / "words.toml").write_text(CARD.format(least=least))
    (folder / "lists" / "domains.txt").write_text("h3.org\n")
    (folder / "lib" / "helper_of_mine.py").write_text(HELPER)
    shutil.copy(SAMPLE / "tokenizer.json", folder / "elsewhere.json")
    tokenizer = repr(str(folder / "elsewhere.json"))
    return recipe(folder, text.replace("TOKENIZER", tokenizer))


def command(*arguments: object, cwd: Path, modules: Path | None = None) -> Done:
    """Run atom-data as a process of its own: modules that a recipe imports stay in a process."""
    path = os.pathsep.join([str(ROOT), *([str(modules)] if modules else [])])
    done = subprocess.run(
        [sys.executable, "-m", "atom_data", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    path = project(folder / "project")
    done = command(
        "run", path, "-o", folder / "out", "-w", 1, cwd=folder / "project", modules=folder / "project" / "lib"
    )
    assert done.returncode == 0, done.stderr
    return folder / "out"


def moved(made: Path, folder: Path) -> Path:
    """Return a copy of a run, with nothing but its inputs left, and those elsewhere: in FOLDER/crawl."""
    shutil.copytree(made, folder / "out")
    shutil.copytree(made.parent / "project" / "in", folder / "crawl")
    return folder / "out"


def test_a_bundle_has_what_made_the_run(made: Path) -> None:
    page = json.loads((made / "run" / "bundle.json").read_text())
    copies = {item["copy"] for item in page["files"]}
    own = {"recipe/recipe.py", "recipe/cards/words.toml", "recipe/lists/domains.txt", "modules/helper_of_mine.py"}
    assert own < copies
    assert "recipe/elsewhere.json" in copies
    assert all(sha256(str(made / "run" / item["copy"])) == item["sha256"] for item in page["files"])
    assert page["libraries"]["pyarrow"] == pa.__version__
    assert "signals/words.py" in page["code"]
    assert atom_data("verify", made).returncode == 0


def test_the_same_root_at_another_place_without_the_project(made: Path, tmp_path: Path) -> None:
    out = moved(made, tmp_path)
    away = made.parent / "project"
    away.rename(made.parent / "hidden")
    try:
        done = command(
            "reproduce", out, "--into", tmp_path / "new", "-w", 2, "--input", tmp_path / "crawl", cwd=tmp_path
        )
    finally:
        (made.parent / "hidden").rename(away)
    assert done.returncode == 0, done.stderr
    assert "the same corpus, to the last byte" in done.stdout
    assert fingerprint(out) == fingerprint(tmp_path / "new") == done.stdout.split()[-1]
    again = command(
        "reproduce", tmp_path / "new", "--into", tmp_path / "third", "--input", tmp_path / "crawl", cwd=tmp_path
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout.split()[-1] == done.stdout.split()[-1]


def test_inputs_that_are_not_there_are_asked_for(made: Path, tmp_path: Path) -> None:
    out = moved(made, tmp_path)
    away = made.parent / "project" / "in"
    away.rename(away.with_name("hidden"))
    try:
        done = command("reproduce", out, "--into", tmp_path / "new", cwd=tmp_path)
    finally:
        away.with_name("hidden").rename(away)
    assert done.returncode == 1
    assert f"--input {away}=FOLDER" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_changed_input_is_named_with_the_value_that_it_changes(made: Path, tmp_path: Path) -> None:
    out = moved(made, tmp_path)
    page = (tmp_path / "crawl" / "1.jsonl").read_text().replace("page 7 ", "leaf 7 ")
    (tmp_path / "crawl" / "1.jsonl").write_text(page)
    done = command("reproduce", out, "--into", tmp_path / "new", "--input", tmp_path / "crawl", cwd=tmp_path)
    assert done.returncode == 1
    assert "The first thing that differs is an input: pages/1.jsonl: 1.jsonl: has " in done.stderr
    assert "text of document 'd1-7' is 'LEAF 7" in done.stderr
    (tmp_path / "crawl" / "2.jsonl").unlink()
    done = command("reproduce", out, "--into", tmp_path / "other", "--input", tmp_path / "crawl", cwd=tmp_path)
    assert done.returncode == 1
    assert "input" in done.stderr


def test_an_input_that_is_another_one_is_named_also_where_the_corpus_is_the_same(made: Path, tmp_path: Path) -> None:
    out = moved(made, tmp_path)
    page = tmp_path / "crawl" / "1.jsonl"
    page.write_text(page.read_text() + "\n\n")
    done = command("reproduce", out, "--into", tmp_path / "new", "--input", tmp_path / "crawl", cwd=tmp_path)
    assert done.returncode == 0 and "the same corpus, to the last byte" in done.stdout, done.stderr
    now, was = (sha256(str(path))[:12] for path in (page, made.parent / "project/in/1.jsonl"))
    assert f"not as it was, and of no matter: 1.jsonl: SHA-256 {now}..., was {was}..." in " ".join(done.stderr.split())


@pytest.mark.parametrize("name", ["recipe/cards/words.toml", "recipe/recipe.py", "modules/helper_of_mine.py"])
def test_a_changed_copy_is_refused(made: Path, tmp_path: Path, name: str) -> None:
    out = moved(made, tmp_path)
    with (out / "run" / name).open("a") as stream:
        stream.write("\n")
    done = command("reproduce", out, "--into", tmp_path / "new", cwd=tmp_path)
    assert done.returncode == 1
    assert f"{name}: is not what the run was made with (SHA-256 differs)" in done.stderr
    assert not (tmp_path / "new").exists()


PLAIN = """
    from pathlib import Path

    from atom_data import Jsonl, Stage, keep
    from atom_data.signals import count_words

    HERE = Path(__file__).parent

    def stages():
        return (
            Stage(name="pages", reads=Jsonl(str(HERE / "in" / "*.jsonl")), steps=(count_words, keep("cards/words.toml"))),
        )
"""


def run(folder: Path, edit: Callable[[str], str] = lambda text: text, least: int = 2) -> Workspace:
    path = project(folder, edit(PLAIN), least)
    done = atom_data("run", path, "-o", folder / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    return Workspace(str(folder / "out"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return run(tmp_path_factory.mktemp("first"))


def change_receipt(workspace: Workspace, change: Callable[[dict[str, Any]], None]) -> None:
    """Write the receipt of a shard as another run would have, with another file."""
    path = workspace.local("pages", "receipts", "1.jsonl.json")
    value = json.loads(path.read_text())
    del value["sha256"]
    file = workspace.local("pages", "1.jsonl.parquet")
    table = pq.read_table(file)
    counts = pa.array(
        [count + (row == 3) for row, count in enumerate(table.column("word_count").to_pylist())],
        table.schema.field("word_count").type,
    )
    pq.write_table(table.set_column(table.schema.get_field_index("word_count"), "word_count", counts), file)
    value["outputs"][0] |= {"sha256": sha256(str(file)), "bytes": file.stat().st_size}
    change(value)
    path.write_bytes(seal(value))


def test_equal_runs_are_the_same(first: Workspace, tmp_path: Path) -> None:
    verdict = judge(first, run(tmp_path))
    assert verdict.same
    assert verdict.first is None


def test_a_changed_card_is_named(first: Workspace, tmp_path: Path) -> None:
    found = judge(first, run(tmp_path, least=4)).first
    assert found is not None
    assert (found.what, found.stage, found.shard) == ("card", "pages", "0.jsonl")
    assert found.said.startswith("cards/words.toml ")


def test_a_changed_recipe_is_named(first: Workspace, tmp_path: Path) -> None:
    found = judge(
        first, run(tmp_path, lambda text: text.replace('"in" / "*.jsonl")', '"in" / "*.jsonl"), source="mine"'))
    ).first
    assert found is not None
    assert found.what == "parameter"
    assert "source" in found.said


def test_a_library_is_named(first: Workspace, tmp_path: Path) -> None:
    other = run(tmp_path)
    change_receipt(other, lambda value: value["identity"]["code"].update(pyarrow="1.0.0"))
    found = judge(first, other).first
    assert found is not None
    assert (found.what, found.said) == ("library", f"pyarrow is 1.0.0, was {pa.__version__}")
    assert found.cell.startswith("pages/1.jsonl.parquet: row 3, word_count of document 'd1-")


def test_a_file_of_code_is_named(first: Workspace, tmp_path: Path) -> None:
    one, other = Workspace(str(tmp_path / "one")), run(tmp_path / "two")
    shutil.copytree(first.local(), one.local())
    page = json.loads(one.local("run", "bundle.json").read_text())
    page["code"]["signals/words.py"] = "0" * 16
    one.local("run", "bundle.json").write_text(json.dumps(page))
    change_receipt(other, lambda value: value["identity"]["code"].update({"atom_data.signals": "f" * 16}))
    found = judge(one, other).first
    assert found is not None
    assert (found.what, found.said) == ("code", "atom_data.signals is other code now (signals/words.py)")


def test_where_nothing_else_differs_it_is_the_processor(first: Workspace, tmp_path: Path) -> None:
    one, other = Workspace(str(tmp_path / "one")), run(tmp_path / "two")
    shutil.copytree(first.local(), one.local())
    page = json.loads(one.local("run", "bundle.json").read_text())
    page["machine"] = {"architecture": "z80", "processor": "Zilog Z80", "features": "none"}
    one.local("run", "bundle.json").write_text(json.dumps(page))
    change_receipt(other, lambda value: None)
    verdict = judge(one, other)
    assert verdict.first is not None
    assert verdict.first.what == "processor"
    assert "made on Zilog Z80 (none), again on " in verdict.first.said
    assert any(line.endswith("was Zilog Z80") for line in verdict.noted)


def test_what_cannot_be_made_again_is_a_sentence(first: Workspace, tmp_path: Path) -> None:
    shutil.copytree(first.local(), tmp_path / "old")
    shutil.rmtree(tmp_path / "old" / "run")
    done = atom_data("reproduce", tmp_path / "old", "--into", tmp_path / "new")
    assert done.returncode == 1
    assert "no run/bundle.json" in done.stderr
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    done = atom_data("reproduce", first.root, "--into", tmp_path / "full")
    assert done.returncode == 2
    assert "holds something already" in done.stderr
    shutil.copytree(first.local(), tmp_path / "one")
    (tmp_path / "one" / "removals").mkdir()
    (tmp_path / "one" / "removals" / "list.parquet").write_bytes(b"a list")
    done = atom_data("reproduce", tmp_path / "one", "--into", tmp_path / "with_list", "--prepare")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "with_list" / "removals" / "list.parquet").read_bytes() == b"a list"
    done = atom_data("reproduce", first.root, "--into", tmp_path / "ready", "--prepare")
    assert done.returncode == 0, done.stderr
    assert "again.py" in done.stdout
    assert (tmp_path / "ready" / "run" / "again.py").is_file()
    assert not (tmp_path / "ready" / "pages").exists()
    done = atom_data("reproduce", first.root, "--into", tmp_path / "ready")
    assert done.returncode == 0, done.stderr
