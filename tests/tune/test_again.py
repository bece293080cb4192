"""tune where nobody planned for it: the stage is chosen, and what it has not stored is measured again."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from atom_data.errors import ConfigError
from atom_data.runner.recipe import load_recipe
from atom_data.tune.choose import choose
from tests.command import atom_data, recipe

SAMPLE = "pipelines/sample.py"


def test_all_measured_again_is_what_the_ledger_counted(sample_run: Path) -> None:
    answer = json.loads(atom_data("tune", sample_run, "--json").stdout)
    assert answer["stage"] == "clean"
    assert answer["notes"][0] == (
        "The run has not stored what 'clean' measures before its cards. All 1,385 documents, from 6 of 6 shards, "
        "were measured again."
    )
    counted: Counter[str] = Counter()
    for path in (sample_run / "clean" / "receipts").glob("*.json"):
        counted.update(json.loads(path.read_text())["dropped"])
    rules = {rule["name"]: rule["first"]["documents"] for rule in answer["present"]["rules"]}
    assert {name: count for name, count in rules.items() if count} == counted


def test_a_sample_is_the_same_each_time(sample_run: Path) -> None:
    said = [atom_data("tune", sample_run, "--measure", "90", "--sample", "1", "--json").stdout for _ in range(2)]
    answer = json.loads(said[0])
    assert said[0] == said[1]
    assert 45 <= answer["present"]["total"]["documents"] <= 90
    found = re.search(r"A sample of (\d+) documents, from 6 of 6 shards, was measured again\.", answer["notes"][0])
    assert found and int(found[1]) == answer["present"]["total"]["documents"]
    assert answer["samples"] and all(sight["text"] for sight in answer["samples"])


def test_commands_to_paste_name_the_run_as_it_was_named(sample_run: Path) -> None:
    shown = atom_data("tune", sample_run, "--measure", "90").stdout
    assert f"\n  atom-data tune {sample_run} --sweep " in shown
    shown = atom_data("tune", SAMPLE, "-o", sample_run, "--stage", "clean", "--measure", "90").stdout
    assert f"\n  atom-data tune {SAMPLE} -o {sample_run} --stage clean --sweep " in shown


RECIPE = """
    from atom_data import Copies, Jsonl, SameText, Stage, keep
    from atom_data.signals import count_lines, count_words

    def stages():
        {first}
        return (Stage(name="last", reads=Copies(of=first, by=SameText()), steps=(keep("first_copy"),)),)
"""
MEASURES = 'first = Stage(name="first", reads=Jsonl("in.jsonl"), steps=(count_words, count_lines))'
DROPS = 'first = Stage(name="first", reads=Jsonl("in.jsonl"), steps=(count_words, count_lines, keep("gopher_quality")))'


@pytest.mark.parametrize(
    ("first", "cards", "stage", "again"),
    [
        (MEASURES, ["gopher_quality"], "first", False),
        (MEASURES, [], "last", True),
        (DROPS, [], "first", True),
        (DROPS, ["first_copy"], "last", True),
    ],
)
def test_the_stage_that_can_judge_most_is_chosen(
    tmp_path: Path, first: str, cards: list[str], stage: str, again: bool
) -> None:
    loaded = load_recipe(str(recipe(tmp_path, RECIPE.format(first=first))))
    chosen = choose(loaded, None, cards)
    assert (chosen.stage.name, chosen.again) == (stage, again)
    assert choose(loaded, "first", cards).stage.name == "first"
    with pytest.raises(
        ConfigError, match=r"'exact' is not a stage but a pass: it stores no signals\. Give --stage one of:"
    ):
        choose(loaded, "exact", cards)
