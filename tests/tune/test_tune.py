"""tune's answers beside plain counting over the stored rows, and beside the ledger of a run that applied the cards."""

import json
import re
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import ConfigError
from atom_data.runner.recipe import Recipe, load_recipe
from atom_data.tune import stored as stored_rows
from atom_data.tune.bounds import CardRule
from atom_data.tune.choose import cards_of
from atom_data.tune.sql import with_bound
from atom_data.workspace import Workspace
from tests.command import atom_data, recipe
from tests.tune.asking import RECIPE, asked, failed


def test_first_is_what_the_ledger_counted(run: tuple[Path, Path]) -> None:
    counted: Counter[str] = Counter()
    for path in (run[1] / "clean" / "receipts").glob("*.json"):
        counted.update(json.loads(path.read_text())["dropped"])
    waterfall = asked(run).answer.present
    assert {loss.rule.name: loss.first.documents for loss in waterfall.losses if loss.first.documents} == counted
    assert waterfall.total.documents - waterfall.kept.documents == counted.total() > 100
    kept = sum(pq.read_metadata(path).num_rows for path in (run[1] / "clean").glob("*.parquet"))
    assert waterfall.kept.documents == kept


def test_waterfall_equals_plain_counting(run: tuple[Path, Path], rows: pa.Table) -> None:
    report = asked(run)
    misses = failed(report.rules, rows)
    tokens = [int(size / 4 + 0.5) for size in rows["text_bytes"].to_pylist()]
    for loss in report.answer.present.losses:
        name = loss.rule.name
        alone = [row for row, names in enumerate(misses) if name in names]
        first = [row for row, names in enumerate(misses) if names[:1] == [name]]
        only = [row for row, names in enumerate(misses) if names == [name]]
        for part, expected in ((loss.alone, alone), (loss.first, first), (loss.only, only)):
            assert part.documents == len(expected), name
            assert part.tokens == sum(tokens[row] for row in expected)
    assert sum(loss.only.documents for loss in report.answer.present.losses) > 0


def test_what_if_equals_plain_counting(run: tuple[Path, Path], rows: pa.Table) -> None:
    settings = ("word_count.min=80", "stop_words=off", "symbol_word_ratio.max=off", "line_count.min=3")
    report = asked(run, settings=settings)
    before, after = failed(report.rules, rows), failed(report.others or [], rows)
    pairs = [(not now, not then) for now, then in zip(before, after, strict=True)]
    assert report.answer.other is not None
    assert report.answer.other.kept.documents == sum(then for _, then in pairs)
    assert report.answer.gained.documents == sum(then and not now for now, then in pairs) > 0
    assert report.answer.lost.documents == sum(now and not then for now, then in pairs) > 0
    names = [item.name for item in report.others or []]
    assert "gopher_quality.symbols" not in names
    assert names[-1] == "gopher_quality.line_count"


@pytest.mark.parametrize(
    ("sweep", "key"),
    [
        ("mean_word_chars.max=4:12:0.5", "max"),
        ("gopher_quality.word_count.min=10:200:10", "min"),
        ("text_chars.above", "above"),
        ("bullet_line_share.below=0.1,0.5,0.7", "below"),
    ],
)
def test_curve_equals_plain_counting(run: tuple[Path, Path], rows: pa.Table, sweep: str, key: str) -> None:
    report = asked(run, sweeps=(sweep,), by="language", top=3)
    (curve,) = report.curves
    place = next((n for n, item in enumerate(report.rules) if item.name == curve.rule.name), len(report.rules))
    languages = rows["language"].to_pylist()
    assert len(curve.points) > 2
    assert [p.threshold for p in curve.points] == sorted(p.threshold for p in curve.points)
    for point in curve.points:
        rule = CardRule(curve.rule.card, with_bound(curve.rule.rule, key, point.threshold))
        rules = [*report.rules[:place], rule, *report.rules[place + 1 :]]
        kept = [not names for names in failed(rules, rows)]
        assert point.kept.documents == sum(kept)
        assert point.alone.documents == sum(not names for names in failed([rule], rows))
        for group, amount in zip(report.groups, point.groups, strict=True):
            assert amount.documents == sum(k for k, at in zip(kept, languages, strict=True) if at == group.value)
    present = getattr(report.rules[place].rule, key) if place < len(report.rules) else None
    assert curve.present == present
    assert present is None or present in [point.threshold for point in curve.points]


def test_groups_equal_plain_counting(run: tuple[Path, Path], rows: pa.Table) -> None:
    report = asked(run, by="domain", top=4, settings=("word_count.min=1",))
    domains = rows["domain"].to_pylist()
    counts = Counter(domains)
    assert report.values == len(counts)
    assert [group.total.documents for group in report.groups] == [count for _, count in counts.most_common(4)]
    for rules, name in ((report.rules, "kept"), (report.others or [], "other")):
        kept = Counter(at for at, names in zip(domains, failed(rules, rows), strict=True) if not names)
        assert [getattr(group, name).documents for group in report.groups] == [kept[g.value] for g in report.groups]


def test_samples_stand_beside_the_bound(run: tuple[Path, Path], rows: pa.Table) -> None:
    report = asked(run, settings=("word_count.min=60",), sample=4)
    texts = dict(zip(rows["id"].to_pylist(), rows["text"].to_pylist(), strict=True))
    words = dict(zip(rows["id"].to_pylist(), rows["word_count"].to_pylist(), strict=True))
    by = {side: [s for s in report.sights if s.side == side] for side in ("inside", "outside", "goes out", "comes in")}
    misses = dict(zip(rows["id"].to_pylist(), failed(report.others or [], rows), strict=True))
    assert [words[s.id] for s in by["outside"]] == sorted((words[s.id] for s in by["outside"]), reverse=True)
    assert all(misses[s.id] == [] and words[s.id] >= 60 for s in by["inside"])
    assert all(misses[s.id] == ["gopher_quality.word_count"] and words[s.id] < 60 for s in by["outside"])
    nearest = sorted(words[i] for i, names in misses.items() if not names)[: len(by["inside"])]
    assert [words[s.id] for s in by["inside"]] == nearest
    assert all(50 <= words[s.id] < 60 for s in by["goes out"])
    assert by["goes out"]
    assert not by["comes in"]
    for sight in report.sights:
        assert sight.values == {"word_count": words[sight.id]}
        assert sight.text == (texts[sight.id] or "")[:400]
    assert asked(run, settings=("word_count.min=60",), sample=4).sights == report.sights


def test_tokens_come_from_a_column_or_are_estimated_and_said_so(run: tuple[Path, Path], tmp_path: Path) -> None:
    assert "text_bytes / 4.00, a round number" in asked(run).tokens_from
    text = RECIPE.replace("count_words, count_lines)\n", "count_words, count_tokens)\n").replace(
        "    STEPS",
        """    from atom_data.batch import column, with_columns

    def count_tokens(batch):
        return with_columns(batch, token_count=column(batch, "word_count"))

    STEPS""",
        1,
    )
    path = recipe(
        tmp_path, text.replace('keep("gopher_quality")', 'keep("url_block")').replace("*.warc", "*-00000.warc")
    )
    assert atom_data("run", path, "-o", tmp_path / "out", "-w", 1).returncode == 0
    done = atom_data("tune", path, "-o", tmp_path / "out", "--json")
    answer = json.loads(done.stdout)
    table = pa.concat_tables(pq.read_table(p) for p in (tmp_path / "out" / "measured").glob("*.parquet"))
    assert answer["tokens_from"] == "tokens are counted in the column 'token_count'"
    assert answer["present"]["total"]["tokens"] == sum(table["word_count"].to_pylist())


def test_tokens_are_measured_where_the_run_has_tokenized(sample_run: Path) -> None:
    asked_ = ("--card", "gopher_quality", "--by", "language", "--json")
    answer = json.loads(atom_data("tune", sample_run, "--stage", "clean", *asked_).stdout)
    assert re.search(r"^tokens are estimated: text_bytes / \d\.\d\d, as 'tokens' has measured", answer["tokens_from"])
    answer = json.loads(atom_data("tune", sample_run, "--stage", "extracted", "--sweep", "offset.min", "--json").stdout)
    assert re.search(
        r"^tokens are estimated: bytes of text / \d\.\d\d, as 'tokens' has measured", answer["tokens_from"]
    )


def test_rules_without_columns_are_named_with_the_signal(sample_run: Path) -> None:
    done = atom_data("tune", sample_run, "--stage", "extracted", "--card", "gopher_quality", "--sweep", "offset.min")
    assert (
        "gopher_quality.stop_words is not evaluated: extracted has no column 'stop_word_count'; the signal count_words"
        in (done.stdout)
    )


def test_remote_shards_are_copied_and_answer_alike(run: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    here = asked(run, by="language", sample=2)
    monkeypatch.setattr(Workspace, "is_remote", True)
    there = asked(run, by="language", sample=2)
    assert there.answer == here.answer
    assert there.groups == here.groups
    assert there.sights == here.sights


def test_scans_of_shards_and_of_held_columns_answer_alike(
    run: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = {
        "by": "language",
        "sample": 2,
        "sweeps": ("text_chars.min", "word_count.min"),
        "settings": ("symbols.max=1",),
    }
    held = asked(run, **question)
    monkeypatch.setattr(stored_rows, "HELD_ROWS", 0)
    assert asked(run, **question) == held


def test_columns_answer_without_any_card(run: tuple[Path, Path], rows: pa.Table) -> None:
    report = asked(run, rules=(), sweeps=("text_chars.min=0:2000:500",), by="language", top=2)
    sizes = rows["text_chars"].to_pylist()
    assert [point.kept.documents for point in report.curves[0].points] == [
        sum(size >= bound for size in sizes) for bound in range(0, 2001, 500)
    ]
    assert report.answer.present.kept.documents == len(sizes)
    with pytest.raises(ConfigError, match=r"no rule to judge\. No card is given, and the recipe has none"):
        asked(run, rules=())


def test_cards_are_those_of_the_stage_and_after(run: tuple[Path, Path]) -> None:
    loaded: Recipe = load_recipe(str(run[0]))
    assert (
        cards_of(loaded, "measured") == cards_of(loaded, "clean") == ["web_page", "sample_languages", "gopher_quality"]
    )
