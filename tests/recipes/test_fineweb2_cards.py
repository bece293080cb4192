"""Configs of FineWeb2 become cards: those of German and Chinese the very rules of the cards that are here."""

import runpy
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.assets import filters_folder
from atom_data.errors import ConfigError
from atom_data.rules import load_card
from atom_data.runner.recipe import load_recipe
from atom_data.signals import CountStopWords
from tests.command import ROOT

SCRIPT = ROOT / "pipelines" / "fineweb2_cards.py"
LANGUAGES = sorted(path.stem.removeprefix("fineweb2_") for path in filters_folder().glob("fineweb2_*_*.toml"))
GERMAN = """
dup_line_frac: 0.263
dup_n_grams: [[5, 0.141], [6, 0.134], [7, 0.126], [8, 0.117], [9, 0.108], [10, 0.098]]
language_score: 0.821
line_punct_thr: 0.0
max_avg_word_length: 15
max_non_alpha_words_ratio: 0.774
min_avg_word_length: 0
new_line_ratio: 0.152
stopwords: [der, und, die]
top_n_grams: [[2, 0.169], [3, 0.153], [4, 0.137]]
"""
CHINESE = """
dup_line_frac: 0.287
dup_n_grams: [[5, 0.198], [6, 0.182], [7, 0.167], [8, 0.154], [9, 0.14], [10, 0.127]]
language_score: 0.692
line_punct_thr: 0.106
max_avg_word_length: 5
max_non_alpha_words_ratio: 0.735
min_avg_word_length: 1
new_line_ratio: 0.178
stopwords: ["\\u7684", "\\u5E74"]
top_n_grams: [[2, 0.256], [3, 0.201], [4, 0.171]]
"""


@pytest.mark.parametrize(("language", "config"), [("deu_Latn", GERMAN), ("cmn_Hani", CHINESE)])
def test_a_config_has_the_rules_of_the_card_that_is_here(language: str, config: str, tmp_path: Path) -> None:
    (tmp_path / f"{language}.yml").write_text(config)
    made = [sys.executable, str(SCRIPT), str(tmp_path / f"{language}.yml"), str(tmp_path / "cards")]
    done = subprocess.run(made, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 3
    own, ours = load_card(str(tmp_path / "cards" / f"fineweb2_{language}.toml")), load_card(f"fineweb2_{language}")
    assert {(rule.reason, rule.column, rule.min, rule.max) for rule in own.rules} == {
        (rule.reason, rule.column, rule.min, rule.max) for rule in ours.rules
    }
    (score,) = load_card(str(tmp_path / "cards" / f"fineweb2_{language}_score.toml")).rules
    theirs = next(rule for rule in load_card("fineweb2_language").rules if rule.reason == f"score_{language}")
    assert (score.column, score.min) == (theirs.column, theirs.min)
    CountStopWords(words=tmp_path / "cards" / f"stop_words_{language}.txt")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    pq.write_table(
        pa.table({"id": ["1"], "text": ["Maisha ni safari."], "url": ["http://a.org"]}), tmp_path / "rows.parquet"
    )
    return tmp_path / "rows.parquet"


def test_a_recipe_takes_the_cards_of_another_language(documents: Path, tmp_path: Path) -> None:
    (tmp_path / "swh_Latn.yml").write_text(GERMAN.replace("der, und, die", "na, ya, kwa"))
    runpy.run_path(str(SCRIPT))["convert"](tmp_path / "swh_Latn.yml", tmp_path / "cards")
    check(documents, language="swh_Latn", cards=tmp_path / "cards")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_recipe_has_what_the_card_of_each_language_bounds(language: str, documents: Path) -> None:
    check(documents, language=language)


def check(documents: Path, **settings: object) -> None:
    """Check every job of the recipe."""
    given = {name: str(value) for name, value in {"documents": documents, **settings}.items()}
    for job in load_recipe(str(ROOT / "pipelines" / "fineweb2.py"), given).jobs:
        job.check()


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [", "no config of FineWeb2"), ("dup_line_frac: 1", "no 'dup_n_grams' in it."), ("", "no 'dup")],
)
def test_a_file_that_is_no_config_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "xx.yml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        runpy.run_path(str(SCRIPT))["convert"](tmp_path / "xx.yml", tmp_path)
    assert not list(tmp_path.glob("*.toml"))
