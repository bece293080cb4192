"""What data-prep-kit's annotators write on their own fixtures, which are datatrove's filters as numbers."""

import io
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data import keep
from atom_data.rules import REASON
from atom_data.signals import count_lines, count_placeholders, count_sentences, count_words, measure_as_datatrove
from tests.command import ROOT

SHARED = ROOT.parent / "shared" / "data" / "golden.tar.xz"
FOLDER = "golden/data-prep-kit/transforms"
SHARES = {
    "universal/fineweb_quality_annotator": {
        "frac_line_punct": "terminal_line_share",
        "dup_line_char_frac": "duplicate_ink_char_share",
        "short_line_frac": "short_line_share",
    },
    "universal/gopher_repetition_annotator": {
        "dup_line_frac": "duplicate_line_share",
        "dup_line_char_frac": "duplicate_line_char_share",
        "dup_para_frac": "duplicate_paragraph_share",
        "dup_para_char_frac": "duplicate_paragraph_char_share",
    },
}
"""Those of words are of another splitter there."""

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="golden.tar.xz is not at hand")


def expected(name: str) -> pa.Table:
    """What the annotator wrote."""
    with tarfile.open(SHARED) as opened:
        stream = opened.extractfile(f"{FOLDER}/{name}/test-data/expected/test1.parquet")
        assert stream is not None
        return pq.read_table(io.BytesIO(stream.read()))


@pytest.mark.parametrize("name", SHARES)
def test_line_shares_are_those_of_the_annotator(name: str) -> None:
    table = expected(name)
    found = measure_as_datatrove(pa.record_batch({"text": table["text"].combine_chunks()}))
    assert table.num_rows == 10
    for theirs, ours in SHARES[name].items():
        assert found[f"datatrove_{ours}"].to_pylist() == pytest.approx(table[theirs].to_pylist()), theirs


def test_c4_decisions_are_those_of_the_annotator_but_for_its_paragraph_rules() -> None:
    table = expected("universal/c4_annotator")
    found = keep("datatrove_c4")(measure_as_datatrove(pa.record_batch({"text": table["text"].combine_chunks()})))
    ours = [reason and reason.partition(".")[2] for reason in found[REASON].to_pylist()]
    theirs = [reason.removeprefix("drop_") or None for reason in table["drop_reason"].to_pylist()]
    assert len(ours) == 12
    assert ours == [None if reason and "paragraphs" in reason else reason for reason in theirs]


def test_document_quality_numbers_are_those_of_the_annotator() -> None:
    table = expected("language/doc_quality")
    batch = pa.record_batch({"text": table["contents"].combine_chunks()})
    for step in (count_words, count_lines, count_sentences, count_placeholders):
        batch = step(batch)
    for theirs, ours in {
        "total_words": "word_count",
        "mean_word_len": "mean_word_chars",
        "symbol_to_word_ratio": "symbol_word_ratio",
        "sentence_count": "sentence_count",
        "lorem_ipsum_ratio": "lorem_ipsum_count",
        "curly_bracket_ratio": "curly_bracket_count",
        "bullet_point_ratio": "bullet_line_share",
        "ellipsis_line_ratio": "ellipsis_line_share",
        "alphabet_word_ratio": "alphabetic_word_share",
    }.items():
        assert batch[ours].to_pylist() == table[f"docq_{theirs}"].to_pylist(), theirs
