"""One contract for every exported step: same rows, same order, pure, zero rows give the same columns, odd text never raises."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from datatrove.pipeline.extractors.base import BaseExtractor
from datatrove.pipeline.filters import RegexFilter
from datatrove.pipeline.formatters import PIIFormatter
from hypothesis import HealthCheck, given, settings, strategies as st

import atom_data.dedup
import atom_data.extract
import atom_data.rewrite
import atom_data.signals
from atom_data.batch import empty, visible
from atom_data.bridge import DatatroveExtractor, DatatroveFilter, DatatroveFormatter
from atom_data.dedup.repeats.remove import SPANS
from atom_data.extract import Extract, WholeText
from atom_data.testing import check_step

ODD = [
    None,
    "",
    " ",
    "\n\n\n",
    "word",
    "#",
    "…",
    "Zwei Wörter.",
    "日本語の文章です。これは二つ目の文です。",
    "ภาษาไทยไม่มีช่องว่าง",
    "a\u0301" * 50,
    "👩‍👩‍👧‍👦" * 20,
    "\u202egnp.exe",
    "\U0010ffff\ufffe",
    "x" * 100_000,
    "the quick brown fox " * 2_000,
    "- bullet\n* bullet\n• bullet\nline...\n",
    "<|endoftext|>",
]
URLS = [
    None,
    "",
    "https://example.org/",
    "http://[::1]:80/",
    "ftp://user:secret@host/path?q#f",
    "not a url",
    "https://пример.рф/ж",
]
HTML = [
    None,
    b"",
    b"<html>",
    b"\xff\xfe\x00",
    b"<p>" * 5_000,
    b"plain text",
    "<title>x</title><p>Größe".encode("latin-1"),
]

WITHOUT_DEFAULTS = ("OnnxClassifier", "measured_before")
"""Steps of an extra, and one that only says that others came before; they have tests of their own."""
ARGUMENTS = {
    "FastTextClassifier": {
        "model": Path(__file__).parent / "text" / "fasttext" / "models" / "softmax.bin",
        "label": "xx",
    },
    "FastTextLabel": {"model": Path(__file__).parent / "text" / "fasttext" / "models" / "softmax.bin"},
}


def batch(texts: list[str | None]) -> pa.RecordBatch:
    """Return rows with every column that an exported step reads."""
    count = len(texts)

    def repeated(values: list[object], kind: pa.DataType) -> pa.Array:
        return pa.array([values[i % len(values)] for i in range(count)], kind)

    return pa.record_batch(
        {
            "id": pa.array([f"id-{i}" for i in range(count)], pa.string()),
            "url": repeated(list(URLS), pa.string()),
            "text": pa.array(texts, pa.string()),
            "html": repeated(list(HTML), pa.binary()),
            "mime": repeated(["text/html", None, "application/pdf"], pa.string()),
            "charset": repeated(["utf-8", None, "latin-1", "x-unknown"], pa.string()),
            "http_status": repeated([200, None, 404], pa.int32()),
            "language": repeated(["en", None, "th", "jpn_Jpan", "xx"], pa.string()),
            "repeated_lines": pa.array([[{"start": 0, "end": len(t.encode())}] if t else [] for t in texts], SPANS),
        }
    )


class Upper(BaseExtractor):
    """An extractor of datatrove's kind."""

    def __init__(self) -> None:
        super().__init__()

    def extract(self, text: str) -> str:
        return text.upper()


def exported() -> list[object]:
    """Return every step of the packages' public lists; classes are made with their defaults."""
    steps = []
    for package in (atom_data.signals, atom_data.rewrite, atom_data.extract, atom_data.dedup):
        for name in package.__all__:
            thing = getattr(package, name)
            if name in WITHOUT_DEFAULTS:
                continue
            if inspect.isfunction(thing) and list(inspect.signature(thing).parameters) == ["batch"]:
                steps.append(thing)
            elif inspect.isclass(thing) and "__call__" in vars(thing):
                steps.append(thing(**ARGUMENTS.get(name, {})))
    return steps


STEPS = [
    *exported(),
    DatatroveFilter(block=RegexFilter, options={"regex_exp": "fox"}),
    DatatroveFormatter(block=PIIFormatter),
    Extract(engine=WholeText()),
    Extract(engine=DatatroveExtractor(block=Upper)),
]


def test_exported_steps_are_found() -> None:
    names = [getattr(step, "__name__", type(step).__name__) for step in STEPS]
    assert {"count_words", "CheckUrl", "FastTextLanguage", "Extract", "BandHashes", "hash_text"} <= set(names)


def test_contract_of_a_step_after_another() -> None:
    check_step(atom_data.dedup.measured_before, atom_data.dedup.BandHashes()(batch(ODD)))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: getattr(step, "__name__", type(step).__name__))
class TestStep:
    def test_contract(self, step: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
        before = batch(ODD)
        check_step(step, before)
        after = step(before)
        added = [name for name in after.schema.names if name not in before.schema.names]
        assert added or not after.equals(before)

    def test_says_what_it_adds(self, step: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
        text = inspect.getdoc(step) or ""
        before = batch(ODD)
        added = [name for name in visible(step(before).schema.names) if name not in before.schema.names]
        added = [name for name in added if name != getattr(step, "column", None)]
        assert all(name in text or name.rpartition("_")[0] in text for name in added), (
            f"docstring does not name {added}"
        )

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts=st.lists(st.one_of(st.none(), st.text(max_size=200)), max_size=6))
    def test_any_text_gives_same_columns(
        self, step: Callable[[pa.RecordBatch], pa.RecordBatch], texts: list[str | None]
    ) -> None:
        after = step(batch([None if text is None else text.encode("utf-8", "replace").decode() for text in texts]))
        assert after.num_rows == len(texts)
        assert after.schema == step(empty(batch([]).schema)).schema
