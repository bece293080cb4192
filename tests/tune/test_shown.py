"""What tune writes and shows: cards, pages, the screen, and what is hostile in them."""

import json
import re
import shlex
from pathlib import Path

import pyarrow.parquet as pq

from atom_data.rules import RULES, keep, load_card
from atom_data.tune.page import write_page
from atom_data.tune.sql import with_bound
from tests.command import atom_data, recipe
from tests.tune.asking import asked, command


def test_written_card_is_the_card_with_its_bounds_changed(run: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "own" / "mine.toml"
    settings = [
        "--set",
        "word_count.min=30",
        "--set",
        "stop_words=off",
        "--set",
        "symbols.above=-1",
        "--set",
        "text_chars.min=9",
    ]
    done = command(run, "--card", "gopher_quality", *settings, "--write", target)
    assert done.returncode == 0, done.stderr
    before, after = load_card("gopher_quality"), load_card(str(target))
    assert (after.source, after.url, after.record) == (before.source, before.url, before.record)
    rules = {rule.reason: rule for rule in after.rules}
    assert rules["word_count"] == with_bound(before.rules[0], "min", 30)
    assert (rules["symbols"].above, rules["symbols"].max, rules["text_chars"].min) == (-1, 0.1, 9)
    assert "stop_words" not in rules
    text = target.read_text()
    assert text.startswith("# The document rules of Gopher.")
    assert 'note = "The number sign, or the ellipsis: whichever is more frequent."' in text
    assert "Bounds of the card gopher_quality, changed: word_count min 30, max 100000, was min 50, max 100000;" in text
    kept = json.loads(command(run, "--card", target, "--json").stdout)["present"]["kept"]
    then = json.loads(command(run, "--card", "gopher_quality", *settings, "--json").stdout)["what_if"]["kept"]
    assert kept == then
    assert (
        RULES
        in keep(str(target))(pq.read_table(next((run[1] / "measured").glob("*.parquet"))).to_batches()[0]).schema.names
    )


def test_written_card_keeps_odd_strings(run: tuple[Path, Path], tmp_path: Path) -> None:
    odd = tmp_path / "odd.toml"
    odd.write_text(
        'source = "a \\"test\\" \\\\ \\u007f 日本"\nrecord = ["url"]\n[[rule]]\nreason = "r"\ncolumn = "language"\n'
        'none_of = ["d\'e", "\\n\\u0000"]\nwhere = { "source" = ["sample"], date = "x" }\n'
        '[[rule]]\nreason = "w"\ncolumn = "word_count"\nmin = 1_000\n'
    )
    done = command(run, "--card", odd, "--set", "word_count.min=1e2", "--write", tmp_path / "new.toml")
    assert done.returncode == 0, done.stderr
    made = load_card(str(tmp_path / "new.toml"))
    assert made.source == load_card(str(odd)).source
    assert made.rules[0] == load_card(str(odd)).rules[0]
    assert made.rules[1].min == 100


HOSTILE = '<script>alert(1)</script>\x1b[31m[red]\u202e" onload="x'


def test_hostile_values_are_shown_and_do_nothing(tmp_path: Path) -> None:
    lines = [
        {"id": HOSTILE + str(n), "url": HOSTILE, "text": HOSTILE * 3, "language": HOSTILE, "n": n} for n in range(5)
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "own.toml").write_text('source = "a test"\n[[rule]]\nreason = "n"\ncolumn = "n"\nmin = 2\n')
    path = recipe(
        tmp_path,
        f"""
        from atom_data import Jsonl, Stage

        def stages():
            files = Jsonl({str(tmp_path / "in.jsonl")!r}, source="t", columns={{"language": "string", "n": "int64"}})
            return (Stage(name="measured", reads=files),)
        """,
    )
    assert atom_data("run", path, "-o", tmp_path / "out", "-w", 1).returncode == 0
    more = ("--card", tmp_path / "own.toml", "--by", "language", "--sweep", "n.min", "--sample", 2)
    done = atom_data("tune", path, "-o", tmp_path / "out", *more, "--html", tmp_path / "page.html")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "[red]" in done.stdout
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "\x1b" not in page
    assert '" onload' not in page
    assert "&lt;script&gt;" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_page_has_waterfall_curves_groups_and_texts(run: tuple[Path, Path]) -> None:
    report = asked(
        run, by="language", sweeps=("mean_word_chars.max=4:12:1",), sample=1, settings=("word_count.min=30",)
    )
    page = write_page(report, "a run")
    assert page.count("<polyline") == page.count("<li>") == 1 + 6
    assert ">now 10</text>" in page and ">4</text>" in page and ">12</text>" in page, "thresholds below the picture"
    assert "gopher_quality.mean_word_chars.max" in page
    assert f"{report.answer.present.losses[-1].first.documents:,}" in page
    assert page.count("<pre>") == len(report.sights)


def test_screen_teaches(run: tuple[Path, Path]) -> None:
    done = command(run)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("measured  1,396 documents")
    assert "alone: all that fails the rule; first: no rule before it; only: no other rule" in done.stdout
    followed = re.findall(r"^  (atom-data tune .*?)  +\w", done.stdout, re.M)
    assert len(followed) == 3
    for line in followed:
        again = atom_data(*shlex.split(line)[1:])
        assert again.returncode == 0, again.stderr
