"""What a recipe expects a stage to keep: said where it is another share, and never a reason to make anything again."""

import json
from pathlib import Path

import pytest

from atom_data import Jsonl, Stage
from atom_data.errors import ConfigError
from tests.command import Done, atom_data, recipe

RECIPE = """
    from atom_data import Jsonl, Stage, keep
    from atom_data.signals import count_words

    def stages(*, low: float, high: float = 1.0):
        pages, steps = Jsonl({folder!r}, source="test"), (count_words, keep({card!r}))
        return (Stage(name="clean", reads=pages, steps=steps, expects=(low, high)),)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    lines = [{"id": str(i), "text": "word " * (i % 4)} for i in range(600)]
    (tmp_path / "in" / "0.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "card.toml").write_text(
        'source = "a test"\n[[rule]]\nreason = "short"\ncolumn = "word_count"\nmin = 1\n'
    )
    recipe(tmp_path, RECIPE.format(folder=str(tmp_path / "in"), card=str(tmp_path / "card.toml")))
    return tmp_path


def run(folder: Path, low: float, high: float) -> Done:
    done = atom_data(
        "run", folder / "recipe.py", "-o", folder / "out", "-w", 1, "--set", f"low={low}", "--set", f"high={high}"
    )
    assert done.returncode == 0, done.stderr
    return done


def test_a_share_outside_is_said_with_its_usual_causes(folder: Path) -> None:
    done = run(folder, 0.9, 1.0)
    said = "clean: kept 75.0% of 600 documents; the recipe expects 90% to 100%. Most went for card.short 25.0%. Usual"
    assert said in done.stdout
    assert said in atom_data("status", folder / "out").stdout
    value = json.loads(atom_data("status", folder / "out", "--json").stdout)[0]
    assert value["expects"] == [0.9, 1.0] and value["outside"][0].startswith("clean: kept 75.0%")


def test_too_much_has_other_causes_and_nothing_is_made_again(folder: Path) -> None:
    run(folder, 0.7, 0.8)
    receipt = folder / "out" / "clean" / "receipts" / "0.jsonl.json"
    before = receipt.read_bytes()
    assert "the recipe expects" not in atom_data("status", folder / "out").stdout
    done = run(folder, 0.1, 0.5)
    assert "expects 10% to 50%. Usual causes: input that this recipe or one like it has filtered" in done.stdout
    assert receipt.read_bytes() == before


def test_few_documents_say_nothing(folder: Path) -> None:
    text = (folder / "in" / "0.jsonl").read_text().splitlines(keepends=True)
    (folder / "in" / "0.jsonl").write_text("".join(text[:400]))
    assert "the recipe expects" not in run(folder, 0.9, 1.0).stdout


def test_shares_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for wrong in ((0.5, 0.2), (-0.1, 0.5), (0.5, 1.5)):
        with pytest.raises(ConfigError, match="expects is"):
            Stage(name="x", reads=Jsonl(str(tmp_path), source="t"), expects=wrong)
