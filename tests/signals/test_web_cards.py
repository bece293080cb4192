"""The cards of C4, RefinedWeb and DCLM: the bounds they share with Gopher's, and whole pages through the steps they name."""

import pyarrow as pa
import pytest

from atom_data import keep
from atom_data.batch import with_columns
from atom_data.rewrite import RemoveBoilerplateLines, RemoveC4Lines
from atom_data.rules import REASON, load_card
from atom_data.signals import count_lines, count_placeholders, count_sentences, count_words, measure_repetition

SENTENCES = [
    "The quick brown fox jumps over the lazy dog near the river bank.",
    "Nobody knew that the old house would have been sold to a stranger.",
    "With patience and care you can be sure of a good harvest in autumn.",
    "Trains to the coast leave every morning from the second platform.",
    "She wrote a long letter about the mountains and the people there.",
    "After supper they talked of music until the fire had burned down.",
]
PAGE = "\n".join(SENTENCES)


def bounds(card: str) -> dict[str, tuple[float | None, float | None]]:
    """The column of every rule with its bounds."""
    return {rule.column: (rule.min, rule.max) for rule in load_card(card).rules}


@pytest.mark.parametrize("card", ["refinedweb", "dclm_heuristics"])
def test_web_cards_have_the_bounds_of_gopher_and_of_removed_words(card: str) -> None:
    found = bounds(card)
    gopher = bounds("gopher_quality") | bounds("gopher_repetition")
    assert {name: found[name] for name in gopher} == gopher
    assert found["boilerplate_word_share"] == (None, 0.05)
    reasons = [rule.reason for rule in load_card(card).rules]
    assert len(set(reasons)) == len(reasons)


def web(card: str, text: str, language: str = "en", score: float = 0.9) -> str | None:
    """Why a page is dropped by a card of web pages."""
    batch = pa.record_batch({"id": ["a"], "text": [text]})
    for step in (count_words, count_lines, measure_repetition, RemoveBoilerplateLines()):
        batch = step(batch)
    batch = with_columns(batch, language=pa.array([language]), language_score=pa.array([score], pa.float32()))
    found = keep(card)(batch)[REASON][0].as_py()
    return None if found is None else str(found)


@pytest.mark.parametrize("card", ["refinedweb", "dclm_heuristics"])
def test_web_cards_drop_a_page_that_loses_one_word_in_twenty(card: str) -> None:
    assert web(card, PAGE) is None
    assert web(card, PAGE + "\n3 likes") is None
    assert web(card, PAGE + "\n3 likes\n4 shares\nSIGN IN\nHome") == f"{card}.removed_words"
    assert web(card, "Too short.") == f"{card}.word_count"


def test_dclm_card_wants_english_that_is_sure() -> None:
    assert web("dclm_heuristics", PAGE, "de") == "dclm_heuristics.language"
    assert web("dclm_heuristics", PAGE, "en", 0.6) == "dclm_heuristics.language_score"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PAGE, None),
        ("\n".join(SENTENCES[:3]), None),
        ("\n".join(SENTENCES[:2]), "c4.too_few_sentences"),
        ("\n".join([*SENTENCES[:2], "A heading without an end mark"]), "c4.too_few_sentences"),
        (PAGE + "\nHere is a function { of this page.", "c4.curly_bracket"),
        (PAGE + "\nThis is lorem ipsum of a page.", "c4.lorem_ipsum"),
    ],
)
def test_c4_card_judges_the_lines_that_are_kept(text: str, reason: str | None) -> None:
    batch = RemoveC4Lines()(pa.record_batch({"id": ["a"], "text": [text]}))
    assert keep("c4")(count_sentences(count_placeholders(batch)))[REASON][0].as_py() == reason
