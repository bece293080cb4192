"""What a job loads, calls and holds is reached; what was made before an edit is stale, or is not."""

import functools
import importlib
import importlib.metadata
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from datatrove.pipeline.filters import RegexFilter

import atom_data
from atom_data import (
    Jsonl,
    Stage,
    Warc,
)
from atom_data.assets import filters_folder
from atom_data.bridge import DatatroveFilter
from atom_data.identity import label
from atom_data.import_graph import WITHOUT_EFFECT, import_graph
from atom_data.imports import WHOLE
from atom_data.reach import job_imports
from atom_data.rewrite import RepairUnicode
from atom_data.runner.recipe import load_recipe
from atom_data.runner.worker import do_task
from atom_data.signals import (
    CheckUrl,
)
from atom_data.workspace import Workspace
from tests.command import ROOT, SAMPLE, recipe
from tests.test_contract import batch, exported

PACKAGE = Path(atom_data.__file__).parent
WATCHERS = ("runner", "sketches")
"""What calls jobs, or looks at what they did."""


LOADED = """
import os, pickle, sys
import numba, numpy, pyarrow, pyarrow.compute, pyarrow.parquet  # once for all
batch, steps = pickle.load(open(sys.argv[1], "rb"))
for step in steps:
    process = os.fork()
    if process == 0:
        numba.config.DISABLE_JIT = b"FastText" not in step  # a few rows need no machine code, but for SIMD lanes
        pickle.loads(step)(batch)
        print(*[name for name in sys.modules if name.partition(".")[0] == "atom_data"], flush=True)
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0, step
"""


def test_steps_load_nothing_that_is_not_reached(tmp_path: Path) -> None:
    steps = [*exported(), DatatroveFilter(block=RegexFilter, options={"regex_exp": "fox"})]
    (tmp_path / "steps").write_bytes(
        pickle.dumps((batch(["Any text.", None, ""]), [pickle.dumps(step) for step in steps]))
    )
    command = [sys.executable, "-W", "ignore", "-c", LOADED, str(tmp_path / "steps")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(steps) > 30
    for step, line in zip(steps, lines, strict=True):
        stage = Stage(name="one", reads=Jsonl("*.jsonl", source="test"), steps=(step,))
        assert set(line.split()) - WITHOUT_EFFECT - import_graph().reached(job_imports(stage)) == set(), label(step)


def test_jobs_call_nothing_that_is_not_reached(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(2):
        texts = [
            f"A text of some words that is {'the same' if line % 2 else f'number {number} {line}'}."
            for line in range(8)
        ]
        lines = [
            {"id": f"{number}-{line}", "text": f"{text}\nOne line more for all.\n"} for line, text in enumerate(texts)
        ]
        (tmp_path / "in" / f"{number}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    shutil.copy(SAMPLE / "tokenizer.json", tmp_path)
    workspace, graph = Workspace(str(tmp_path / "out"), "token"), import_graph()
    modules = {str(Path(graph.paths[place])): module for module, place in graph.files.items()}
    for job in load_recipe(str(recipe(tmp_path, RUN.format(folder=tmp_path)))).jobs:
        for task in job.tasks(workspace):
            files = called(lambda job=job, task=task: do_task(job, task, workspace, lambda *_: None))  # type: ignore[misc]
            found = {modules[file] for file in files if file in modules and file.split("/")[-2] not in WATCHERS}
            assert "atom_data.storage.paths" in found
            rest = found - graph.reached(job_imports(job)) - {"atom_data.reach", "atom_data.import_graph"}
            assert rest == set(), job.name


RUN = """
    from pathlib import Path
    from atom_data import Copies, Jsonl, Lines, MinHash, RemoveSpans, Repeats, SameText, Stage, Substrings, Tokenize, keep
    from atom_data import hold_out
    from atom_data.rewrite import ReplacePrivate
    from atom_data.signals import count_words

    def stages():
        folder = Path("{folder}")
        clean = Stage(name="clean", reads=Jsonl(str(folder / "in"), source="test"), steps=(count_words, ReplacePrivate()))
        distinct = Stage(name="distinct", reads=Copies(of=clean, by=SameText()), steps=(keep("first_copy"),))
        unique = Stage(name="unique", reads=Copies(of=distinct, by=MinHash()))
        cut = Stage(name="cut", reads=Repeats(of=unique, by=Lines(), allow_loss=1.0), steps=(RemoveSpans(),))
        spans = Stage(name="spans", reads=Repeats(of=unique, by=Substrings(length=16), allow_loss=1.0))
        train, _ = hold_out(unique, 0.01)
        return (cut, spans, Tokenize(name="tokens", reads=train, tokenizer=folder / "tokenizer.json"))
"""


LISTS = {"shards", "schema"}
"""What stages ask those before them: names and columns, which stand in what the job reads."""


def called(action: Callable[[], object]) -> set[str]:
    """Return the files of all functions that were called, in threads too, but for those below LISTS."""
    files: set[str] = set()

    def note(frame: FrameType | None, event: str, _: object) -> None:
        if event != "call" or frame is None:
            return
        file = frame.f_code.co_filename
        while file not in files and frame is not None and frame.f_code.co_name not in LISTS:
            frame = frame.f_back
        if frame is None:
            files.add(file)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return files


PLAN = """
import sys
from atom_data.runner.plan import plan_job
from atom_data.runner.recipe import load_recipe
from atom_data.runner.worker import do_task
from atom_data.workspace import Workspace
for job in load_recipe("recipe.py").jobs:
    for why in plan_job(job, Workspace("out", "token")).reasons:
        print(job.name, why, sep=": ")
"""
TWO = """
    from atom_data import Copies, Jsonl, SameText, Stage, keep
    from atom_data.signals import count_words

    def own(batch):
        return batch

    def stages():
        clean = Stage(name="clean", reads=Jsonl("in.jsonl", source="test"), steps=(count_words, own))
        return (Stage(name="distinct", reads=Copies(of=clean, by=SameText(), name="same"), steps=(keep("first_copy"),)),)
"""


def test_what_was_made_before_an_edit_is_stale_or_is_not(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "atom_data")  # with the compiled kernels, which go by content
    shutil.copytree(filters_folder(), tmp_path / "filters")
    (tmp_path / "in.jsonl").write_text('{"id": "1", "text": "Some words."}\n')
    recipe(tmp_path, TWO)

    def python(*arguments: str) -> list[str]:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def stale(place: str, old: str, new: str) -> set[str]:
        path = tmp_path / "atom_data" / place
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new, 1))
        said = python("-c", PLAN)
        path.write_text(before)
        room = f"atom_data.{place.split('/')[0]}"
        assert all(line.endswith(f": the code of {room} changed") for line in said)
        return {line.partition(":")[0] for line in said}

    python("-m", "atom_data.cli", "run", "recipe.py", "-o", "out", "-w", "1")
    assert python("-c", PLAN) == []
    assert stale("stage.py", '"""', '"""Edited. ') == set()
    of_the_pass = stale("dedup/marks.py", "\nimport ", "\nEDITED = 1\nimport ")
    assert of_the_pass >= {"distinct", "same"} and "clean" not in of_the_pass
    assert stale("text/words.py", "\nimport ", "\nEDITED = 1\nimport ") >= {"clean"}
    assert stale("readers/jsonl.py", "\nimport ", "\nEDITED = 1\nimport ") == {"clean"}
    assert stale("readers/warc.py", "\nimport ", "\nEDITED = 1\nimport ") == set()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's module with a step, a class with a base in another file, and a source."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_base.py").write_text(
        "from atom_data.text.statistics.segments import cut_segments\n\nclass Base:\n    pass\n"
    )
    (tmp_path / "own_steps.py").write_text(
        "from dataclasses import dataclass\n"
        "from atom_data import Copies, Jsonl\n"
        "from atom_data.text.words import whitespace_words as words\n"
        "from own_base import Base\n\n"
        "def plain(batch):\n    return batch\n\n"
        "def counted(batch):\n    return words(batch)\n\n"
        "def reads():\n    return Copies, Jsonl\n\n"
        "@dataclass(frozen=True)\nclass Step(Base):\n    inner: object = None\n\n"
        "    def __call__(self, batch):\n        return batch\n\n"
        "def wrapping(step):\n    return lambda batch: step(batch)\n"
    )
    yield tmp_path
    for name in ("own_steps", "own_base"):
        sys.modules.pop(name, None)


def reached_by(*steps: object) -> set[str]:
    stage = Stage(name="one", reads=Jsonl("*.jsonl", source="test"), steps=steps)  # type: ignore[arg-type]
    bare = Stage(name="one", reads=Jsonl("*.jsonl", source="test"))
    return set(import_graph().reached(job_imports(stage)) - import_graph().reached(job_imports(bare)))


def test_a_step_of_the_users_reaches_what_it_names(own: Path) -> None:
    steps = importlib.import_module("own_steps")
    helper = {"atom_data.text.statistics.segments"}  # its file imports `own_base`, which counts whole
    assert reached_by(steps.plain) >= helper
    assert not {"atom_data.text.words", "atom_data.dedup.copies"} & reached_by(steps.plain)
    assert "atom_data.text.words" in reached_by(steps.counted)
    assert "atom_data.dedup.copies" in reached_by(steps.reads)


@pytest.mark.parametrize("wrap", ["field", "closure", "partial", "method", "tuple", "keyword"])
def test_a_step_inside_another_is_reached(own: Path, wrap: str) -> None:
    steps = importlib.import_module("own_steps")
    inner = CheckUrl()
    wrapped: dict[str, Callable[[], object]] = {
        "field": lambda: steps.Step(inner=inner),
        "closure": lambda: steps.wrapping(inner),
        "partial": lambda: functools.partial(steps.plain, inner),
        "keyword": lambda: functools.partial(steps.plain, step={"a": [inner]}),
        "method": lambda: inner.__call__,
        "tuple": lambda: steps.Step(inner=(1, (inner,))),
    }
    assert "atom_data.signals.urls" in reached_by(wrapped[wrap]())


def test_what_nobody_can_look_into_reaches_everything() -> None:
    space: dict[str, object] = {"__name__": "nowhere"}
    exec("def step(batch):\n    return batch", space)
    assert job_imports(Stage(name="one", reads=Jsonl("*.jsonl", source="test"), steps=(space["step"],))) >= {WHOLE}  # type: ignore[arg-type]
    assert import_graph().reached([WHOLE]) == set(import_graph().files) - WITHOUT_EFFECT


def test_an_earlier_stage_counts_by_its_shards_and_not_by_its_steps() -> None:
    first = Stage(name="first", reads=Warc("*.warc.gz", source="test"), steps=(CheckUrl(), RepairUnicode()))
    second = Stage(name="second", reads=first)
    reached = import_graph().reached(job_imports(second))
    assert "atom_data.stage" in reached
    assert not {name for name in reached if name.split(".")[1:2] in (["readers"], ["signals"], ["rewrite"])}
