"""The figures of docs/report.md are those that the benchmark wrote."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = ("report", "made_run", "marked", "table", "measure")


@pytest.fixture
def made() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield __import__("report")
    for name in MODULES:
        sys.modules.pop(name, None)


def test_the_page_has_the_figures_of_the_benchmark(made: ModuleType) -> None:
    text = (ROOT / "docs" / "report.md").read_text("utf-8")
    found = json.loads((made.RESULTS / "report.json").read_bytes())
    assert made.placed(text, made.written(found), made.BEGIN, made.END) == text, "run benchmarks/report.py"
    found["sketches"][0]["report_cpu_s"] += 1
    assert made.placed(text, made.written(found), made.BEGIN, made.END) != text
