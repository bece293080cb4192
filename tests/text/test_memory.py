"""A kernel that was kept on disk is used again only with the sources it was made of."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import njit

import atom_data
from atom_data.text import memory
from atom_data.text.lines import line_counts
from tests.text.reference import buffers_of

PACKAGE = Path(atom_data.__file__).parent
SCRIPT = """
import pyarrow as pa
from atom_data.text.statistics import counts
from atom_data.text.buffers import string_buffers
print(counts.character_counts(string_buffers(pa.array(["é", "a", ""]))).tolist())
print(sum(counts._count_characters.stats.cache_hits.values()))
"""


INLINED = """
from atom_data.text.memory import inlined

@inlined
def grown(value):
    return value + 1
"""
KERNEL = """
from atom_data.text.memory import kernel
from atom_data.text.nested.inlined import grown

@kernel
def outside(value):
    return grown(value) * 10
"""
ASKED = """
from atom_data.outside import outside
print(outside(1))
print(sum(outside.stats.cache_hits.values()))
"""


def run(folder: Path, script: str = SCRIPT) -> list[str]:
    """What the script prints over the copy of the package in the folder."""
    environment = {"PYTHONPATH": str(folder), "PATH": os.environ.get("PATH", ""), "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.splitlines()


def test_kernel_kept_code_is_used_until_an_inlined_source_changes(tmp_path: Path) -> None:
    copy = tmp_path / "atom_data"
    shutil.copytree(PACKAGE / "text", copy / "text", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("errors.py", "batch.py"):
        shutil.copy(PACKAGE / name, copy / name)
    (copy / "__init__.py").touch()
    assert run(tmp_path) == ["[1, 1, 0]", "0"]
    assert run(tmp_path) == ["[1, 1, 0]", "1"]
    # Every byte now looks like zero, in a file that the kernel of counts.py only inlines from.
    memory_source = copy / "text" / "memory.py"
    source = memory_source.read_text()
    changed = source.replace("    return array[np.uint64(position)]", "    return array[np.uint64(position)] & 0")
    assert changed != source
    memory_source.write_text(changed)
    assert run(tmp_path) == ["[2, 1, 0]", "0"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A package with one kernel outside `text`, which inlines a function from a folder below it."""
    nested = tmp_path / "atom_data" / "text" / "nested"
    nested.mkdir(parents=True)
    for folder in (nested, nested.parent, nested.parents[1]):
        (folder / "__init__.py").touch()
    shutil.copy(PACKAGE / "text" / "memory.py", nested.parent)
    (nested / "inlined.py").write_text(INLINED)
    (tmp_path / "atom_data" / "outside.py").write_text(KERNEL)
    assert run(tmp_path, ASKED) == ["20", "0"]
    assert run(tmp_path, ASKED) == ["20", "1"]
    return tmp_path


def test_kernel_is_compiled_again_when_a_source_in_a_folder_below_changes(small: Path) -> None:
    (small / "atom_data" / "text" / "nested" / "inlined.py").write_text(INLINED.replace("+ 1", "+ 2"))
    assert run(small, ASKED) == ["30", "0"]


def test_kernel_in_another_folder_is_compiled_again_when_its_own_file_changes(small: Path) -> None:
    (small / "atom_data" / "outside.py").write_text(KERNEL.replace("* 10", "* 20"))
    assert run(small, ASKED) == ["40", "0"]


def test_kernel_without_a_folder_to_write_to_still_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: bool) -> object:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(memory, "njit", refuse)
    compiled = memory.kernel(_double)
    assert compiled(21) == 42


def _double(value: int) -> int:
    return 2 * value


def test_read_only_arrays_need_one_compilation() -> None:
    line_counts(buffers_of([]))
    line_counts(buffers_of(["a\nb"]))
    line_counts(buffers_of([b"\xff", None]))
    from atom_data.text.lines import _count_lines

    assert len(_count_lines.signatures) == 1
    view = memory.read_only(np.zeros(3))
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
