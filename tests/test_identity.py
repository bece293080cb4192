"""What a step uses counts in its identity: parameters, closures, helpers in other modules, files by their content."""

import functools
import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from atom_data.errors import ConfigError
from atom_data.identity import canonical, describe, former_identities
from atom_data.origins import public_name
from atom_data.public_names import PUBLIC
from atom_data.signals import CheckUrl, CountStopWords


def cut(batch: pa.RecordBatch, size: int = 5) -> pa.RecordBatch:
    return batch.slice(0, size)


def cutter(size: object) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    def inner(batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch.slice(0, size)

    return inner


def limited(size: int) -> Callable[[Callable[..., object]], Callable[..., object]]:
    def decorate(function: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(function)
        def wrapper(batch: pa.RecordBatch) -> object:
            return function(batch, size)

        return wrapper

    return decorate


class Plain:
    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch

    def method(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch


@dataclass(frozen=True)
class Frozen:
    size: int
    words: Path | None = None
    name: str | Path = ""

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch

    def method(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch


def same(one: object, other: object) -> bool:
    return canonical(describe(one)) == canonical(describe(other))


def test_partials_count_by_function_arguments_and_keywords() -> None:
    assert same(functools.partial(cut, size=5), functools.partial(cut, size=5))
    assert not same(functools.partial(cut, size=5), functools.partial(cut, size=9))
    assert not same(functools.partial(cut, None), functools.partial(cut, 1))
    assert not same(functools.partial(functools.partial(cut, size=5)), functools.partial(cutter, size=5))


def test_closures_count_by_the_values_they_hold() -> None:
    assert same(cutter(5), cutter(5))
    assert not same(cutter(5), cutter(9))
    assert not same(cutter([1, 2]), cutter([1, 3]))
    assert not same(limited(5)(cut), limited(9)(cut))
    assert not same(cutter(functools.partial(cut, size=5)), cutter(functools.partial(cut, size=9)))


def test_bound_methods_count_by_their_object() -> None:
    assert not same(Frozen(5).method, Frozen(9).method)
    assert same(Frozen(5).method, Frozen(5).method)


def test_a_recursive_closure_ends() -> None:
    def outer(depth: int) -> Callable[..., object]:
        def inner(batch: pa.RecordBatch) -> object:
            return inner(batch) if depth else batch

        return inner

    assert same(outer(1), outer(1))
    assert not same(outer(1), outer(2))


@pytest.mark.parametrize("step", [Plain(5), functools.partial(cut, size=Plain(5)), cutter(Plain(5)), Plain(5).method])
def test_objects_of_plain_classes_are_refused(step: object) -> None:
    with pytest.raises(ConfigError, match=r"has no identity.*Make Plain a frozen dataclass\."):
        describe(step)


def test_what_cannot_be_described_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"holds .* which has no identity\. Use numbers, text, paths"):
        describe(cutter(object()))


def test_values_count_by_content() -> None:
    import numpy as np

    assert not same(cutter(np.arange(3)), cutter(np.arange(4)))
    assert not same(cutter(np.arange(4)), cutter(np.arange(4).reshape(2, 2)))
    assert not same(cutter(re.compile("a")), cutter(re.compile("a", re.IGNORECASE)))
    assert same(cutter({"b", "a", "c"}), cutter({"c", "b", "a"}))
    assert not same(cutter(b"a"), cutter(b"b"))
    assert not same(cutter(pa.array([1])), cutter(pa.array([2])))


def test_lambdas_of_one_file_are_told_apart() -> None:
    one = lambda batch: batch  # noqa: E731
    other = lambda batch: batch.slice(0, 1)  # noqa: E731
    assert not same(one, other)


def test_a_file_given_as_text_counts_by_its_content(tmp_path: Path) -> None:
    blocked, words = tmp_path / "list.txt", tmp_path / "words.txt"
    blocked.write_text("example.org\n")
    words.write_text("en: the of and\n")
    made: list[Callable[[], object]] = [
        lambda: CheckUrl(domains=str(blocked)),  # type: ignore[arg-type]
        lambda: CheckUrl(domains=(str(blocked),)),  # type: ignore[arg-type]
        lambda: CountStopWords(words=str(words)),  # type: ignore[arg-type]
        lambda: Frozen(1, words=words),
        lambda: Frozen(1, words=str(words)),  # type: ignore[arg-type]
    ]
    before = [canonical(describe(make())) for make in made]
    blocked.write_text("example.com\n")
    words.write_text("en: the of or\n")
    assert not any(old == canonical(describe(make())) for old, make in zip(before, made, strict=True))
    assert describe(Frozen(1, name="just text"))["name"] == "just text"  # type: ignore[index]


def test_a_folder_counts_by_all_files_in_it(tmp_path: Path) -> None:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "weights.bin").write_bytes(b"1")
    before = describe(Frozen(1, words=tmp_path / "model"))
    (tmp_path / "model" / "deep" / "weights.bin").write_bytes(b"2")
    assert describe(Frozen(1, words=tmp_path / "model")) != before


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the user's own modules: `steps` imports `helper` and, inside a function, `package.deep`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "deep.py").write_text("LIMIT = 1\n")
    (tmp_path / "helper.py").write_text("from package import deep as _deep\nSIZE = 5\ndef clean(x):\n    return x\n")
    (tmp_path / "steps_of_users.py").write_text(
        "import functools\nfrom helper import clean\n\ndef step(batch):\n    return clean(batch)\n"
    )
    yield tmp_path
    for name in ("steps_of_users", "helper", "package", "package.deep"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("file", ["steps_of_users.py", "helper.py", "package/deep.py", "package/__init__.py"])
def test_helpers_in_other_modules_count(modules: Path, file: str) -> None:
    step = importlib.import_module("steps_of_users").step
    before = describe(step)
    assert describe(step) == before
    (modules / file).write_text((modules / file).read_text() + "\n# edited\n")
    assert describe(step) != before


def test_installed_packages_count_by_version(tmp_path: Path, modules: Path) -> None:
    (modules / "helper.py").write_text(
        "import ftfy\nimport json\nfrom package import deep\ndef clean(x):\n    return x\n"
    )
    found = describe(importlib.import_module("steps_of_users").step)
    import ftfy

    assert found["step"]["packages"] == {"ftfy": f"ftfy {ftfy.__version__}"}  # type: ignore[index]
    assert set(found["step"]["modules"]) == {"helper", "package", "package.deep"}  # type: ignore[index]


def test_a_function_without_a_source_file_is_refused() -> None:
    code = (
        "exec('def step(batch):\\n return batch', globals())\nfrom atom_data.identity import describe\ndescribe(step)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ConfigError: __main__.step has no identity: no source file defines it" in done.stderr


def test_every_public_name_is_exported_and_is_what_identities_say() -> None:
    seen = set()
    for name in PUBLIC:
        package, _, exported = name.rpartition(".")
        thing = getattr(importlib.import_module(package), exported)
        assert public_name(thing) == name
        assert id(thing) not in seen, f"{name} is another name of something that has one"
        seen.add(id(thing))


def test_every_exported_step_has_a_name_that_stays() -> None:
    for room in ("signals", "rewrite", "extract", "bridge", "dedup"):
        package = importlib.import_module(f"atom_data.{room}")
        for exported in package.__all__:
            thing = getattr(package, exported)
            if callable(thing) and not isinstance(thing, type(Path)) and exported not in OTHERS:
                assert public_name(thing) in PUBLIC, f"{room}.{exported}: add it to atom_data/public_names.py"


OTHERS = {"AtomFilter", "Copies", "Jsonl", "Parquet", "RunStage", "Repeats", "Text", "Warc", "Wet"}
"""Sources and passes, which identities name by a word, and blocks for datatrove's pipelines."""


def test_a_private_name_that_is_another_ones_public_name_is_refused() -> None:
    from atom_data.dedup.near.sets import Same

    with pytest.raises(ConfigError, match=r"atom_data\.dedup\.Same is another one"):
        public_name(Same)


def test_identities_of_before_differ_by_names_alone() -> None:
    from atom_data.signals import count_words

    now = {"steps": [describe(count_words), describe(CheckUrl())], "writes": ["atom_data.signals.CheckUrl"]}
    (before,) = former_identities(now)
    assert before == {
        "steps": [
            {"step": "atom_data.signals.words.count_words"},
            {"domains": None, "step": "atom_data.signals.urls.CheckUrl", "words": None},
        ],
        "writes": ["atom_data.signals.CheckUrl"],
    }
    assert former_identities({"reads": "clean", "steps": []}) == []
