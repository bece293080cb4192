"""Bad words: what datatrove's filter drops is what has one, and known answers."""

import shutil
from pathlib import Path
from unicodedata import category

import pyarrow as pa
import pytest
from datatrove.data import Document
from datatrove.pipeline.filters import C4BadWordsFilter, c4_filters
from hypothesis import given, strategies as st

from atom_data.assets import filters_folder
from atom_data.errors import ConfigError
from atom_data.rules import REASON, keep
from atom_data.signals import CountBadWords
from tests.text.reference import texts

LISTS = sorted((filters_folder() / "lists" / "bad_words").glob("*.txt"))
WORDS = {path.stem: [line for line in path.read_text().splitlines() if line[0] != "#"] for path in LISTS}


def counted(rows: list[tuple[str | None, str | None]], **options: object) -> list[int | None]:
    """The counts of texts in languages."""
    text, language = ([row[side] for row in rows] for side in (0, 1))
    batch = pa.RecordBatch.from_pydict(
        {"text": pa.array(text, pa.string()), "language": pa.array(language, pa.string())}
    )
    found: list[int | None] = CountBadWords(**options)(batch)["bad_word_count"].to_pylist()
    return found


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> C4BadWordsFilter:
    """datatrove's filter with our lists, which it would download."""
    folder = tmp_path_factory.mktemp("lists")
    for name, words in WORDS.items():
        (folder / name).write_text("\n".join(words) + "\n")
    patch = pytest.MonkeyPatch()
    patch.setattr(c4_filters, "cached_asset_path_or_download", lambda url, **_: str(folder / Path(url).name))
    step = C4BadWordsFilter(fail_on_missing_language=False)
    for name in WORDS:
        step._get_badwords(name)
    patch.undo()
    shutil.rmtree(folder)
    return step


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, str]:
    """A text with some of a list's words in it, and the language."""
    language = draw(st.sampled_from(sorted(WORDS)))
    words = st.sampled_from(WORDS[language])
    glue = st.sampled_from(["", " ", "_", ".", "a", "é", "漢", "1", "\u0301", "\n", "-"])
    pieces = draw(st.lists(st.one_of(words, words.map(str.upper), glue, texts), max_size=6))
    return "".join(pieces), language


# Of these the lower case has another number of bytes, or depends on what follows, and the kernel keeps their case.
def _same_lower(text: str) -> bool:
    return (
        len(text.lower()) == len(text)
        and text.lower().encode().count(b"") == text.encode().count(b"")
        and "Σ" not in text
        and not any(category(letter) == "Cn" and 0x20000 <= ord(letter) < 0x3FFFE for letter in text)  # kept for Han
    )


@given(st.lists(pages().filter(lambda page: _same_lower(page[0])), min_size=1, max_size=4))
def test_count_bad_words_is_above_0_where_datatrove_drops(peer: C4BadWordsFilter, rows: list[tuple[str, str]]) -> None:
    counts = counted(rows, as_listed=True)  # type: ignore[arg-type]
    dropped = [peer.filter(Document(text=text, id="", metadata={"language": name})) is not True for text, name in rows]
    assert [count != 0 for count in counts] == dropped


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_every_listed_word_is_found_alone_and_in_capitals(path: Path) -> None:
    words = [word for word in WORDS[path.stem] if word not in ("sm", "グロ", "女の子", "性")]
    counts = counted([(f"x, {word}!", path.stem) for word in words])
    assert all(counts), [word for word, count in zip(words, counts, strict=True) if not count]
    assert path.read_text().startswith("# Source: ")
    assert len(words) > 1


def test_count_bad_words_known_texts_known_counts() -> None:
    rows = [
        ("The ass and the BITCH, an ass.", "en"),
        ("The class assembled; the pass_ass asses9.", "en"),
        ("ass", "de"),
        ("Das ist Scheiße!", "de"),
        ("他妈的", "zh"),
        ("性", "zh"),
        ("", "en"),
        (None, "en"),
        ("ass", "xx"),
        ("ass", None),
        ("bobo", "tl"),
    ]
    assert counted(rows) == [3, 0, 0, 1, 2, 0, 0, 0, None, None, 1]


def test_count_bad_words_capitals_in_a_list_are_found_unless_as_listed() -> None:
    assert counted([("eine Milf", "de")]) == [1]
    assert counted([("eine Milf", "de")], as_listed=True) == [0]


def test_count_bad_words_one_language_for_all_needs_no_column() -> None:
    found = CountBadWords(language="en")(pa.record_batch({"text": ["an ass", None]}))
    assert found["bad_word_count"].to_pylist() == [1, 0]


def test_count_bad_words_a_list_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "en.txt"
    path.write_text("# mine\nheck  # mild\nGosh darn\n")
    assert counted([("What the heck, gosh darn. Ass!", "en"), ("heck", "de")], lists=(path,)) == [2, None]


def test_bad_words_cards_judge_listed_languages() -> None:
    batch = pa.record_batch({"text": ["an ass", "fine", "ass", None], "language": ["en", "en", "xx", "en"]})
    for card in ("bad_words", "datatrove_c4_bad_words"):
        marked = keep(card)(CountBadWords()(batch))
        assert marked[REASON].to_pylist() == [f"{card}.count", None, None, None]


def test_count_bad_words_wrong_parameters_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no list of 'xx'; there are ar, cs, da"):
        CountBadWords(language="xx")
    with pytest.raises(ConfigError, match=r"no file .*none\.txt of bad words"):
        CountBadWords(lists=(tmp_path / "none.txt",))
