"""Bad input: one sentence of the form `where: what is wrong; what there is. What to do.`, the right exit code, no traceback."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import ROOT, SAMPLE, Done, atom_data, recipe

DOCUMENTS = [{"id": f"d{i}", "text": f"Document number {i} says something of its own. " * 3} for i in range(50)]

PLAIN = """
    from atom_data import Jsonl, Stage

    def stages():
        return (Stage(name="copied", reads=Jsonl({files!r}, source="test")),)
"""


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "documents.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(line) + "\n" for line in DOCUMENTS))
    return path


def failed(done: Done | subprocess.CompletedProcess[str], code: int) -> str:
    """Return the last line of the error output; the exit code must be right and no traceback shown."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr.strip().splitlines()[-1]


def test_unknown_option_is_refused() -> None:
    text = failed(atom_data("run", "pipelines/sample.py", "--worker", 3), 2)
    assert text.startswith("atom-data run: no such option: --worker"), text
    assert text.endswith("Try: atom-data run --help")


def test_unknown_command_is_refused() -> None:
    assert failed(atom_data("rum"), 2).startswith("atom-data: no such command 'rum'")


def test_missing_recipe_is_refused() -> None:
    text = failed(atom_data("check", "pipelines/nothing.py"), 2)
    assert text == "pipelines/nothing.py: no such recipe. Give the path of a Python file with a function stages()."


def test_recipe_that_raises_names_line(tmp_path: Path) -> None:
    path = recipe(tmp_path, "x = 1\ny = x / 0\n")
    text = failed(atom_data("check", path), 2)
    assert text == f"{path}, line 2: the recipe raised ZeroDivisionError: division by zero. Correct the recipe."


def test_recipe_with_syntax_error_names_line(tmp_path: Path) -> None:
    path = recipe(tmp_path, "def stages(:\n")
    assert failed(atom_data("check", path), 2).startswith(f"{path}, line 1: ")


def test_recipe_without_stages_is_refused(tmp_path: Path) -> None:
    path = recipe(tmp_path, "x = 1\n")
    text = failed(atom_data("check", path), 2)
    assert text == f"{path}: it has no function stages(). Add one that returns the stages as a tuple."


def test_misspelled_column_names_those_there(tmp_path: Path, documents: Path) -> None:
    text = PLAIN.replace('source="test")', 'source="test"), writes=("id", "txet")')
    path = recipe(tmp_path, text.format(files=str(documents)))
    said = failed(atom_data("check", path), 2)
    assert "stage 'copied' writes 'txet', but no step adds it; columns here: id," in said
    assert said.endswith("Correct the name or add the step.")


def test_wrong_order_names_step_and_columns(tmp_path: Path, documents: Path) -> None:
    path = recipe(
        tmp_path,
        f"""
        from atom_data import Jsonl, Stage, keep
        from atom_data.signals import count_words

        def stages():
            reads = Jsonl({str(documents)!r}, source="test")
            return (Stage(name="clean", reads=reads, steps=(keep("gopher_quality"), count_words)),)
        """,
    )
    said = failed(atom_data("check", path), 2)
    assert "stage 'clean', step 1 (keep(\"gopher_quality\")): no columns 'word_count', 'mean_word_chars'," in said
    assert "Add the step that makes them before the step that needs it. The signal count_words adds word_count," in said


def test_missing_card_names_those_there(tmp_path: Path) -> None:
    path = recipe(tmp_path, "from atom_data import keep\n\ndef stages():\n    return (keep('gopher'),)\n")
    said = failed(atom_data("check", path), 2)
    assert f"{path}, line 4: no filter card 'gopher'; there are " in said
    assert said.endswith("`atom-data list cards` shows them all; a card of your own is a path that ends in .toml.")


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ('source = "x"\n[[rule]]\nreason = "a"\ncolumn = "n"\nmim = 1\n', "own.toml, rule 1: unknown key 'mim'"),
        ('source = "x"\n[[rule]]\nreason = "a"\ncolumn = "n"\n', "own.toml, rule 1: no bound"),
        ('source = "x"\n', "own.toml: has no rule"),
        ('[[rule]]\nreason = "a"\ncolumn = "n"\nmin = 1\n', "own.toml: names no source"),
        ('source = "x"\n[[rule]]\nreason = "a"\ncolumn = "n"\nmin = "1"\n', "own.toml, rule 1: min is '1'"),
        ("source = ", "own.toml: is not TOML"),
    ],
)
def test_wrong_card_names_rule(tmp_path: Path, page: str, what: str) -> None:
    card = tmp_path / "own.toml"
    card.write_text(page)
    path = recipe(tmp_path, f"from atom_data import keep\n\ndef stages():\n    return (keep({str(card)!r}),)\n")
    assert what in failed(atom_data("check", path), 2)


def test_check_says_that_there_is_nothing_to_read(tmp_path: Path) -> None:
    path = recipe(tmp_path, PLAIN.format(files=str(tmp_path / "none" / "*.jsonl")))
    done = atom_data("check", path)
    assert failed(done, 2).endswith("no such file or folder, and no file matches it. Check the path.")
    assert "1 stage\n" in done.stdout, "what fits is said first"


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = recipe(tmp_path, PLAIN.format(files=str(tmp_path / "in")))
    done = atom_data("run", path, "-o", tmp_path / "out")
    assert done.returncode in (1, 2)
    said = failed(done, done.returncode)
    assert str(tmp_path / "in") in said
    assert not (tmp_path / "out").exists()


def test_unreadable_file_is_named(tmp_path: Path, documents: Path) -> None:
    """A folder with the name of a file: unreadable for everybody, root as well."""
    broken = tmp_path / "in" / "broken.jsonl.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00nonsense that is not a gzip stream at all")
    path = recipe(tmp_path, PLAIN.format(files=str(tmp_path / "in")))
    done = atom_data("run", path, "-o", tmp_path / "out", "--retries", 0)
    said = failed(done, 1)
    assert "1 shard failed (copied/broken" in said
    assert "broken.jsonl" in done.stderr
    assert (tmp_path / "out" / "copied" / "documents.jsonl.parquet").exists(), "the other shards go on"
    broken.write_bytes(gzip.compress(json.dumps({"id": "x", "text": "whole again"}).encode() + b"\n"))
    again = atom_data("run", path, "-o", tmp_path / "out")
    assert again.returncode == 0, again.stderr
    assert "copied: 1 shard is done already, 1 to make" in again.stderr


def test_truncated_gzip_keeps_what_was_read_and_is_counted(tmp_path: Path) -> None:
    source = SAMPLE / "sample-00003.warc.gz"
    cut = tmp_path / "in" / "cut.warc.gz"
    cut.parent.mkdir()
    cut.write_bytes(source.read_bytes()[:200_000])
    text = PLAIN.replace("Jsonl", "Warc").replace('source="test")', 'source="test"), allow_unreadable=0.5')
    path = recipe(tmp_path, text.format(files=str(cut)))
    done = atom_data("run", path, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    receipt = json.loads((tmp_path / "out" / "copied" / "receipts" / "cut.warc.json").read_text())
    assert receipt["rows_out"] > 20
    assert receipt["unreadable"] == {"warc.truncated": 1}
    assert (tmp_path / "out" / "copied" / "dead" / "cut.warc.parquet").exists()


def test_parquet_without_column_names_those_there(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"identifier": ["a"], "body": ["text"]}), tmp_path / "odd.parquet")
    path = recipe(tmp_path, PLAIN.replace("Jsonl", "Parquet").format(files=str(tmp_path / "odd.parquet")))
    said = failed(atom_data("check", path), 2)
    assert "odd.parquet" in said
    assert "no column 'text'; columns there: identifier, body" in said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no permission to mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk_leaves_no_receipt_and_a_later_run_goes_on(tmp_path: Path, small_disk: Path) -> None:
    files = str(SAMPLE / "*.warc.gz")
    path = recipe(tmp_path, PLAIN.replace("Jsonl", "Warc").format(files=files))
    done = atom_data("run", path, "-o", small_disk / "out", "-w", 2, "--retries", 0)
    assert "shards failed" in failed(done, 1)
    assert "cannot be written (no space left on device). Free some space, then run again" in done.stderr
    assert not list(small_disk.rglob("*.partial"))
    for receipt in small_disk.rglob("receipts/*.json"):
        for output in json.loads(receipt.read_text())["outputs"]:
            assert (small_disk / "out" / output["path"]).stat().st_size == output["bytes"]
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    again = atom_data("run", path, "-o", small_disk / "out", "-w", 2)
    assert again.returncode == 0, again.stderr
    assert atom_data("verify", small_disk / "out").returncode == 0


def test_disk_that_becomes_read_only_leaves_no_receipt_and_a_later_run_goes_on(
    documents: Path, tmp_path: Path, small_disk: Path
) -> None:
    text = PLAIN.format(files=str(documents)).replace("return (Stage(", "copied = Stage(").replace("),)\n", ")\n")
    path = recipe(tmp_path, text + "        return (Stage(name='again', reads=copied),)\n")
    out = small_disk / "out"
    assert atom_data("run", path, "-o", out, "-w", 1, "--stage", "copied").returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    done = atom_data("run", path, "-o", out, "-w", 1)
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    said = failed(done, 1)
    assert "cannot be written (read-only file system). Mend its permissions or choose another --output" in said
    assert not (out / "again").exists()
    assert not list(out.rglob("*.partial"))
    again = atom_data("run", path, "-o", out, "-w", 1)
    assert again.returncode == 0, again.stderr
    assert atom_data("verify", out).returncode == 0


def test_output_that_is_a_file_is_refused(tmp_path: Path, documents: Path) -> None:
    path = recipe(tmp_path, PLAIN.format(files=str(documents)))
    said = failed(atom_data("run", path, "-o", documents), 1)
    assert said == f"{documents}: is a file, not a folder. Give another --output."


def test_output_without_permission_is_named(tmp_path: Path, documents: Path) -> None:
    path = recipe(tmp_path, PLAIN.format(files=str(documents)))
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    command = [sys.executable, "-m", "atom_data.cli", "run", str(path), "-o", str(locked / "out")]
    if os.geteuid() == 0:  # root writes anywhere: become nobody
        tmp_path.chmod(0o755)
        for parent in tmp_path.parents:
            if parent.stat().st_mode & 0o005 != 0o005 and parent.owner() == "root" and parent != Path("/root"):
                parent.chmod(parent.stat().st_mode | 0o005)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)
    if "setpriv" in done.stderr or "Permission denied" in done.stderr[:200]:
        pytest.skip(f"cannot run as another user here: {done.stderr[:100]}")
    said = failed(done, 1)
    assert "cannot be written (permission denied). Mend its permissions or choose another --output" in said


def test_card_that_drops_nearly_all_stops_the_stage(tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text("".join(json.dumps({"id": str(i), "text": "Too short."}) + "\n" for i in range(1200)))
    path = recipe(
        tmp_path,
        f"""
        from atom_data import Jsonl, Stage, keep
        from atom_data.signals import count_lines, count_words

        def stages():
            steps = (count_words, count_lines, keep("gopher_quality"))
            return (Stage(name="clean", reads=Jsonl({str(many)!r}, source="test"), steps=steps),)
        """,
    )
    said = failed(atom_data("run", path, "-o", tmp_path / "out"), 1)
    assert "stage 'clean': the card 'gopher_quality' dropped 1,200 of 1,200 documents; allowed are 98%" in said


def test_too_many_unreadable_records_stop_the_stage(tmp_path: Path, documents: Path) -> None:
    documents.write_text(documents.read_text() + "{broken\n" * 20)
    path = recipe(tmp_path, PLAIN.format(files=str(documents)))
    said = failed(atom_data("run", path, "-o", tmp_path / "out"), 1)
    assert "stage 'copied': 20 of 70 records were unreadable (jsonl.bad_json: " in said
    assert "; allowed are 5%. Look into copied/dead" in said
