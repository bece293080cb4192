"""Lines taken out: what datatrove makes of the golden set, known answers, and what is said of them."""

import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import ConfigError
from atom_data.rewrite import RemoveBoilerplateLines, RemoveC4Lines
from tests.command import ROOT

GOLDEN = ROOT.parent / "shared" / "data" / "golden.tar.xz"
RUN = "golden/datatrove-0.10.1-run/filters_dev.parquet"
CASES = "golden/datatrove-unit-cases.jsonl"


def rewritten(step: RemoveC4Lines | RemoveBoilerplateLines, texts: list[str | None]) -> pa.RecordBatch:
    """The batch after a step."""
    return step(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.string())}))


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what datatrove decided."""
    if not GOLDEN.exists():
        pytest.skip("no golden set beside the checkout")
    folder = tmp_path_factory.mktemp("golden")
    with tarfile.open(GOLDEN) as archive:
        for name in (RUN, CASES):
            archive.extract(name, folder, filter="data")
    return folder


@pytest.mark.parametrize(("decision", "marks"), [("c4", None), ("c4_full", ".?!\"'")])
def test_c4_lines_golden_texts_are_those_of_datatrove(golden: Path, decision: str, marks: str | None) -> None:
    table = pq.read_table(golden / RUN, columns=["text", decision, f"{decision}_text", f"{decision}_reason"])
    found = rewritten(RemoveC4Lines(marks=marks, min_words=3), table["text"].to_pylist())
    kept = table[decision].to_pylist()
    expected = table[f"{decision}_text"].to_pylist()
    texts = found["text"].to_pylist()
    assert sum(kept) > 1900
    assert [text for text, yes in zip(texts, kept, strict=True) if yes] == [
        text for text, yes in zip(expected, kept, strict=True) if yes
    ]
    document = [
        bool(lorem or curly)
        for lorem, curly in zip(
            found["c4_lorem_ipsum_line_count"].to_pylist(),
            found["c4_curly_bracket_line_count"].to_pylist(),
            strict=True,
        )
    ]
    reasons = table[f"{decision}_reason"].to_pylist()
    assert document == [reason in ("lorem_ipsum", "curly_bracket") for reason in reasons]


def test_boilerplate_datatrove_symbol_lines_are_removed(golden: Path) -> None:
    cases = [json.loads(line) for line in (golden / CASES).read_text().splitlines()]
    case = next(case for case in cases if case["op"] == "SymbolLinesFormatter")
    found = rewritten(RemoveBoilerplateLines(kinds=("symbols",)), [case["text"]])
    assert found["text"].to_pylist() == [case["out"]]


def test_c4_lines_known_page_known_counts() -> None:
    page = (
        "Menu\nThis line has enough words to stay.[1][citation needed]\n \nIt ends with dots and goes...\n"
        "Too few words.\nPlease enable JavaScript to see this page.\nThis site uses cookies to know you better.\r\n"
        "Lorem ipsum dolor sit amet is what it says.\nAn open { in the middle of a line.\n"
        + "x" * 1001
        + " is a long word here.\n"
    )
    row = rewritten(RemoveC4Lines(), [page]).to_pylist()[0]
    assert row == {
        "text": "This line has enough words to stay.\nLorem ipsum dolor sit amet is what it says.\n"
        "An open { in the middle of a line.",
        "c4_line_count": 9,
        "c4_long_word_line_count": 1,
        "c4_open_line_count": 2,
        "c4_short_line_count": 1,
        "c4_javascript_line_count": 1,
        "c4_policy_line_count": 1,
        "c4_citation_count": 2,
        "c4_lorem_ipsum_line_count": 1,
        "c4_curly_bracket_line_count": 1,
    }


def test_c4_lines_what_is_switched_off_stays() -> None:
    step = RemoveC4Lines(
        marks=None, min_words=0, max_word_chars=None, citations=False, javascript=False, policies=False
    )
    text = "javascript [1]\nPrivacy Policy\n" + "x" * 5000
    assert rewritten(step, [text])["text"].to_pylist() == [text]


def test_c4_lines_marks_may_be_of_any_script() -> None:
    step = RemoveC4Lines(marks="。", min_words=1)
    assert rewritten(step, ["日本語です。\n目次\n終わり.\n"])["text"].to_pylist() == ["日本語です。"]


@pytest.mark.parametrize("step", [RemoveC4Lines(), RemoveBoilerplateLines()])
def test_lines_null_stays_null_and_empty_stays_empty(step: RemoveC4Lines | RemoveBoilerplateLines) -> None:
    found = rewritten(step, [None, "", "\n"])
    assert found["text"].to_pylist() == [None, "", "" if isinstance(step, RemoveC4Lines) else "\n"]


def test_boilerplate_known_page_known_counts() -> None:
    page = "Home\nBREAKING NEWS OF TODAY\n12.03.2024\n---\n3 Likes\n1.2K views\nA line that says something.\n\nShare"
    row = rewritten(RemoveBoilerplateLines(), [page]).to_pylist()[0]
    assert row == {
        "text": "A line that says something.\n",
        "symbol_line_count": 1,
        "number_line_count": 1,
        "counter_line_count": 2,
        "uppercase_line_count": 1,
        "one_word_line_count": 2,
        "boilerplate_word_share": pytest.approx(12 / 17),
    }


def test_boilerplate_a_text_without_any_is_the_same_memory() -> None:
    batch = pa.record_batch({"text": ["A line that says something.\n\nAnd another one."]})
    assert RemoveBoilerplateLines()(batch)["text"] is not None
    assert RemoveBoilerplateLines()(batch)["text"].buffers()[2].address == batch["text"].buffers()[2].address


def test_lines_wrong_parameters_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"no kind 'ads' of lines; there are symbols, numbers, counter"):
        RemoveBoilerplateLines(kinds=("ads",))
    with pytest.raises(ConfigError, match="marks is empty, so no line could stay"):
        RemoveC4Lines(marks="")
    with pytest.raises(ConfigError, match="max_word_chars is 0"):
        RemoveC4Lines(max_word_chars=0)
