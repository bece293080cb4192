"""tune's answers beside plain counting over the stored rows, and beside the ledger of a run that applied the cards."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import ConfigError
from atom_data.rules import RULES, keep, load_card
from atom_data.run.recipe import Recipe, load_recipe
from atom_data.tune import stored as stored_rows
from atom_data.tune.bounds import CardRule, cards_of, read_setting, read_sweep, rules_of
from atom_data.tune.page import write_page
from atom_data.tune.report import Question, Report, ask
from atom_data.tune.sql import with_bound
from atom_data.tune.stored import open_stored
from tests.command import SAMPLE, Done, atom_data, recipe

RECIPE = f"""
    from atom_data import ExtractHtml, Stage, Warc, keep
    from atom_data.signals import CheckUrl, FastTextLanguage, count_characters, count_lines, count_words

    STEPS = (ExtractHtml(), CheckUrl(), FastTextLanguage(), count_characters, count_words, count_lines)

    def stages():
        measured = Stage(name="measured", reads=Warc({str(SAMPLE / "*.warc.gz")!r}, source="sample"), steps=STEPS)
        cards = (keep("web_page"), keep("sample_languages"), keep("gopher_quality"))
        return (Stage(name="clean", reads=measured, steps=cards),)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The recipe and output of a real run: a stage that measures, and one that applies three cards."""
    folder = tmp_path_factory.mktemp("run [1]*?")  # what DuckDB would take for a pattern
    path = recipe(folder, RECIPE)
    done = atom_data("run", path, "--output", folder / "out", "--workers", 2)
    assert done.returncode == 0, done.stderr
    return path, folder / "out"


@pytest.fixture(scope="module")
def rows(run: tuple[Path, Path]) -> pa.Table:
    """All stored rows."""
    return pa.concat_tables(pq.read_table(path) for path in sorted((run[1] / "measured").glob("*.parquet")))


def asked(run: tuple[Path, Path], **question: Any) -> Report:
    """Return the answer to a question about the stage `measured`; without rules, about the recipe's cards."""
    loaded = load_recipe(str(run[0]))
    rules = question.pop("rules", rules_of(cards_of(loaded, "measured")))
    settings = tuple(read_setting(text) for text in question.pop("settings", ()))
    sweeps = tuple(read_sweep(text) for text in question.pop("sweeps", ()))
    with open_stored(loaded, loaded.job("measured"), str(run[1])) as stored:
        return ask(stored, Question(rules=tuple(rules), settings=settings, sweeps=sweeps, **question))


def failed(rules: list[CardRule], rows: pa.Table) -> list[list[str]]:
    """Return per row the rules that it fails, by the plain way."""
    (batch,) = rows.combine_chunks().to_batches()
    passed = [item.rule.passes(batch).to_pylist() for item in rules]
    return [
        [item.name for item, kept in zip(rules, column, strict=True) if not kept]
        for column in zip(*passed, strict=True)
    ]


def command(run: tuple[Path, Path], *more: object) -> Done:
    return atom_data("tune", run[0], "--output", run[1], *more)


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
    done = atom_data("tune", "pipelines/sample.py", "-o", sample_run, "--stage", "clean", "--by", "language", "--json",
                     "--card", "gopher_quality")  # fmt: skip
    answer = json.loads(done.stdout)
    assert re.search(
        r"^tokens are estimated: bytes of text / \d\.\d\d, as 'tokens' has measured", answer["tokens_from"]
    )
    assert "The stage itself has dropped documents" in answer["notes"][0]
    assert "gopher_quality.stop_words is not judged: clean has no column 'stop_word_count'; the signal count_words" in (
        " ".join(answer["notes"])
    )
    assert [rule["name"] for rule in answer["present"]["rules"]] == ["gopher_quality.word_count"]


def test_remote_shards_are_copied_and_answer_alike(run: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    here = asked(run, by="language", sample=2)
    monkeypatch.setattr(stored_rows, "is_remote", lambda path: True)
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
    assert page.count("<polyline") == 1 + 6
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
        words = line.replace(str(run[0]), "RECIPE").replace(str(run[1]), "OUT").split()[2:]
        again = atom_data("tune", *(str(run[0]) if w == "RECIPE" else str(run[1]) if w == "OUT" else w for w in words))
        assert again.returncode == 0, again.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--stage", "no"), "no stage 'no'; stages there: measured, clean."),
        (("--set", "word_cuont.min=3"), "no rule and no column 'word_cuont'; rules: web_page.http_status,"),
        (("--set", "word_count"), "--set: 'word_count' changes nothing. Give RULE.KEY=VALUE with a key of min, max,"),
        (
            ("--set", "word_count.min=few"),
            "--set: 'word_count.min=few': 'few' is no number. Give one such as 30 or 0.5.",
        ),
        (("--set", "word_count.min=nan"), "'nan' is no number"),
        (("--set", "language.min=3"), "bounds column 'language', which is string, with min 3"),
        (("--sweep", "word_count=3"), "--sweep: 'word_count=3' names no bound. Give RULE.KEY with a key of min, max,"),
        (("--sweep", "word_count.min=9:3:1"), "'9:3:1' is no START:STOP:STEP. Give one such as 4:12:0.5."),
        (("--sweep", "word_count.min=0:1000:1"), "more than 200 thresholds. Take larger steps."),
        (("--sweep", "language.min"), "bounds column 'language', which is string"),
        (("--by", "place"), "--by: measured has no column 'place'; columns there: id, url,"),
        (("--memory", "much"), "--memory: 'much' is no size. Give one such as 2GB or 500MB."),
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
    assert "is no readable Parquet file" in atom_data("tune", run[0], "-o", out).stderr


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
