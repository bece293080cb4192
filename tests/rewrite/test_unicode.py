"""Unicode repaired: the same as ftfy does to every text, and in the same normal form as Python says."""

import unicodedata
from typing import Literal

import ftfy
import pyarrow as pa
import pytest
from ftfy.badness import BADNESS_RE, MOJIBAKE_CATEGORIES, is_bad
from hypothesis import example, given, strategies as st

from atom_data.errors import ConfigError
from atom_data.rewrite import NormalizeUnicode, RepairUnicode
from atom_data.rewrite.mojibake import suspects_of
from atom_data.text.buffers import string_buffers
from atom_data.text.cleaning.suspects import CONTROLS, MOJIBAKE, suspect_lines
from tests.text.reference import broken, texts

# Characters of ftfy's categories, and others that its expression names.
ODD = sorted({*"".join(MOJIBAKE_CATEGORIES.values()), *"ŸŠ®°µ»²³ŒœÂÃÎÐØÙà√≈‚Äâóвβā€Ђў± ", *BADNESS_RE.pattern} - {"\\"})
BEFORE = ("", "a", " ", "£", "²", "§", "é", "É", "║", "”")
"""Also characters of the classes that begin the alternatives of three."""
odd = st.text(st.sampled_from(ODD), max_size=8)
mojibake = st.builds(
    lambda text, encoding: text.encode("utf-8").decode(encoding, "replace"),
    st.one_of(texts, st.text(max_size=6), st.sampled_from(["l’été – déjà", "“Hi”… ½", "Привет", "naïve £5", "à la ™"])),
    st.sampled_from(["latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1257", "mac_roman", "cp437"]),
)
signs = st.sampled_from(
    [
        "&amp;",
        "&eacute;",
        "&#8217;",
        "&#x1F600;",
        "&NTILDE;",
        "& ",
        "&x",
        "<",
        "\x1b[31m",
        "\x00",
        "\x85",
        "\r\n",
        "\ufeff",
        "\n",
        "ﬁ",
        "Ａ",
        "’",
        "\u200b",
        "\u00ad",
        "\ufffd",
        "\ufff9",
        "œ",
        "œ ",
        "Â ",
        "a",
    ]
)
pages = st.lists(st.one_of(odd, mojibake, signs, texts), max_size=8).map("".join)


def repaired(text: str, step: RepairUnicode | None = None) -> dict[str, object]:
    """The row of a text."""
    row: dict[str, object] = (step or RepairUnicode())(pa.record_batch({"text": [text]})).to_pylist()[0]
    return row


def configuration(**changed: bool | str) -> ftfy.TextFixerConfig:
    """The library's configuration of the defaults."""
    plain = {
        "fix_latin_ligatures": False,
        "fix_character_width": False,
        "uncurl_quotes": False,
        "fix_line_breaks": False,
    }
    return ftfy.TextFixerConfig(**{**plain, "normalization": None, **changed})


@example("&lt; <\n&lt;\n")
@example("voilÃ le travail de tous les jours")
@example("\u0152\u00e0")
@example("œ\U0001f600")
@given(pages)
def test_repair_any_text_is_that_of_the_library(text: str) -> None:
    assert repaired(text)["text"] == ftfy.fix_text(text, configuration())


@given(pages, st.sampled_from([True, False]))
def test_repair_everything_is_that_of_the_library(text: str, entities: bool) -> None:
    step = RepairUnicode(
        entities=entities, line_endings=True, ligatures=True, character_width=True, straight_quotes=True
    )
    assert repaired(text, step)["text"] == ftfy.fix_text(
        text, ftfy.TextFixerConfig(unescape_html=entities, normalization=None)
    )


@pytest.mark.parametrize("first", ODD)
def test_repair_every_pair_that_the_library_calls_bad_is_looked_at(first: str) -> None:
    tails = ("", " and many a plain word")
    lines = [f"{before}{first}{second}{after}" for second in ODD for before in BEFORE for after in tails]
    bad = [line for line in lines if is_bad(line)]
    buffers = string_buffers(pa.array(["\n".join(bad)]))
    found = suspect_lines(buffers, MOJIBAKE | CONTROLS, suspects_of(""))
    assert found.starts.size == len(bad)


def test_repair_known_faults_are_counted_by_line() -> None:
    text = "schÃ¶n and grÃ¼n\nAT&amp;T &copy;\nplain & simple\n\x1b[31mred\x1b[0m\n\x07bell \ufeff\nend"
    row = repaired(text)
    assert row.pop("text") == "schön and grün\nAT&T ©\nplain & simple\nred\nbell \nend"
    assert {name: count for name, count in row.items() if count} == {
        "mojibake_line_count": 1,
        "entity_line_count": 1,
        "terminal_escape_line_count": 1,
        "control_character_line_count": 1,
    }


def test_repair_what_is_asked_for_is_counted() -> None:
    step = RepairUnicode(line_endings=True, ligatures=True, character_width=True, straight_quotes=True, zero_width=True)
    row = repaired("ﬁn\r\nＡ\r“x”\u200b", step)
    assert row.pop("text") == 'fin\nA\n"x"'
    assert {name for name, count in row.items() if count} == {
        "line_ending_line_count",
        "ligature_line_count",
        "character_width_line_count",
        "quote_line_count",
        "zero_width_line_count",
    }
    assert repaired("می\u200cخواهم 👩\u200d👧", step)["text"] == "می\u200cخواهم 👩\u200d👧"


def test_repair_a_clean_text_is_the_same_memory() -> None:
    batch = pa.record_batch({"text": ["Nothing is wrong: ‘été’, 日本語, œuf & so on.", None]})
    assert RepairUnicode()(batch)["text"].buffers()[2].address == batch["text"].buffers()[2].address


@given(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]), st.lists(st.one_of(st.none(), texts, odd), max_size=4))
def test_normalize_any_text_is_as_python_says(
    form: Literal["NFC", "NFD", "NFKC", "NFKD"], documents: list[str | None]
) -> None:
    found = NormalizeUnicode(form=form)(pa.RecordBatch.from_pydict({"text": pa.array(documents, pa.string())}))
    assert found["text"].to_pylist() == [text and unicodedata.normalize(form, text) for text in documents]
    lines = [(text or "").split("\n") for text in documents]
    changed = [sum(unicodedata.normalize(form, line) != line for line in one) for one in lines]
    assert found["normalized_line_count"].to_pylist() == changed


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_normalize_no_character_before_the_first_looked_at_changes(form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    text = "\n".join(map(chr, [*range(1, 0xD800), *range(0xE000, 0x30000)]))
    found = NormalizeUnicode(form=form)(pa.record_batch({"text": [text]}))["text"][0].as_py()
    assert found == unicodedata.normalize(form, text)


@given(broken)
def test_unicode_broken_bytes_never_raise(document: bytes) -> None:
    batch = pa.record_batch({"text": pa.array([document], pa.binary())})
    for step in (RepairUnicode(), NormalizeUnicode(form="NFKC")):
        assert step(batch).num_rows == 1


@pytest.mark.parametrize("piece", ["&", "&#1", "a", "日", "\x1b[", "é "])
def test_repair_ten_megabytes_in_one_line_take_one_pass(piece: str) -> None:
    text = piece * (10_000_000 // len(piece.encode()))
    assert repaired(text)["text"] == text.replace("\x1b", "")


@pytest.mark.parametrize(("first", "next_"), [("&", "amp;"), ("&", "&num;38;"), ("Ã", "ƒ"), ("\x1b[", "\x1b[")])
def test_repair_of_what_uncovers_more_ends(first: str, next_: str) -> None:
    # The library would take hours.
    assert len(repaired(first + next_ * 100_000)["text"]) < 1_000_000  # type: ignore[arg-type]


def test_normalize_a_long_run_of_marks_is_left_and_the_rest_is_not() -> None:
    run = "\u0327\u0301" * 500_000
    batch = pa.record_batch({"text": [f"e\u0301 x{run} e\u0301", "a" + "\u0301\u0327" * 32]})
    found = NormalizeUnicode()(batch)["text"].to_pylist()
    assert found == [f"é x{run} é", unicodedata.normalize("NFC", "a" + "\u0301\u0327" * 32)]


def test_normalize_a_form_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="no form 'NFX'; there are NFC, NFD, NFKC, NFKD"):
        NormalizeUnicode(form="NFX")  # type: ignore[arg-type]
