"""Mistakes in questions to tune, and stored rows that are not as they should be, by the text of the error."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.command import atom_data
from tests.tune.asking import command


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--stage", "no"), "no stage 'no'; stages there: measured, clean."),
        (("--set", "word_cuont.min=3"), "no rule and no column 'word_cuont'; rules: web_page.http_status,"),
        (("--set", "word_count"), "--set: 'word_count' changes nothing. Give RULE.KEY=VALUE with a key of min, max,"),
        (
            ("--set", "word_count.min=few"),
            "--set: 'word_count.min=few': 'few' is not a number. Give one such as 30 or 0.5.",
        ),
        (("--set", "word_count.min=nan"), "'nan' is not a number"),
        (("--set", "language.min=3"), "bounds column 'language', which is string, with min 3"),
        (("--sweep", "word_count=3"), "--sweep: 'word_count=3' names no bound. Give RULE.KEY with a key of min, max,"),
        (("--sweep", "word_count.min=9:3:1"), "'9:3:1' is not START:STOP:STEP. Give one such as 4:12:0.5."),
        (("--sweep", "word_count.min=0:1000:1"), "more than 200 thresholds. Take larger steps."),
        (("--sweep", "language.min"), "bounds column 'language', which is string"),
        (("--by", "place"), "--by: measured has no column 'place'; columns there: id, url,"),
        (("--memory", "much"), "--memory: 'much' is not a size. Give a number and a unit, such as 500MB or 2GB"),
        (("--html", "no/such/place.html"), "--html: there is no folder no/such. Make it, or give another name."),
        (("--card", "no_card"), "no filter card 'no_card'"),
        (("--write", "x.toml"), "--write: it writes one card, and there are 3. Name one with --card."),
        (("--card", "gopher_quality", "--write", "x.toml"), "--write: the bounds are those of gopher_quality."),
        (("--card", "gopher_quality", "--set", "word_count.min=1", "--write", "x.txt"), "x.txt does not end in .toml."),
    ],
)
def test_mistakes_are_named(run: tuple[Path, Path], options: tuple[str, ...], said: str) -> None:
    done = command(run, *options)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_that_several_rules_have_must_be_given_in_full(run: tuple[Path, Path]) -> None:
    done = command(run, "--card", "gopher_quality", "--card", "gopher_multilingual", "--set", "symbols.max=1")
    assert done.returncode == 2
    assert "'symbols' may be any of gopher_quality.symbols, gopher_multilingual.symbols." in done.stderr


def test_unfinished_stage_and_missing_run_are_said(run: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = atom_data("run", run[0], "-o", out, "--stage", "measured", "--part", "0/3", "-w", 1)
    assert done.returncode == 0, done.stderr
    answer = json.loads(atom_data("tune", run[0], "-o", out, "--json").stdout)
    assert answer["notes"] == ["4 of 6 shards are not finished and not counted."]
    done = atom_data("tune", run[0], "-o", tmp_path / "none")
    assert done.returncode == 1
    assert "stage 'measured' has not begun there. Run the recipe first, or give its --output." in done.stderr


def test_shards_that_are_not_as_their_receipts_say_are_named(run: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert atom_data("run", run[0], "-o", out, "--stage", "measured", "--part", "0/6", "-w", 1).returncode == 0
    (shard,) = (out / "measured").glob("*.parquet")
    table = pq.read_table(shard)
    pq.write_table(table.slice(1), shard)
    done = atom_data("tune", run[0], "-o", out)
    assert done.returncode == 1
    assert f"its receipts say {table.num_rows:,} documents, its shards hold {table.num_rows - 1:,}." in done.stderr
    assert atom_data("run", run[0], "-o", out, "--stage", "measured", "--part", "1/6", "-w", 1).returncode == 0
    for path, names in zip(
        sorted((out / "measured").glob("*.parquet")), (table.schema.names, ["id", "text"]), strict=True
    ):
        pq.write_table(table.select(names), path)
    done = atom_data("tune", run[0], "-o", out)
    assert done.returncode == 1
    assert "stage 'measured': its shards cannot be read together (" in done.stderr
    shard.write_bytes(b"PAR1 nothing")
    assert "is not a readable Parquet file" in atom_data("tune", run[0], "-o", out).stderr
