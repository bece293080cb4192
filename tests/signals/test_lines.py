"""Line signals: known answers."""

import pyarrow as pa
import pytest

from atom_data.signals.lines import count_lines


def measured(texts: list[str | None]) -> pa.RecordBatch:
    """The signals of some texts."""
    return count_lines(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.string())}))


def test_count_lines_known_text_known_shares() -> None:
    text = "- one\r\n\n • two…  \nA sentence of more than thirty characters, with an end.\nopen end ...\n \t\n"
    row = measured([text]).to_pylist()[0]
    assert row.pop("text") == text
    assert row == {
        "line_count": 4,
        "bullet_line_share": 0.5,
        "ellipsis_line_share": 0.5,
        "terminal_punctuation_line_share": 0.5,
        "short_line_share": 0.75,
    }


@pytest.mark.parametrize("text", [None, "", "\n \r\n\u2003"])
def test_count_lines_no_lines_have_no_shares(text: str | None) -> None:
    row = measured([text]).to_pylist()[0]
    assert row.pop("text") == text
    assert row.pop("line_count") == 0
    assert set(row.values()) == {None}


def test_count_lines_types_are_those_promised_also_without_rows() -> None:
    assert measured([]).schema == measured(["a"]).schema
    assert [str(field.type) for field in measured([]).schema] == ["string", "int32", *["float"] * 4]
