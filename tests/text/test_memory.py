"""A kernel that was kept on disk is used again only with the sources it was made of."""

import os
import pkgutil
import shutil
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import atom_data
import atom_data.extract
import atom_data.text
from atom_data.assets import DAY, remove_old
from atom_data.text import memory
from atom_data.text.lines import line_counts
from atom_data.text.memory import Part
from atom_data.text.signatures import declared, decoded, encoded, kernel_name, load
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
from atom_data.text.memory import Part, inlined

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


def environment_of(folder: Path, home: Path | None = None, **more: str) -> dict[str, str]:
    path = {"PYTHONPATH": str(folder), "PATH": os.environ.get("PATH", "")}
    return {**path, "HOME": str(home or folder), **more}


def run(folder: Path, script: str = SCRIPT, home: Path | None = None, **more: str) -> list[str]:
    """What the script prints over the copy of the package in the folder."""
    environment = environment_of(folder, home, **more)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.splitlines()


def test_kernel_kept_code_is_used_until_an_inlined_source_changes(tmp_path: Path) -> None:
    copy = tmp_path / "atom_data"
    shutil.copytree(PACKAGE / "text", copy / "text", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("errors.py", "batch.py", "assets.py"):
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
    for name in ("memory.py", "kernel_cache.py"):
        shutil.copy(PACKAGE / "text" / name, nested.parent)
    for name in ("assets.py", "errors.py"):
        shutil.copy(PACKAGE / name, nested.parents[1])
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


def test_kernel_of_another_environment_is_not_compiled_again(
    small: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(small / "atom_data", other / "atom_data", ignore=shutil.ignore_patterns("__pycache__"))
    assert run(other, ASKED, home=small) == ["20", "1"]
    assert run(other, ASKED) == ["20", "0"], "a home of its own has no kernels"


def test_kernel_that_is_damaged_on_disk_is_compiled_again(small: Path) -> None:
    (file,) = (small / ".cache" / "atom-data" / "kernels").rglob("*.bin")
    for content in (file.read_bytes()[:-1], b"", b"no hash\nat all"):
        file.write_bytes(content)
        assert run(small, ASKED) == ["20", "0"]
        assert run(small, ASKED) == ["20", "1"]


def test_kernel_without_a_folder_to_write_to_still_compiles(small: Path) -> None:
    assert run(small, ASKED, ATOM_DATA_CACHE="/proc/none") == ["20", "0"]
    assert run(small, ASKED, ATOM_DATA_CACHE="/proc/none") == ["20", "0"]


def test_kernel_is_kept_where_atom_data_cache_says(small: Path) -> None:
    assert run(small, ASKED, ATOM_DATA_CACHE=str(small / "here")) == ["20", "0"]
    assert run(small, ASKED, ATOM_DATA_CACHE=str(small / "here")) == ["20", "1"]


def test_many_processes_at_once_leave_whole_kernels(small: Path) -> None:
    environment = environment_of(small, ATOM_DATA_CACHE=str(small / "shared"))
    running = [
        subprocess.Popen([sys.executable, "-c", ASKED], cwd=small, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate()[0].split()[0] for process in running] == ["20"] * 3
    assert run(small, ASKED, ATOM_DATA_CACHE=str(small / "shared")) == ["20", "1"]
    assert [path.suffix for path in (small / "shared").rglob("*") if path.is_file()] == [".bin"], "nothing half-written"


def test_kernels_used_longest_ago_go_when_there_are_many(tmp_path: Path) -> None:
    now = time.time()
    for number in range(6):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "kernel.bin").touch()
        os.utime(tmp_path / f"{number}", (now, now - number * DAY - 60))
    assert {path.name for path in remove_old(tmp_path, most=2)} == {"2", "3", "4", "5"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]
    assert remove_old(tmp_path, most=1) == [tmp_path / "1"]
    assert remove_old(tmp_path, most=0) == [], "what was used within a day stays"


def test_every_kernel_has_the_types_that_it_is_compiled_for() -> None:
    for room in (atom_data.text, atom_data.extract):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith("trafilatura"):  # an extra
                import_module(module.name)
    spaces = [vars(module) for name, module in [*sys.modules.items()] if name.startswith("atom_data")]
    things = [thing for space in spaces for thing in space.values() if isinstance(thing, Dispatcher)]
    kernels = {name for thing in things if (name := kernel_name(thing)) is not None}
    assert kernels == set(declared()), "run `make kernels`"
    assert all(declared().values())
    for signatures in declared().values():
        for signature in signatures:
            assert [encoded(decoded(kind)) for kind in signature] == signature


def test_read_only_arrays_need_one_compilation() -> None:
    line_counts(buffers_of([]))
    line_counts(buffers_of(["a\nb"]))
    line_counts(buffers_of([b"\xff", None]))
    from atom_data.text.lines import _count_lines

    assert len(_count_lines.signatures) == 1
    view = memory.read_only(np.zeros(3))
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1


CALLED = """
from atom_data.text.memory import kernel
from atom_data.outside import outside

@kernel
def above(value):
    return outside(value) + 5
"""


def test_kernel_that_was_kept_can_be_called_by_another(small: Path) -> None:
    (small / "atom_data" / "above.py").write_text(CALLED)
    asked = "from atom_data.outside import outside\noutside(1)\n" + ASKED.replace("outside", "above")
    assert run(small, asked) == ["25", "0"]
    assert run(small, asked) == ["25", "1"]


COMPILED_LATER = """
import sys
import numba, numpy
from atom_data.text.signatures import load

load("atom_data.text.hashes:hash_values")
print("numba.np.arrayobj" in sys.modules)
print(numba.njit(lambda numbers: numpy.sort(numbers)[0])(numpy.array([3, 1, 2])))
"""


def test_kernel_that_was_kept_brings_nothing_that_only_compiling_needs() -> None:
    """And what is compiled after it in the same process is right."""
    load("atom_data.text.hashes:hash_values")  # unless nothing compiled it before
    done = subprocess.run([sys.executable, "-c", COMPILED_LATER], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "1"]


def test_a_process_that_reads_kernels_makes_nothing_of_their_parts() -> None:
    code = (
        "import sys\nfrom atom_data.text.memory import Part\nfrom atom_data.text.signatures import load\n"
        "load('atom_data.text.lines:_count_lines')\n"
        "parts = [one for name, module in [*sys.modules.items()] if name.startswith('atom_data') "
        "for one in vars(module).values() if isinstance(one, Part)]\n"
        "print(len(parts) > 1, sum('compiled' in vars(one) for one in parts))"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)  # it is compiled by now
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "0"]


def test_no_kernel_of_ours_is_called_by_another() -> None:
    """What is read from disk cannot be copied into a kernel: each call would cost what the function itself takes."""
    for name in declared():
        import_module(name.partition(":")[0])
    compiled = {
        thing.compiled if isinstance(thing, Part) else thing
        for module, space in [*sys.modules.items()]
        if module.startswith("atom_data.")
        for thing in vars(space).values()
        if isinstance(thing, Dispatcher | Part)
    }
    called = [
        f"{thing.py_func.__qualname__} calls {other}"
        for thing in compiled
        for name in thing.py_func.__code__.co_names
        if isinstance(named := thing.py_func.__globals__.get(name), Dispatcher) and (other := kernel_name(named))
    ]
    assert not called
