"""The figures and the model of docs/scale.md are those of the report that the benchmark wrote."""

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = ("scale_page", "scale_draw", "table", "measure")


@pytest.fixture
def made() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield __import__("scale_page")
    for name in MODULES:
        sys.modules.pop(name, None)


def test_the_page_has_the_figures_of_the_report(made: ModuleType) -> None:
    text = (ROOT / "docs" / "scale.md").read_text("utf-8")
    report = json.loads(made.REPORT.read_bytes())
    assert made.page(text, report) == text, "run benchmarks/scale_page.py"
    other = copy.deepcopy(report)
    other["signatures"]["jobs"][1]["cpu_s"] *= 2
    assert made.page(text, other) != text


def test_the_model_is_the_figures_a_document_times_documents(made: ModuleType) -> None:
    report = json.loads(made.REPORT.read_bytes())
    rows = {cells[0]: cells[1:] for cells in (line.strip("| ").split(" | ") for line in made.model(report))}
    links = next(job["cpu_s"] for job in report["signatures"]["jobs"] if job["job"] == "near/links")
    hours = links / report["signatures"]["documents"] * 20e9 / 3600
    assert rows["CPU: `near/links`"][-1] == f"{hours:,.1f} h"
    each = report["real"]["hashes_bytes"] / report["real"]["documents"]
    assert rows["disk: hashes"][-2:] == [made._bytes(each * 2.5e9), made._bytes(each * 20e9)]
    assert rows["**memory of `near/clusters`**"][1:] == ["0.5 GB", "12.5 GB", "180.0 GB"]
