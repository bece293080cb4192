"""The script that holds two output folders against each other by content, whatever their stages are called."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.command import ROOT, atom_data, recipe

RECIPE = """
    from atom_data import Copies, Jsonl, SameText, Stage, Tokenize, keep

    def stages():
        read = Stage(name="{read}", reads=Jsonl("pages.jsonl", source="test"), writes=("id", "text"))
        kept = Stage(name="{kept}", reads=Copies(of=read, by=SameText()), steps=(keep("first_copy"),))
        return (Tokenize(name="tokens", reads=kept, tokenizer={tokenizer!r}),)
"""


@pytest.fixture
def script() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield __import__("same_content")
    sys.modules.pop("same_content", None)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two runs of one recipe, whose stages are called otherwise."""
    folder = tmp_path_factory.mktemp("same")
    lines = [f'{{"text": "{" ".join(f"{word} {page % 7}" for word in range(60))}"}}' for page in range(12)]
    (folder / "pages.jsonl").write_text("\n".join(lines) + "\n")
    tokenizer = str(ROOT / "pipelines" / "sample" / "tokenizer.json")
    for out, read, kept in (("a", "read", "distinct"), ("b", "records", "exact_deduped")):
        path = recipe(folder, RECIPE.format(read=read, kept=kept, tokenizer=tokenizer), f"{out}.py")
        done = atom_data("run", path, "-o", folder / out, "-w", 1, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder / "a", folder / "b"


def test_other_names_are_the_same_content(
    script: ModuleType, folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.compare(*folders) == []
    said = capsys.readouterr().out
    assert "distinct = exact_deduped: the same, 1 shards, 2 files" in said
    assert "tokens: the same first 20 batches" in said


@pytest.mark.parametrize("name", ["exact_deduped/pages.jsonl.parquet", "exact_deduped/drops/pages.jsonl.parquet"])
def test_a_byte_that_differs_is_found(
    script: ModuleType, folders: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    shutil.copytree(folders[1], tmp_path / "b")
    content = bytearray((tmp_path / "b" / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "b" / name).write_bytes(content)
    faults = script.compare(folders[0], tmp_path / "b")
    assert [fault.partition(": ")[0] for fault in faults] == [
        f"{folders[0]}/distinct",
        f"{tmp_path / 'b'}/exact_deduped",
    ]


def test_a_job_that_is_missing_is_found(script: ModuleType, folders: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(folders[1], tmp_path / "b")
    shutil.rmtree(tmp_path / "b" / "exact" / "groups")
    (fault,) = script.compare(folders[0], tmp_path / "b")
    assert fault == f"{folders[0]}/exact/groups: nothing in the other folder has this content"
