"""The cards of languages: that they judge their own rows and no others, and that what they name is there."""

import tomllib
from pathlib import Path

import pyarrow as pa
import pytest

from atom_data.assets import filters_folder
from atom_data.batch import with_columns
from atom_data.rules import REASON, keep, load_card
from atom_data.signals import CountStopWords, count_characters, count_lines, count_units, count_words

CARDS = sorted(path for path in filters_folder().glob("fineweb2_*.toml") if path.stem != "fineweb2_language")
LISTS = (filters_folder() / "lists" / "stop_words.txt").read_text("utf-8")
PROSE = {
    "fr": "Chaque matin, nous buvons du café sur le balcon avant d'aller au travail dans la ville de Paris. ",
    "de": "Jeden Morgen trinken wir den Kaffee auf dem Balkon, bevor wir mit der Bahn zur Arbeit fahren. ",
    "ru": "Каждое утро мы пьём кофе на балконе, прежде чем идти на работу в город с друзьями. ",
    "th": "ทุกเช้าเราดื่มกาแฟที่ระเบียงในบ้านของเราก่อนไปทำงานและการเดินทาง ",
}


def measured(text: str, language: str | None) -> pa.RecordBatch:
    """A row with every column that a card of FineWeb2 bounds; nothing in it is repeated."""
    batch = pa.record_batch({"text": [text], "language": pa.array([language], pa.string())})
    for step in (count_characters, count_words, count_units, count_lines, CountStopWords()):
        batch = step(batch)
    repeated = {rule.column for card in CARDS for rule in load_card(card.stem).rules} - set(batch.schema.names)
    assert all(name.startswith(("duplicate_", "top_")) for name in repeated)
    return with_columns(batch, **{name: pa.array([0.0], pa.float32()) for name in repeated})


def reason(text: str, language: str | None, card: str) -> str | None:
    return keep(card)(measured(text, language))[REASON][0].as_py()  # type: ignore[no-any-return]


def test_there_is_a_card_and_a_list_for_each_of_twenty_languages() -> None:
    assert len(CARDS) == 20
    page = tomllib.loads((filters_folder() / "fineweb2_language.toml").read_text("utf-8"))
    allowed, scores = page["rule"][0]["one_of"], page["rule"][1:]
    assert len(allowed) == 40 == len(set(allowed))
    assert len(scores) == 20
    for path in CARDS:
        language = path.stem.removeprefix("fineweb2_")
        (pair,) = {choice for rule in load_card(path.stem).rules for name, choice in rule.where if name == "language"}
        assert language == pair[1]
        assert set(pair) <= set(allowed)
        assert f"\n{pair[0]} {pair[1]}: " in LISTS
        assert [rule["where"]["language"] for rule in scores if rule["reason"] == f"score_{language}"] == [list(pair)]


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_card_judges_only_rows_in_its_language(path: Path) -> None:
    card = load_card(path.stem)
    languages = next(choice for rule in card.rules for _, choice in rule.where)
    for language in languages:
        assert reason("| | |\n- #\n", str(language), path.stem) is not None
    for other in ("xx", "en", None):
        assert reason("| | |\n- #\n", other, path.stem) is None


CODES = {"fr": "fra_Latn", "de": "deu_Latn", "ru": "rus_Cyrl", "th": "tha_Thai"}


@pytest.mark.parametrize("language", CODES)
def test_prose_is_kept(language: str) -> None:
    text = "\n".join([(PROSE[language] * 2).strip().removesuffix(".") + "."] * 4)
    for label in (language, CODES[language]):
        assert reason(text, label, f"fineweb2_{CODES[language]}") is None


@pytest.mark.parametrize("language", ["fr", "de", "ru"])
def test_prose_without_stop_words_of_the_language_is_dropped(language: str) -> None:
    card = f"fineweb2_{CODES[language]}"
    assert reason("Wörter Wände Walzer Wolken Winde Waren. " * 30, language, card) == f"{card}.stop_words"


def test_score_of_each_language_has_its_own_bound() -> None:
    languages = ["fr", "fra_Latn", "zh", "ru", "ru", "en", None]
    scores = [0.83, 0.82, 0.7, 0.89, 0.91, 0.99, 0.99]
    batch = pa.record_batch({"language": pa.array(languages), "language_score": pa.array(scores, pa.float32())})
    found = keep("fineweb2_language")(batch)[REASON].to_pylist()
    card = "fineweb2_language"
    bounded = [None, f"{card}.score_fra_Latn", None, f"{card}.score_rus_Cyrl", None]
    assert found == [*bounded, f"{card}.language", f"{card}.language"]
