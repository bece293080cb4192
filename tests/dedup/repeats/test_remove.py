"""What is left of a text without its spans."""

import pyarrow as pa
import pytest

from atom_data import RemoveSpans
from atom_data.dedup.repeats.remove import SPANS
from atom_data.errors import ConfigError, DataError


def test_remove_spans_refuses_spans_of_another_text() -> None:
    batch = pa.record_batch({"text": ["short"], "repeated_lines": [[{"start": 2, "end": 9}]]})
    with pytest.raises(DataError, match="the span 2 to 9 is not in order and within its text of 5 bytes"):
        RemoveSpans()(batch)
    batch = pa.record_batch({"text": ["short"], "repeated_lines": [[{"start": 2, "end": 4}, {"start": 1, "end": 2}]]})
    with pytest.raises(DataError, match="the span 1 to 2 is not in order"):
        RemoveSpans()(batch)
    with pytest.raises(ConfigError, match="text: is string, not spans"):
        RemoveSpans(spans="text")(batch)


def test_remove_spans_says_what_is_left() -> None:
    spans = [[{"start": 0, "end": 2}, {"start": 4, "end": 5}], [{"start": 0, "end": 2}], [], None, []]
    batch = pa.record_batch({"text": ["a\nb\nc", "a\n \n", "é", None, None], "repeated_lines": pa.array(spans, SPANS)})
    made = RemoveSpans()(batch)
    assert made.column("text").to_pylist() == ["b\n", " \n", "é", None, None]
    assert made.column("left_bytes").to_pylist() == [1, 0, 2, 0, 0]
    assert made.column("repeated_lines").to_pylist() == spans
