"""The blocks of docs/extraction.md run as they stand there."""

import importlib.util
import re
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from atom_data.identity import describe
from tests.command import ROOT, atom_data

PAGE = (ROOT / "docs" / "extraction.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_two_blocks() -> None:
    assert len(BLOCKS) == 2
    assert PAGE.count("```") == 4


def test_the_recipe_is_one(tmp_path: Path) -> None:
    (tmp_path / "pipelines").symlink_to(ROOT / "pipelines")
    (tmp_path / "recipe.py").write_text(BLOCKS[0])
    done = atom_data("check", "recipe.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_an_engine_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own_engine.py"
    path.write_text(BLOCKS[1])
    spec = importlib.util.spec_from_file_location("own_engine", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "own_engine", module)
    spec.loader.exec_module(module)
    pages = [b"<p>A paragraph that is long enough.</p><p>Not.</p>", b"<div class='paywall'>"]
    nulls = pa.nulls(2, pa.string())
    rows = module.step(pa.record_batch({"html": pages, "charset": nulls, "mime": nulls, "url": nulls})).to_pylist()
    assert [(row["text"], row["extract_status"]) for row in rows] == [
        ("A paragraph that is long enough.", "ok"),
        (None, "paywall"),
    ]
    assert "least" in describe(module.step)["engine"]  # type: ignore[index]
