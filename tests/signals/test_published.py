"""Loops of words, and labels of a classifier, held against plain code and the fastText library."""

from itertools import product
from pathlib import Path

import fasttext
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from atom_data.errors import ConfigError
from atom_data.signals import CountLoops, FastTextLabel

MODEL = Path(__file__).parents[1] / "text" / "fasttext" / "models" / "softmax.bin"


def loops(texts: list[str | None], **options: object) -> list[int]:
    step = CountLoops(**options)  # type: ignore[arg-type]
    found: list[int] = step(pa.record_batch({"text": pa.array(texts, pa.string())})).column("loop_count").to_pylist()
    return found


def plain(values: list[str] | bytes, longest: int) -> int:
    """Count by looking: from each place, how often the run that begins there follows itself."""
    most = min(1, len(values))
    for start, size in product(range(len(values)), range(1, longest + 1)):
        run, count = values[start : start + size], 1
        while len(run) == size and values[start + count * size : start + (count + 1) * size] == run:
            count += 1
        most = max(most, count)
    return most


def test_loops_of_known_texts() -> None:
    assert loops(["a b a b a b c", "a b c", None, "", "a", "x " * 40, "a b a"]) == [3, 1, 0, 0, 1, 40, 1]
    assert loops([" ".join(f"w{i}" for i in range(13)) + " "] * 2) == [1, 1], "documents do not run into another"
    assert loops([(" ".join(f"w{i}" for i in range(13)) + " ") * 5]) == [5]
    assert loops([(" ".join(f"w{i}" for i in range(14)) + " ") * 5]) == [1]
    assert loops(["-" * 50, "abcabc", None], unit="bytes") == [50, 2, 0]
    assert loops([]) == []
    with pytest.raises(ConfigError, match="longest=0"):
        CountLoops(longest=0)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("ab"), max_size=12), max_size=5), st.integers(1, 5))
def test_loops_as_plain_code(documents: list[list[str]], longest: int) -> None:
    texts: list[str | None] = [" ".join(words) for words in documents]
    assert loops(texts, longest=longest) == [plain(words, longest) for words in documents]
    bytes_ = [plain("".join(words).encode(), longest) for words in documents]
    assert loops(["".join(words) for words in documents], longest=longest, unit="bytes") == bytes_


def test_a_slice_of_a_batch_is_counted_alone() -> None:
    batch = pa.record_batch({"text": ["x x x", "a b", "y y"]}).slice(1)
    assert CountLoops()(batch).column("loop_count").to_pylist() == [1, 2]
    assert CountLoops(unit="bytes")(batch).column("loop_count").to_pylist() == [1, 1]


def test_labels_are_those_of_the_library() -> None:
    texts = ["the first text of all", "ein anderer Text\nmit zwei Zeilen", "und noch einer", "", None, "  "]
    made = FastTextLabel(model=MODEL)(pa.record_batch({"text": pa.array(texts, pa.string())}))
    library = fasttext.load_model(str(MODEL))
    for row, text in enumerate(texts[:3]):
        (label,), (score,) = library.predict(str(text).replace("\n", " "))
        assert made.column("topic")[row].as_py() == label.removeprefix("__label__")
        assert made.column("topic_score")[row].as_py() == pytest.approx(score, abs=1e-4)
    assert made.column("topic").to_pylist()[3:] == made.column("topic_score").to_pylist()[3:] == [None] * 3
    short = FastTextLabel(model=MODEL, column="format", max_bytes=3)(
        pa.record_batch({"text": ["the first text of all"]})
    )
    only = FastTextLabel(model=MODEL, column="format")(pa.record_batch({"text": ["the"]}))
    assert short.column("format_score") == only.column("format_score")
    with pytest.raises(ConfigError, match="not a Path"):
        FastTextLabel(model="topics.bin")  # type: ignore[arg-type]
