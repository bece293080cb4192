"""The pages of docs/reference/ have everything that is exported, and are what the code says now; so is help()."""

import importlib.util
import inspect
import pkgutil
import pydoc
import re
from importlib import import_module
from types import ModuleType

import pytest

import atom_data
from atom_data.lazy import Documentation
from atom_data.library.documentation import documented, own_text, parameters
from tests.command import ROOT

FOLDER = ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("api_pages", FOLDER / "api.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_what_the_code_says(maker: ModuleType) -> None:
    for name, text in maker.pages().items():
        assert (FOLDER / name).read_text("utf-8") == text, f"docs/reference/{name} is stale: run `make docs`"
    made = {*maker.pages(), "output.md"}
    assert {path.name for path in FOLDER.glob("*.md")} == made, "a page that nothing makes"


def test_everything_exported_has_a_heading(maker: ModuleType) -> None:
    packages = [found.name for found in pkgutil.iter_modules(atom_data.__path__) if found.ispkg]
    exporting = {name for name in packages if "__all__" in vars(import_module(f"atom_data.{name}"))}
    assert exporting == set(maker.PACKAGES), "a package that exports names has a page"
    for package in maker.PACKAGES:
        headings = set(re.findall(r"^## (\w+)$", (FOLDER / f"{package}.md").read_text(), re.M))
        assert headings == set(import_module(f"atom_data.{package}").__all__)
    top = (FOLDER / "atom_data.md").read_text()
    for name in atom_data.__all__:
        (page, anchor) = re.findall(rf"^\| \[{name}\]\((\S*)#(\w+)\)", top, re.M)[0]
        assert f"\n## {name}\n" in (FOLDER / page).read_text() if page else f"\n## {name}\n" in top
        assert anchor == name.lower()


def test_everything_exported_is_documented(maker: ModuleType) -> None:
    for package in ("atom_data", *(f"atom_data.{name}" for name in maker.PACKAGES)):
        for name, thing in maker.exported(package).items():
            if inspect.isclass(thing) or inspect.isfunction(thing):
                assert own_text(thing), f"{package}.{name}"


def test_help_shows_what_is_said_of_parameters() -> None:
    for name in atom_data.__all__:
        thing = getattr(atom_data, name)
        shown = " ".join(re.sub(r"^ *\|", "", pydoc.plain(pydoc.render_doc(thing)), flags=re.M).split())
        for parameter in parameters(thing):
            assert " ".join(parameter.text.split()) in shown, f"{name}.{parameter.name}"
    assert "    bucket_cap: int = 64\n        Maximum number of kept documents of one bucket" in (
        atom_data.MinHash.__doc__ or ""
    )
    assert atom_data.MinHash().__doc__ == atom_data.MinHash.__doc__
    assert own_text(atom_data.MinHash).endswith("refuse what is below `min_jaccard`.")


def test_only_strings_below_fields_are_read() -> None:
    said = documented(
        'class A:\n    one: int = 0\n    """The\n    first."""\n    two: int = 0\n\n    three = 3\n    """3."""\n', "A"
    )
    assert said == {"one": "The first.", "three": "3."}
    assert isinstance(vars(atom_data.Stage)["__doc__"], Documentation)
