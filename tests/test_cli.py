"""What a person sees: tables, documents, batches, the way of a document, and help that teaches."""

import ast
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

import atom_data as whole
from atom_data import dedup, extract, signals
from atom_data.commands.app import COMMANDS
from tests.command import ROOT, atom_data, recipe

RECIPE = ROOT / "pipelines" / "sample.py"


def test_check_lists_stages_and_columns() -> None:
    done = atom_data("check", RECIPE)
    assert done.returncode == 0, done.stderr
    assert "extracted  id: string, url: string, date: string" in done.stdout
    assert done.stdout.strip().endswith("7 stages, each reads what the one before it writes")


def test_status_shows_counts_and_reasons(sample_run: Path) -> None:
    done = atom_data("status", RECIPE, "-o", sample_run)
    assert done.returncode == 0, done.stderr
    row = re.search(r"^extracted +6/6 +([\d,]+) +([\d,]+) +([\d,]+) ", done.stdout, re.M)
    assert row is not None
    numbers = [int(cell.replace(",", "")) for cell in row.groups()]
    assert numbers[0] == numbers[1] + numbers[2]
    assert "web_page.http_status" in done.stdout
    assert "unreadable: warc.truncated" in done.stdout


def test_status_before_a_run_says_not_begun(tmp_path: Path) -> None:
    done = atom_data("status", RECIPE, "-o", tmp_path)
    assert done.returncode == 0
    assert done.stdout.count("not begun") == 7


def test_peek_shows_dropped_documents_with_numbers_and_text(sample_run: Path) -> None:
    done = atom_data(
        "peek", RECIPE, "-o", sample_run, "--stage", "clean", "--reason", "gopher_multilingual.characters", "-n", 2
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("gopher_multilingual.characters") == 2
    assert "text_chars is " in done.stdout
    assert len(done.stdout.strip().splitlines()) > 4


@pytest.mark.parametrize("stage", [("--stage", "extracted"), ()])
def test_peek_shows_pages_dropped_before_they_had_text(sample_run: Path, stage: tuple[str, ...]) -> None:
    """A reason says by itself which stage it is of."""
    done = atom_data("peek", RECIPE, "-o", sample_run, *stage, "--reason", "web_page.http_status", "-n", 1)
    assert done.returncode == 0, done.stderr
    assert "http_status is " in done.stdout


def test_peek_unknown_reason_names_those_there(sample_run: Path) -> None:
    done = atom_data("peek", RECIPE, "-o", sample_run, "--stage", "clean", "--reason", "too_short")
    assert done.returncode == 2
    assert "clean: nothing was dropped for 'too_short'; reasons there: gopher_multilingual." in done.stderr


def test_peek_into_a_pass_is_refused(sample_run: Path) -> None:
    done = atom_data("peek", RECIPE, "-o", sample_run, "--stage", "near")
    assert done.returncode == 2
    assert "'near' is not a stage but a pass" in done.stderr


def test_batches_show_shape_state_and_origin(sample_run: Path) -> None:
    done = atom_data("batches", sample_run / "tokens", "--count", 3, "--batch-size", 2, "--length", 128)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("2 x 128 tokens") == 3
    assert "'consumed': 6" in done.stdout
    assert re.search(r"record at byte [\d,]+ of sample-0000\d\.warc\.gz", done.stdout)


def test_trace_leads_from_tokens_to_the_record(sample_run: Path) -> None:
    drawn = atom_data("batches", sample_run / "tokens", "--count", 1)
    identity = drawn.stdout.split()[-1]
    done = atom_data("trace", sample_run / "tokens", identity)
    assert done.returncode == 0, done.stderr
    words = re.findall(r"^(\S+)", done.stdout, re.M)  # what is indented belongs to the line above it
    assert set(words[6:]) == {"to"}, "the samples to come that read it"
    assert words[:6] == [
        "tokens",
        "fuzzy_deduped",
        "exact_deduped",
        "clean",
        "extracted",
        "source",
    ]
    place = re.search(r"record at byte ([\d,]+) of (sample-0000\d\.warc\.gz)", done.stdout)
    assert place is not None
    with (ROOT / "pipelines" / "sample" / place[2]).open("rb") as file:
        file.seek(int(place[1].replace(",", "")))
        assert file.read(3) == b"\x1f\x8b\x08", "the record's gzip member begins there"


def test_trace_of_a_step_and_back(sample_run: Path) -> None:
    run = ("--length", 128, "--batch-size", 2, "--world", 4)
    done = atom_data("trace", sample_run / "tokens", "--step", 5, "--rank", 3, *run)
    assert done.returncode == 0, done.stderr
    assert [int(number) for number in re.findall(r"^sample (\d+)", done.stdout, re.M)] == [46, 47]
    assert re.search(r"record at byte [\d,]+ of sample-0000\d\.warc\.gz", done.stdout)
    assert re.search(r"^ +clean  ", done.stdout, re.M)
    identity = re.findall(r"^ +document (\S+)", done.stdout, re.M)[0]
    back = atom_data("trace", sample_run / "tokens", identity, *run)
    assert back.returncode == 0, back.stderr
    assert re.search(r"sample 46 .*step 5, rank 3", back.stdout)


def test_trace_knows_what_a_state_has_seen(sample_run: Path, tmp_path: Path) -> None:
    drawn = atom_data("batches", sample_run / "tokens", "--count", 1, "--batch-size", 1, "--length", 128)
    identity = drawn.stdout.split()[-1]
    state = re.search(r"\{.*?\}", drawn.stdout)
    assert state is not None
    (tmp_path / "state.json").write_text(state[0].replace("'", '"'))
    done = atom_data("trace", sample_run / "tokens", identity, "--state", tmp_path / "state.json")
    assert done.returncode == 0, done.stderr
    assert re.search(r"seen +sample 0 ", done.stdout)
    (tmp_path / "state.json").write_text(state[0].replace("'", '"').replace('"seed": 0', '"seed": -1'))
    done = atom_data("trace", sample_run / "tokens", identity, "--state", tmp_path / "state.json")
    assert done.returncode == 2
    assert "no loader state" in done.stderr or "the seed is -1" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "Give the id of a document, --step or --sample"),
        (("--step", 1, "--rank", 4, "--world", 4), "rank 4 of 4"),
        (("x", "--step", 1), "Give the id of a document, --step or --sample"),
    ],
)
def test_trace_of_nothing_is_refused(sample_run: Path, arguments: tuple[object, ...], text: str) -> None:
    done = atom_data("trace", sample_run / "tokens", *arguments)
    assert done.returncode == 2
    assert text in " ".join(done.stderr.split())


def test_trace_unknown_document_is_refused(sample_run: Path) -> None:
    done = atom_data("trace", sample_run / "tokens", "nobody")
    assert done.returncode == 2
    assert "no document 'nobody' in its shards" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--part", "3"), "--part: '3' is not I/N with I from 0 to N - 1"),
        (("--part", "2/2", "--stage", "clean"), "--part: '2/2' is not I/N"),
        (("--part", "0/2"), "--part: it needs --stage"),
        (("--stage", "cleen"), "no stage 'cleen'; stages there: extracted, clean, "),
        (("--workers", "-1"), "invalid value for '--workers'"),
    ],
)
def test_run_wrong_options_are_refused(tmp_path: Path, arguments: tuple[str, ...], text: str) -> None:
    done = atom_data("run", RECIPE, "-o", tmp_path / "out", *arguments)
    assert done.returncode == 2
    assert text in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["check", "run", "status", "peek", "verify", "fingerprint", "batches", "trace"])
def test_help_teaches_every_command(command: str) -> None:
    done = atom_data(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.split()) > 30


@pytest.mark.parametrize("package", [whole, signals, dedup, extract], ids=lambda package: package.__name__)
def test_package_gives_what_it_lists(package: ModuleType) -> None:
    tree = ast.parse(Path(package.__file__ or "").read_text("utf-8"))
    told = {
        name.asname for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names if name.asname
    }
    assert told == set(package.__all__)  # what type checkers see is what there is
    assert set(package.__all__) <= set(dir(package))
    assert {getattr(package, name).__name__ for name in package.__all__} == set(package.__all__)
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'Stages'"):
        _ = package.Stages


def test_start_imports_nothing_that_takes_long() -> None:
    code = "import sys, atom_data.cli; print(*{'numpy', 'pyarrow', 'numba', 'duckdb', 'typer', 'smart_open'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_help_lists_all_commands_in_their_order() -> None:
    done = atom_data("--help")
    assert done.returncode == 0
    listed = re.findall(r"^│ ([a-z-]+) {2,}", done.stdout.partition("─ Build ─")[2], re.M)
    assert listed == list(COMMANDS)


def test_command_that_is_none_is_refused() -> None:
    done = atom_data("rum")
    assert done.returncode == 2
    assert "atom-data: no such command 'rum'. Did you mean 'run'" in done.stderr


@pytest.mark.parametrize(
    "length", [1, 200]
)  # a socket's path has 107 bytes at most, whatever a cluster calls its folders
def test_a_run_as_a_process_leaves_its_exit_code_and_no_temporary_file(tmp_path: Path, length: int) -> None:
    (tmp_path / "pages.jsonl").write_text('{"text": "one page"}\n')
    temporary = Path(tempfile.mkdtemp()) / ("t" * length)
    temporary.mkdir()
    path = recipe(
        tmp_path,
        """
        from atom_data import Jsonl, Stage

        def stages():
            return (Stage(name="read", reads=Jsonl("pages.jsonl", source="test")),)
        """,
    )
    said = []
    for words in (("run", path, "-o", "out", "-w", 1), ("verify", "out"), ("verify", "nowhere"), ("run", "none.py")):
        done = subprocess.run(
            [sys.executable, "-m", "atom_data.cli", *map(str, words)], cwd=tmp_path, capture_output=True, text=True,
            check=False, env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        said.append((done.returncode, bool(done.stdout), bool(done.stderr)))
    assert said == [(0, True, False), (0, False, False), (1, False, True), (2, False, True)]
    assert list(temporary.iterdir()) == []
    temporary.rmdir()
    temporary.parent.rmdir()
