"""`peek`: which documents it shows, what they missed, what a copy is a copy of, and what could not be read."""

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from atom_data.audit.difference import WORDS, difference
from atom_data.audit.peek import peek
from atom_data.errors import ConfigError
from atom_data.runner.recipe import load_recipe
from atom_data.workspace import Workspace
from tests.command import ROOT, atom_data, recipe

SAMPLE = str(ROOT / "pipelines" / "sample.py")


def test_what_was_missed_stands_beside_the_value(sample_run: Path) -> None:
    (sight,) = peek(load_recipe(SAMPLE).job("clean"), Workspace(str(sample_run)), "bullet_lines", 1)
    assert sight.reason == "gopher_multilingual.bullet_lines"
    assert any(said.startswith("bullet_line_share is ") and said.endswith(": max 0.9") for said in sight.missed)
    assert sight.text


def test_kept_documents_are_a_sample_by_hash_and_the_same_each_time(sample_run: Path) -> None:
    job, workspace = load_recipe(SAMPLE).job("clean"), Workspace(str(sample_run))
    ten, five = peek(job, workspace, None, 10), peek(job, workspace, None, 5)
    assert ten[:5] == five
    assert len({sight.id for sight in ten}) == 10
    assert all(sight.text and sight.url for sight in ten)
    shards = {sight.url.split("/")[2] for sight in ten}
    assert len(shards) > 2


def test_reasons_may_be_short_and_misspelled_ones_are_said(sample_run: Path) -> None:
    job, workspace = load_recipe(SAMPLE).job("clean"), Workspace(str(sample_run))
    for reason in ("gopher_multilingual", "gopher_multilingual.symbols", "symbols"):
        assert {sight.reason.split(".")[0] for sight in peek(job, workspace, reason, 3)} == {"gopher_multilingual"}
    with pytest.raises(ConfigError, match=r"reasons there: .*Did you mean 'gopher_multilingual\.symbols'\?"):
        peek(job, workspace, "gopher_multilingual.symbol", 1)


def test_dead_letters_are_shown_by_their_reason(sample_run: Path) -> None:
    job, workspace = load_recipe(SAMPLE).job("extracted"), Workspace(str(sample_run))
    sights = peek(job, workspace, "warc.bad_header", 5)
    assert len(sights) == 2
    assert all(" at " in sight.id and sight.missed[0] for sight in sights)


def test_a_copy_names_what_was_kept_and_where_they_differ(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(120)]
    texts = {"a": " ".join(words), "b": " ".join([*words[:60], "<b>other\x1b[2J", *words[61:]]), "c": "alone " * 60}
    lines = [json.dumps({"id": name, "text": text}) for name, text in texts.items()]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    path = recipe(
        tmp_path,
        f"""
        from atom_data import Copies, Jsonl, MinHash, Stage, keep

        def stages():
            pages = Jsonl({str(tmp_path / "in.jsonl")!r})
            copies = Copies(of=pages, by=MinHash())
            return (Stage(name="kept", reads=copies, steps=(keep("first_near_copy"),), writes=("id", "text")),)
        """,
    )
    out = tmp_path / "out"
    assert atom_data("run", path, "-o", out).returncode == 0
    (sight,) = peek(load_recipe(str(path)).job("kept"), Workspace(str(out)), "near_copy", 3)
    assert (sight.id, sight.kept) == ("a", "b")
    assert sight.difference is not None
    ((before, kept, dropped, after),) = sight.difference.changes
    assert (kept, dropped) == ("<b>other\x1b[2J", "word60")
    assert (before, after) == ("word57 word58 word59", "word61 word62 word63")
    shown = atom_data("peek", path, "-o", out, "--stage", "kept", "--reason", "near_copy").stdout
    assert "kept instead: b; 1 of 120 words differ (- kept, + dropped):" in shown
    assert "near_copy_rank is 1: max 0" in shown
    assert "\x1b[2J" not in shown


@given(st.lists(st.sampled_from("abcd"), max_size=20), st.lists(st.sampled_from("abcd"), max_size=20))
def test_differences_are_all_that_differs(one: list[str], other: list[str]) -> None:
    found = difference(" ".join(one), " ".join(other))
    assert (not found.changes) == (one == other)
    assert found.words == max(len(one), len(other))
    assert found.differing <= found.words + min(len(one), len(other))
    assert not found.cut


def test_long_texts_are_compared_at_their_beginning() -> None:
    long = " ".join(f"w{number}" for number in range(WORDS + 10))
    assert difference(long, long + " more").cut
    assert difference(long, long + " more").changes == ()
