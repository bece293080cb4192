"""The table of foldings: what CCNet's rule says, and that the stored one is the built one."""

import sys
import unicodedata

import numpy as np
import pytest

from atom_data.text.folding import build_folding, fold, folding


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("Read MORE...", "read more"),
        ("  \tPage 12 of 345 ", "page 00 of 000"),
        ("Ünïcödé – ÉTÉ", "unicode ete"),
        ("e\u0301te\u0301", "ete"),
        ("İstanbul", "istanbul"),
        ("«¿Qué?»", "que"),
        ("٣ ३ 𝟛", "0 0 0"),
        ("ガギグ が", "ガギグ が"),
        ("한국어", "한국어"),
        ("हिन्दी में", "हिन्दी में"),
        ("שָׁלוֹם", "שלום"),
        ("zero\u200bwidth\u00ad \x07bell", "zerowidth bell"),
        ("- * -", ""),
        ("1 + 1 = $2", "0 + 0 = $0"),
    ],
)
def test_fold(text: str, compared: str) -> None:
    assert fold(text) == compared


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the stored table is that of Unicode 14")
def test_stored_table_is_the_built_one() -> None:
    built, stored = build_folding(), folding()
    assert all(np.array_equal(one, other) for one, other in zip(built, stored, strict=True))
    assert stored.pages.size == (sys.maxunicode + 1) // 128
