"""The fuzz targets on their first inputs, so that they work when they are needed; and what fuzzing has found, kept small."""

import random
import subprocess
from pathlib import Path

import pytest

from tests.fuzz.bombs import FILES, PAGES, try_file, try_page
from tests.fuzz.mutate import changed, changed_json
from tests.fuzz.targets import TARGETS, attempt, plainly, tokenizers, try_tokenizer
from tests.readers.archives import outcome, write


@pytest.mark.parametrize("target", TARGETS)
def test_first_inputs_of_a_target(target: str, tmp_path: Path) -> None:
    make, check = TARGETS[target]
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        check(make(random.Random(f"{target}-{number}")), folder)


def test_an_input_follows_from_its_number() -> None:
    for make, _ in TARGETS.values():
        assert make(random.Random("x-7")) == make(random.Random("x-7"))


def test_changes_change() -> None:
    chance = random.Random(1)
    made = {changed(b"some bytes, 123 of them", chance, (b"word",), (b"other",)) for _ in range(200)}
    assert len(made) > 150
    assert len({repr(changed_json({"a": [1, {"b": 2}], "c": "d"}, chance)) for _ in range(100)}) > 20


@pytest.mark.parametrize(
    "page",
    [
        b'{"model": {"vocab": {"a": 0}}, "added_tokens": 1.5}',
        b'{"model": {"vocab": {"a": 0}}, "added_tokens": [1.5]}',
        b'{"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 1, "content": 7, "special": true}]}',
        b'{"model": {"vocab": {"a": 0}}, "added_tokens": ["</s>"]}',
        b'{"model": {"type": "BPE", "vocab": {"</s>": 99999999999999999999}, "merges": []}}',
    ],
)
def test_tokenizer_files_that_were_tracebacks(page: bytes, tmp_path: Path) -> None:
    """Numbers 58, 68, 94 and 159 of the target `tokenizer`, made small."""
    try_tokenizer(("", page), tmp_path)
    assert len(tokenizers()) == 4


def test_repeats_in_a_file_have_ids_by_shard(tmp_path: Path) -> None:
    """Number 241 of the target `jsonl`: equal rows are counted by shard, as the docstring says, so parts count anew."""
    from atom_data import Jsonl

    path = write(tmp_path, "a.jsonl", b'{"text": "same"}\n' * 6)
    whole, parts = outcome(Jsonl(path)), outcome(Jsonl(path, split_bytes=50))
    assert len({row["id"] for row in whole.rows}) == 6
    assert len({row["id"] for row in parts.rows}) < 6
    assert plainly(whole, ids=False) == plainly(parts, ids=False)
    assert attempt(lambda: plainly(outcome(Jsonl(path)))) == attempt(lambda: plainly(outcome(Jsonl(path))))


SMALL = ("http gzip ten times", "jsonl, deep", "jsonl, a number of 5 MB", "html, deep tags", "html, many attributes")


@pytest.mark.parametrize("name", SMALL)
def test_bombs_that_are_quick_to_make(name: str, tmp_path: Path) -> None:
    if name in PAGES:
        assert try_page(PAGES[name]()) == ("too_complex" if name == "html, deep tags" else "ok")
    else:
        suffix, make = FILES[name]
        assert try_file(suffix, make(), tmp_path) not in ("", "nothing")


def test_shim_compiles_and_fails_the_call_that_is_asked_for(tmp_path: Path) -> None:
    """The tool of `make chaos` that nothing else here tries."""
    import os
    import shutil
    import struct
    import sys

    from tests.command import ROOT

    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc)")
    made = tmp_path / "shim.so"
    source = ROOT / "tests" / "chaos" / "shim.c"
    subprocess.run(
        [compiler, "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"],
        check=True,
    )
    counts, opened, second, only_it, number = (0, 0, 0, 0), 0, 2, 0, 5
    (tmp_path / "fault").write_bytes(struct.pack("8q", *counts, opened, second, only_it, number))
    code = (
        "import sys, pathlib\n"
        "for n in range(3):\n"
        "    try: pathlib.Path(sys.argv[1], str(n)).open('wb').close(); print('made')\n"
        "    except OSError as error: print(error.errno)\n"
    )
    said = {"CHAOS_FOLDER": str(tmp_path), "CHAOS_FAULT": str(tmp_path / "fault"), "LD_PRELOAD": str(made)}
    environment = {**os.environ, **said}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["made", "5", "made"]
