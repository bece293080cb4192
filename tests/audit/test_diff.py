"""`diff`: two corpora against a plain computation with sets, and what is said of how they were made."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from atom_data.audit.diff.comparison import NOT_READ, compare
from atom_data.audit.diff.documents import Limits
from atom_data.audit.diff.made import changes
from tests.command import atom_data, recipe, sample_recipe

LIMITS = Limits(memory=200_000_000, threads=1)
RECIPE = """
    from atom_data import Jsonl, Stage, keep
    from atom_data.signals import count_words

    def stages():
        pages = Jsonl({folder!r}, source="made", columns={{"language": "string"}})
        return (Stage(name="pages", reads=pages, steps=(count_words, keep({card!r}))),)
"""
CARD = 'source = "a test"\n[[rule]]\nreason = "words"\ncolumn = "word_count"\nmax = {most}\n'

Corpus = list[list[tuple[str, str]]]
"""Files of documents, each an id and a text."""


def run(folder: Path, corpus: Corpus, most: int = 5) -> Path:
    inputs = folder / "in"
    inputs.mkdir(parents=True, exist_ok=True)
    for number, documents in enumerate(corpus):
        lines = [
            json.dumps(
                {"id": name, "text": text, "url": f"https://h{len(text) % 3}.example.org/{name}", "language": "en"}
            )
            for name, text in documents
        ]
        (inputs / f"{number}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "words.toml").write_text(CARD.format(most=most))
    path = recipe(folder, RECIPE.format(folder=str(inputs), card=str(folder / "words.toml")))
    done = atom_data("run", path, "-o", folder / "out", "--workers", 1)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def kept(out: Path, stage: str = "pages") -> dict[str, tuple[str, str]]:
    """Return text and shard of each document of a stage."""
    return {
        row["id"]: (row["text"], file.stem)
        for file in sorted((out / stage).glob("*.parquet"))
        for row in pq.read_table(file, columns=["id", "text"]).to_pylist()
    }


def plain(one: dict[str, tuple[str, str]], other: dict[str, tuple[str, str]]) -> dict[str, int]:
    """Return the counts by sets."""
    both = {*one} & {*other}
    gone, new = (Counter(mine[name][0] for name in {*mine} - both) for mine in (one, other))
    renamed = (gone & new).total()
    changed = sum(one[name][0] != other[name][0] for name in both)
    moved = sum(one[name][0] == other[name][0] and one[name][1] != other[name][1] for name in both)
    return {
        "same": len(both) - changed - moved,
        "moved": moved,
        "changed": changed,
        "renamed": renamed,
        "out": gone.total() - renamed,
        "in": new.total() - renamed,
    }


def corpora(draw: Any) -> tuple[Corpus, Corpus]:
    """Draw two corpora of files, that have many documents in common."""
    names = draw(st.lists(st.integers(0, 30), unique=True, max_size=20))
    texts = st.sampled_from(["a", "a b", "a b c d e f g", "x", "y z"])
    made: list[Corpus] = []
    for _ in range(2):
        files: Corpus = [[], [], []]
        for name in names:
            place = draw(st.integers(0, 3))
            if place < 3:
                files[place].append((f"d{name}", draw(texts)))
        files[0].append((f"only{len(made)}", draw(texts)))
        made.append(files)
    return made[0], made[1]


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_counts_are_those_of_sets(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("diff")
    one, other = corpora(data.draw)
    a, b = run(folder / "a", one), run(folder / "b", other)
    found = compare(str(a), str(b), LIMITS)
    mine, theirs = kept(a), kept(b)
    assert found.counts == plain(mine, theirs)
    assert found.documents == (len(mine), len(theirs))
    assert sum(reason.count for reason in found.out_for) == found.counts["out"]
    for lines in found.groups.values():
        sums: Counter[str] = Counter()
        for line in lines:
            sums.update(line.kinds)
        assert {kind: count for kind, count in found.counts.items() if kind != "same" and count} == dict(sums)
    assert compare(str(b), str(a), LIMITS).counts["out"] == found.counts["in"]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("two")
    common = [(f"d{number}", f"text {number}") for number in range(50)]
    one = [
        [*common, ("long", "a b c d e"), ("gone", "here"), ("old", "the same")],
        [("moves", "there")],
        [("changes", "as it was")],
    ]
    other = [
        [*common, ("long", "a b c d e"), ("new", "the same")],
        [("changes", "as it is")],
        [("moves", "there"), ("comes", "now")],
    ]
    return run(folder / "a", one), run(folder / "b", other, most=4)


def test_every_kind_has_its_documents_and_reasons(two: tuple[Path, Path]) -> None:
    found = compare(*map(str, two), LIMITS)
    assert found.counts == {"same": 50, "moved": 1, "changed": 1, "renamed": 1, "out": 2, "in": 1}
    assert {sample.kind: sample.id for sample in found.samples if sample.kind != "out"} == {
        "moved": "moves", "changed": "changes", "renamed": "old", "in": "comes",
    }  # fmt: skip
    renamed = next(sample for sample in found.samples if sample.kind == "renamed")
    assert (renamed.before, renamed.after, renamed.other) == ("pages/0.jsonl", "pages/0.jsonl", "new")
    changed = next(sample for sample in found.samples if sample.kind == "changed")
    assert changed.difference is not None
    assert [(change.kept, change.dropped) for change in changed.difference.changes] == [("was", "is")]
    reasons = {(reason.stage, reason.reason): reason.count for reason in found.out_for}
    assert reasons == {("pages", "words.words"): 1, ("", NOT_READ): 1}
    assert [reason.reason for reason in found.in_despite] == [NOT_READ]
    assert found.stages[0].dropped == {"words.words": (0, 1)}


def test_without_texts_ids_and_places_are_compared(two: tuple[Path, Path]) -> None:
    found = compare(*map(str, two), LIMITS, text=False)
    assert found.counts == {"same": 50, "moved": 2, "changed": 0, "renamed": 0, "out": 3, "in": 2}
    assert found.compared_by == "id"


def test_cards_and_inputs_that_differ_are_named(two: tuple[Path, Path]) -> None:
    made = compare(*map(str, two), LIMITS).made
    assert {one.kind for one in made} == {"recipe", "parameter", "input"}
    assert [one.where for one in made if one.kind == "input"] == ["0.jsonl", "1.jsonl", "2.jsonl"]


def test_identities_are_compared_to_the_last_parameter() -> None:
    one = {"reads": "a", "steps": [{"step": "x.Near", "bands": 20, "by": None}, {"card": "c", "sha256": "1" * 64}]}
    other = {"reads": "a", "steps": [{"step": "x.Near", "bands": 14, "by": None}, {"card": "c", "sha256": "2" * 64}]}
    found = [(item.kind, item.before, item.after) for item in changes("s", one, other)]
    assert found == [("parameter", "Near.bands 20", "Near.bands 14"), ("card", f"c {'1' * 12}", f"c {'2' * 12}")]
    assert [*changes("s", one, one)] == []
    fewer = {"reads": "a", "steps": one["steps"][:1]}
    assert [item.after for item in changes("s", one, fewer)] == ["steps without"]


def test_ids_that_repeat_are_counted_and_not_multiplied(tmp_path: Path) -> None:
    one: Corpus = [[("d", "a"), ("d", "b"), ("e", "c")], [("d", "a")]]
    other: Corpus = [[("d", "a"), ("d", "b")], [("f", "c")]]
    a, b = run(tmp_path / "a", one), run(tmp_path / "b", other)
    assert compare(str(a), str(b), LIMITS).counts == {
        "same": 2, "moved": 0, "changed": 0, "renamed": 1, "out": 1, "in": 0,
    }  # fmt: skip
    assert compare(str(a), str(a), LIMITS).equal


def test_a_build_against_itself_and_another_recipe(sample_run: Path, tmp_path: Path) -> None:
    itself = compare(str(sample_run), str(sample_run), LIMITS)
    assert itself.equal
    assert itself.made == itself.samples == []
    pages = 'Warc(str(SAMPLE / "*.warc.gz"), source="sample")'
    path = sample_recipe(tmp_path, pages)
    path.write_text(path.read_text().replace('keep("gopher_multilingual")', 'keep("gopher_quality")'))
    assert atom_data("run", path, "-o", tmp_path / "out").returncode == 0
    found = compare(str(sample_run), str(tmp_path / "out"), LIMITS)
    mine, theirs = kept(sample_run, "fuzzy_deduped"), kept(tmp_path / "out", "fuzzy_deduped")
    assert found.counts == plain(mine, theirs)
    assert found.tokens[0] - found.token_counts["out"][0] == found.tokens[1] - found.token_counts["in"][1]
    assert [(one.where, one.before[:25]) for one in found.made if one.kind == "parameter"] == [
        ("clean", "steps gopher_multilingual")
    ]
    shown = atom_data("diff", sample_run, tmp_path / "out")
    assert shown.returncode == 0, shown.stderr
    assert "clean  gopher_quality.stop_words" in shown.stdout
    again = atom_data("diff", sample_run, tmp_path / "out", "--json", "--workers", 2)
    assert json.loads(again.stdout)["counts"] == found.counts
    assert again.stdout == atom_data("diff", sample_run, tmp_path / "out", "--json", "--workers", 1).stdout


def test_what_cannot_be_compared_is_a_sentence(sample_run: Path, tmp_path: Path) -> None:
    assert "no such folder" in atom_data("diff", sample_run, tmp_path / "none").stderr
    done = atom_data("diff", sample_run, sample_run, "--stage", "cleen")
    assert done.returncode == 2
    assert "no stage 'cleen'; stages there: extracted, clean, " in done.stderr
    assert "Did you mean 'clean'?" in done.stderr
