"""Parameters of a recipe: read by their annotations, known to the folder, handed to workers, arrays, plan and tune."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Optional

import pyarrow.parquet as pq
import pytest

import atom_data as library
from atom_data.errors import ConfigError
from atom_data.runner.recipe import load_recipe
from atom_data.runner.settings.parameters import as_text, parameters_of, settle
from tests.command import Done, atom_data, recipe

RECIPE = """
    from pathlib import Path
    from atom_data import Jsonl, Stage, keep
    from atom_data.signals import count_words
    from dataclasses import dataclass
    import pyarrow as pa

    @dataclass(frozen=True, kw_only=True)
    class Marked:
        word: str

        def __call__(self, batch):
            return batch.append_column("mark", pa.array([self.word] * batch.num_rows, pa.string()))

    def stages(*, folder: Path, word: str = "first", times: int = 1, lists: Path | None = None):
        marked = Marked(word=word * times)
        measured = Stage(name="measured", reads=Jsonl(f"{folder}/*.jsonl", source="test"), steps=(count_words, marked))
        return (Stage(name="clean", reads=measured, steps=(count_words, keep("words.toml"))),)
"""


def kinds(*, a: str, b: int = 3, c: float = 0.5, d: bool = False, e: Path | None = None) -> None: ...
def more(f: Literal["fast", "full"] = "fast", g: Optional[int] = None, h: Literal[1, None] = 1, i=7) -> None: ...  # type: ignore[no-untyped-def] # noqa: ANN001, UP045
def other(*, given: list[str]) -> None: ...
def skipped(*, steps: tuple[int, ...] = (1,), a: int = 2) -> None: ...
def rest(**options: str) -> None: ...
def unknown(a: "Nothing") -> None: ...  # type: ignore[name-defined] # noqa: F821


def values(stages: Callable[..., object], **given: str) -> dict[str, object]:
    return dict(settle(parameters_of(stages, "r.py"), given, "r.py"))


def test_types_come_from_the_annotations() -> None:
    assert values(kinds, a="x") == {"a": "x", "b": 3, "c": 0.5, "d": False, "e": None}
    assert values(kinds, a="", b="-4", c="1e-3", d="true", e="x/y") == {
        "a": "", "b": -4, "c": 0.001, "d": True, "e": Path.cwd() / "x" / "y",
    }  # fmt: skip
    assert values(kinds, a="x", e="")["e"] is None
    assert values(more) == {"f": "fast", "g": None, "h": 1, "i": 7}
    assert values(more, f="full", g="5", h="", i="8") == {"f": "full", "g": 5, "h": None, "i": 8}
    assert values(skipped, a="5") == {"a": 5}
    assert [str(one) for one in parameters_of(kinds, "")] == [
        "a: str", "b: int = 3", "c: float = 0.5", "d: bool = false", "e: Path | None = None",
    ]  # fmt: skip
    assert [as_text(value) for value in (None, True, 3, 0.1, Path("/x"))] == ["", "true", "3", "0.1", "/x"]


@pytest.mark.parametrize(
    ("stages", "given", "said"),
    [
        (kinds, {}, "r.py: a must be given; parameters there: a: str, b: int = 3, c: float = 0.5, d: bool = false, "
                    "e: Path | None = None. Add --set a=..."),
        (kinds, {"a": "x", "bb": "1"}, "r.py: no parameter 'bb'; parameters there: a: str, b: int = 3"),
        (kinds, {"a": "x", "b": "1.5"}, "r.py: --set b=1.5: '1.5' is not b: int = 3. Give --set b=10."),
        (kinds, {"a": "x", "d": "yes"}, "'yes' is not d: bool = false. Give --set d=true or d=false."),
        (kinds, {"a": "x", "e": "s3://b/x"}, "is not a path of this machine; for a store annotate it str."),
        (more, {"f": "slow"}, "'slow' is not f: 'fast' | 'full' = fast. Give --set f=fast or f=full."),
        (other, {}, "r.py: stages() has 'given: list[str]', which --set cannot read. Annotate it: str, int"),
        (rest, {}, "r.py: stages() takes '**options: str'. Name each parameter"),
        (unknown, {}, "r.py: the annotations of stages() cannot be read: name 'Nothing' is not defined."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_sentence(stages: Callable[..., object], given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        values(stages, **given)
    assert said in str(error.value)


def test_a_misspelt_name_is_met() -> None:
    with pytest.raises(ConfigError, match=r"Did you mean 'crawl'\?"):
        settle(parameters_of(lambda crawl="": None, "r.py"), {"craw": "x"}, "r.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(3):
        lines = [{"id": f"{number}-{i}", "text": f"the text of a page {number} {i} " * 20} for i in range(5)]
        (tmp_path / "in" / f"{number}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    recipe(tmp_path, RECIPE.replace("words.toml", str(tmp_path / "words.toml")))
    (tmp_path / "words.toml").write_text(
        'source = "a test"\n[[rule]]\nreason = "short"\ncolumn = "word_count"\nmin = 1\n'
    )
    return tmp_path


def run(folder: Path, *more: object) -> Done:
    return atom_data("run", folder / "recipe.py", "-o", folder / "out", "-w", 1, "--no-progress", *more)


def marks(folder: Path) -> set[str]:
    files = sorted((folder / "out" / "measured").glob("*.parquet"))
    return {mark for file in files for mark in pq.read_table(file).column("mark").to_pylist()}


def test_a_folder_knows_what_was_set(folder: Path) -> None:
    out, source = folder / "out", folder / "in"
    assert "folder must be given" in run(folder).stderr
    assert not out.exists()
    assert run(folder, "--set", f"folder={source}", "--set", "word=second").returncode == 0
    assert marks(folder) == {"second"}
    record = json.loads((out / "run.json").read_text())
    assert record["settings"] == {"folder": str(source), "word": "second"}
    receipt = json.loads((out / "measured" / "receipts" / "0.jsonl.json").read_text())
    assert receipt["settings"] == {"folder": str(source), "word": "second", "times": 1, "lists": None}
    again = run(folder)
    assert again.returncode == 0 and f"folder={source}, word=second, as in the last run" in again.stderr
    for command in (("status", out), ("status", folder / "recipe.py", "-o", out), ("peek", out), ("verify", out)):
        done = atom_data(*command)
        assert done.returncode == 0, done.stderr
    assert atom_data("clean", out).returncode == 0
    assert run(folder, "--set", "times=2").returncode == 0
    assert marks(folder) == {"secondsecond"}
    assert run(folder, "--set", "word=first", "--set", "times=1").returncode == 0
    assert marks(folder) == {"first"}


def test_what_a_recipe_has_no_more_is_forgotten(folder: Path) -> None:
    run(folder, "--set", f"folder={folder / 'in'}", "--set", "times=2")
    text = (folder / "recipe.py").read_text().replace("times: int = 1, ", "").replace("word * times", "word")
    (folder / "recipe.py").write_text(text)
    assert run(folder).returncode == 0
    assert json.loads((folder / "out" / "run.json").read_text())["settings"] == {"folder": str(folder / "in")}


def test_relative_paths_are_settled_where_they_were_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = atom_data("run", "recipe.py", "-o", "out", "-w", 1, "--set", "folder=in", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert atom_data("status", folder / "out").returncode == 0


def test_check_plan_tune_and_dry_run_take_them(folder: Path) -> None:
    path, given = folder / "recipe.py", ("--set", f"folder={folder / 'in'}")
    done = atom_data("check", path, "-o", folder / "out", *given)
    assert done.returncode == 0, done.stderr
    assert f"parameter folder: Path: set to {folder / 'in'}\n" in done.stdout
    assert "parameter times: int = 1: the default\n" in done.stdout
    assert json.loads(atom_data("check", path, *given, "--json").stdout)["parameters"]["times"] == 1
    dry = atom_data("run", path, "-o", folder / "out", "--dry-run", *given)
    assert "3 to make anew" in dry.stdout, dry.stderr
    plan = atom_data("plan", path, "-o", folder / "out", "--share", 1, "-w", 1, *given)
    assert plan.returncode == 0, plan.stderr
    assert f"--set folder={folder / 'in'}" in plan.stdout
    assert run(folder, *given).returncode == 0
    tuned = atom_data("tune", path, "-o", folder / "out", *given, "--set", "word_count.min=100000")
    assert tuned.returncode == 0, tuned.stderr
    assert "--set: 'x' is not NAME=VALUE" in run(folder, "--set", "x").stderr
    assert "--set: 'word' is given twice" in run(folder, "--set", "word=a", "--set", "word=b").stderr


def test_a_library_run_takes_values(folder: Path) -> None:
    made = library.run(folder / "recipe.py", folder / "out", settings={"folder": folder / "in", "times": 3}, workers=1)
    assert made[0].rows_out == 15
    assert marks(folder) == {"first" * 3}
    assert library.run(folder / "recipe.py", folder / "out", workers=1)[0].rows_out == 15


def test_a_recipe_with_parameters_has_another_hash_for_each_of_them(folder: Path) -> None:
    path, given = str(folder / "recipe.py"), {"folder": str(folder / "in")}
    one, same, other = (load_recipe(path, {**given, **more}) for more in ({}, {"word": "first"}, {"word": "second"}))
    assert one.sha256 == same.sha256 != other.sha256
    assert one.settings == ("--set", f"folder={folder / 'in'}")
    known = load_recipe(path, {"word": "x"}, {**given, "gone": "1", "times": "many"})
    assert known.given == {**given, "word": "x"} and known.remembered == ("folder",)


def test_scripts_of_an_array_say_them(folder: Path) -> None:
    done = run(folder, "--set", f"folder={folder / 'in'}", "--set", "word=a b", "--on", "slurm", "--dry-run")
    assert done.returncode == 2 and "--workers" in done.stderr
    done = atom_data(
        "run", folder / "recipe.py", "-o", folder / "out", "--set", f"folder={folder / 'in'}", "--set", "word=a b",
        "--on", "slurm", "--dry-run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"--set folder={folder / 'in'} --set 'word=a b'" in done.stdout
