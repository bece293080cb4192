"""DCLM's line rules, addresses and line feeds, and lines of symbols, held against plain code of the rules as they are written."""

import re
from pathlib import Path

import pyarrow as pa
import pytest
from datatrove.pipeline.formatters import SymbolLinesFormatter
from hypothesis import given, settings, strategies as st

from atom_data.assets import filters_folder
from atom_data.errors import ConfigError
from atom_data.rewrite import LimitNewlines, RemoveAddresses, RemoveDclmLines, RemoveSymbolLines

TLDS = [
    line
    for line in (filters_folder() / "lists" / "top_level_domains.txt").read_text().splitlines()
    if not line.startswith("#")
]
COUNTED = "likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|views|followers"


def texts_of(step: object, texts: list[str | None]) -> pa.RecordBatch:
    return step(pa.record_batch({"text": pa.array(texts, pa.string())}))  # type: ignore[no-any-return, operator]


def one(step: object, text: str) -> str:
    found: str = texts_of(step, [text]).column("text")[0].as_py()
    return found


def plain_lines(text: str) -> str:
    """Steps 18 to 24 of dclm_baseline_refinedweb.yaml, each over the whole text."""

    def lines(keep: object, text: str) -> str:
        return "\n".join(line for line in text.split("\n") if keep(line))  # type: ignore[operator]

    text = lines(lambda line: not line or sum(c.isupper() for c in line) / len(line) <= 0.5, text).strip()
    text = lines(lambda line: not line or sum(c.isdigit() for c in line) / len(line) <= 0.999999, text).strip()
    counter = rf"^\W*\d(?:,|\.|\d)*(?:K|k|M|m|B|b)?\s+(?:{COUNTED})\W*$"
    text = lines(lambda line: not re.search(counter, line.lower()), text).strip()
    text = lines(lambda line: not line or len(line.split()) >= 2, text)
    for pattern in (r"\s?(?:items in cart)", r"\s?(?:read more...)$", r"^(?:sign-in)\s?"):
        kept = []
        for line in text.split("\n"):
            after = line
            if len(line.split()) <= 10:
                after = re.sub(pattern, "", line, flags=re.IGNORECASE)
                if line and (not after or after.isspace()):
                    continue
            kept.append(after)
        text = "\n".join(kept).strip()
    return text


PIECES = st.sampled_from(
    ["the ", "Words", " of", "ABC", "É", "12", "٣", "1.2K", " views", " Likes", "3,000 followers!", "\n", "\n\n", " ", "\u3000",
     "items in cart", "Read more...", "read moreabc", "Sign-in", " sign-in here", "\t", "x " * 11]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_lines_as_the_steps_are_written(text: str) -> None:
    assert one(RemoveDclmLines(), text) == plain_lines(text)


def test_lines_are_counted_and_the_share_is_of_words() -> None:
    text = "A page of words here\nBIG LETTERS\n2024\n1.2K views\nword\n3 items in cart\nanother line of it"
    made = texts_of(RemoveDclmLines(), [text, None, "", "word"])
    assert made.column("text").to_pylist() == ["A page of words here\n3\nanother line of it", None, "", ""]
    counts = [made.column(f"dclm_{name}_count")[0].as_py() for name in
              ("uppercase_line", "number_line", "counter_line", "short_line", "cut_phrase")]  # fmt: skip
    assert counts == [1, 1, 1, 1, 1]
    share = made.column("dclm_removed_word_share").to_pylist()
    assert share[0] == pytest.approx(9 / 19) and share[1:] == [None, None, 1.0]


def plain_addresses(text: str) -> str:
    names = "|".join(map(re.escape, TLDS))
    host = (
        rf"\s{{0,10}}(?:(?:https?|ftp)://)?[-a-zA-Z0-9@:%._\+~#=]{{1,256}}\.(?:{names})\b[-a-zA-Z0-9()@:%_\+.~#?&//=]*"
    )
    ipv4 = r"\s{0,10}\b(?:(?:https?|ftp)://)?(?:[0-2]?[0-9]{1,2}\.){3}[0-2]?[0-9]{1,2}[-a-zA-Z0-9()@:%_\+.~#?&//=]*"
    return re.sub(ipv4, "", re.sub(host, "", text))


URL_PIECES = st.sampled_from(
    ["http://", "https://", "ftp://", "://", "www.", "example", ".com", ".co", ".org", ".москва", ".COM", ".it", " ", "  ", "\n",
     "/path?a=b", "(x)", "é", "a" * 255, "a" * 300, " " * 11, "1.2.3.4", "255.", "8", ".", "user@", "word", "\u00a0", "-"]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(URL_PIECES, max_size=12).map("".join))
def test_addresses_as_the_pattern_is_written(text: str) -> None:
    assert one(RemoveAddresses(), text) == plain_addresses(text)


def test_addresses_are_counted_and_dclm_looks_at_the_beginning() -> None:
    texts = [
        "See https://example.com/a, and 10.0.0.1:80 or mail@b.org.",
        "Zebras at b.org",
        "the b.org",
        "none",
        None,
    ]
    made = texts_of(RemoveAddresses(), list(texts))
    assert made.column("text").to_pylist() == ["See, and or", "Zebras at", "the", "none", None]
    assert made.column("removed_address_count").to_pylist() == [3, 1, 1, 0, 0]
    theirs = texts_of(RemoveAddresses(as_dclm=True), list(texts))
    assert theirs.column("text").to_pylist()[1:4] == ["Zebras at b.org", "the", "none"]
    with pytest.raises(ConfigError, match="no file nowhere"):
        RemoveAddresses(domains=Path("nowhere"))


def test_newlines() -> None:
    made = texts_of(LimitNewlines(), ["a\n\n\n\nb\n\nc\n\n\n", None, ""])
    assert made.column("text").to_pylist() == ["a\n\nb\n\nc\n\n", None, ""]
    assert made.column("removed_newline_count").to_pylist() == [3, 0, 0]
    assert one(LimitNewlines(most=1), "a\n\n\nb") == "a\nb"
    with pytest.raises(ConfigError, match="most is 0"):
        LimitNewlines(most=0)


SYMBOLS = st.sampled_from(["|", "| |", "a", "\n", "\r\n", " ", "-", "\u2028", "\n\n"])


@settings(deadline=None)
@given(text=st.lists(SYMBOLS, max_size=14).map("".join), kind=st.sampled_from([("|", "\n"), ("|-", "")]))
def test_symbol_lines_as_datatrove(text: str, kind: tuple[str, str]) -> None:
    symbols, replacement = kind
    theirs = SymbolLinesFormatter(symbols_to_remove=list(symbols), replace_char=replacement).format(text)
    assert one(RemoveSymbolLines(symbols=symbols, replacement=replacement), text) == theirs


def test_symbol_lines_are_counted() -> None:
    made = texts_of(RemoveSymbolLines(), ["a\n|\n| |\nb", None])
    assert made.column("text").to_pylist() == ["a\n\n\nb", None]
    assert made.column("symbol_line_count").to_pylist() == [2, 0]
