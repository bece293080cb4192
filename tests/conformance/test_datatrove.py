"""The `datatrove_*` cards decide as datatrove did: on its own unit cases, and on real pages where they are at hand."""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from atom_data import keep
from atom_data.rules import REASON
from atom_data.signals import measure_as_datatrove
from tests.command import ROOT

SHARED = ROOT.parent / "shared" / "data" / "golden.tar.xz"
CASES = Path(__file__).with_name("datatrove_cases.jsonl")
CARDS = {
    "C4QualityFilter": "datatrove_c4",
    "FineWebQualityFilter": "datatrove_fineweb",
    "GopherQualityFilter": "datatrove_gopher_quality",
    "GopherRepetitionFilter": "datatrove_gopher_repetition",
}


def reason(card: str, text: str) -> str | None:
    """The first rule that a text fails, without the card's name."""
    found = keep(card)(measure_as_datatrove(pa.record_batch({"text": [text]})))[REASON][0].as_py()
    return found and str(found).partition(".")[2]


@pytest.mark.parametrize(
    "case", [json.loads(line) for line in CASES.read_text("utf-8").strip().split("\n")], ids=lambda case: case["id"]
)
def test_unit_cases_of_datatrove_with_default_bounds(case: dict[str, str | None]) -> None:
    assert reason(CARDS[str(case["filter"])], str(case["text"])) == case["reason"]


@pytest.mark.skipif(not SHARED.exists(), reason="golden.tar.xz is not at hand")
def test_decisions_on_real_pages_are_those_of_datatrove(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    conformance = __import__("conformance")
    decided = conformance.decisions(SHARED)
    assert decided.num_rows == 2260
    for name, (same, _, differing) in conformance.compared(decided).items():
        assert same >= 0.985 * decided.num_rows, (name, differing)
    sys.modules.pop("conformance")
