"""The report: its numbers against plain counts, and nothing that was crawled as markup in any of its forms."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from atom_data.audit.diff.made import made_otherwise
from atom_data.audit.diff.side import open_side
from atom_data.charts.axis import Axis
from atom_data.charts.histogram import Bar, bars_of, draw, ending_at_one, frame_of, heights, paths_of
from atom_data.charts.text import cut, in_bytes, in_short, percent, seconds, shown
from atom_data.report import compare, markdown, report
from atom_data.report.page.compare import write_comparison
from atom_data.report.page.page import as_data, write_page
from atom_data.report.summary import Histogram, Summary, summarize
from atom_data.sketches.store import remove_sketch
from atom_data.workspace import Workspace
from tests.command import atom_data
from tests.report.made import CARD, HOSTILE, REASON, SCRIPT, made, rows

VOID = {"meta", "wbr", "input", "br", "img"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return made(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def built(workspace: Workspace) -> report.Report:
    return report.build(workspace)


class Page(HTMLParser):
    """What is in a page: its tags, their attributes, its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.attributes, self.open = Counter[str](), Counter[str](), list[str]()
        self.scripts, self.texts = list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes what is not open"

    def handle_data(self, data: str) -> None:
        (self.scripts if self.open and self.open[-1] == "script" else self.texts).append(data)


def parsed(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open
    return page


def test_counts_are_those_of_the_documents(built: report.Report) -> None:
    given = rows()
    words = [len(str(row["text"]).split()) for row in given]
    assert built.read == len(given)
    assert built.facts.stages["read"].unreadable == {"jsonl.bad_json": 3}
    (short,) = [line for line in built.rules if line.name == f"own.{REASON}"]
    assert short.dropped == short.missed == sum(count < 5 for count in words)
    little = [
        row for row, count in zip(given, words, strict=True) if count < 5 and 20 <= len(str(row["text"])) <= 90000
    ]
    assert short.alone == len(little)
    assert built.kept == len(given) - built.facts.stages["clean"].dropped.total()
    table = next(found for found in built.tables if found.name == "language")
    french = next(line for line in table.lines if line.value == "fr")
    assert french.kept + sum(french.dropped.values()) == sum(row["language"] == "fr" for row in given)
    chart = next(chart for chart in built.charts if chart.measure == f"own.{REASON}")
    assert chart.bounds == {"min": 5.0}
    assert sum(chart.whole.counts) == len(given)


def test_samples_are_by_hash_with_the_bound_and_text(built: report.Report, workspace: Workspace) -> None:
    again = report.build(Workspace(workspace.root)).samples
    assert again == built.samples
    dropped = [one for one in built.samples if one.reason == f"own.{REASON}"]
    assert dropped
    assert all(re.fullmatch(r"word_count is \d: min 5", one.missed[0]) for one in dropped)
    texts = {str(row["id"]): str(row["text"]) for row in rows()}
    some = next(one for one in dropped if one.id.startswith("plain") and texts[one.id])
    assert some.text == texts[some.id]
    long = next(one for one in built.samples if one.id == "hostile-3-1")
    assert len(long.text) == report.CHARACTERS
    assert len(long.title) == 300
    assert long.left_out == len(texts[long.id]) - report.CHARACTERS
    assert {one.reason for one in built.samples} >= {"", f"own.{REASON}", "jsonl.bad_json"}
    kept = {one.id for one in built.samples if one.stage == "clean" and not one.reason}
    there = {
        identity
        for path in Path(workspace.root, "clean").glob("*.parquet")
        for identity in pq.read_table(path, columns=["id"]).column("id").to_pylist()
    }
    assert kept <= there


def test_what_was_crawled_is_never_markup(built: report.Report) -> None:
    text = write_page(built)
    page = parsed(text)
    assert page.tags["script"] == 3
    assert not {"img", "b"} & {*page.tags} - {"b"}
    assert not [name for name in page.attributes if name.startswith("on") or name in ("style", "src")]
    assert "window.broken" not in page.scripts[-1]
    assert "\u202e" not in text
    assert "\x00" not in text
    assert not re.search(r"https?://(?!www\.site|\d\.)[a-z]", re.sub(r"<script type.*?</script>", "", text))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    held = {
        found[0]: json.loads(found[1]) for found in re.findall(r'json" id="([a-z]+)-data">(.*?)</script>', text, re.S)
    }
    assert {*held} == {"shapes", "samples"}
    assert any(SCRIPT in one["text"] for one in held["samples"])


def test_data_of_a_script_cannot_end_it() -> None:
    text = as_data({"a": "</script><!--\u2028&", "b": ["<"]})
    assert not {"<", ">", "&", "\u2028"} & {*text}
    assert json.loads(text) == {"a": "</script><!--\u2028&", "b": ["<"]}


def test_markdown_shows_hostile_text_as_text(built: report.Report) -> None:
    text = markdown.write_markdown(built)
    assert "<" not in text.replace("<br>", "")
    assert "@" not in text
    assert "](" not in text.replace("\\](", "")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) in (4, 5, 7) for line in lines), (
        "a bar in a value would add a column"
    )
    assert f"{built.kept:,} of {built.read:,} documents kept" in text


def test_json_has_everything(built: report.Report) -> None:
    value = json.loads(json.dumps(report.as_json(built)))
    assert value["format"] == 1
    assert value["stages"][1]["dropped"] == dict(built.facts.stages["clean"].dropped)
    assert len(value["samples"]) == len(built.samples)
    assert {chart["measure"] for chart in value["distributions"]} >= {f"own.{REASON}", "own.characters", "text_bytes"}


def test_two_runs_side_by_side(workspace: Workspace, tmp_path: Path) -> None:
    other = made(tmp_path / "other", card=CARD.replace("min = 5", "min = 8"))
    made_so = made_otherwise(open_side(workspace), open_side(other))
    both = compare.side_by_side(report.build(workspace, samples=0), report.build(other, samples=0), made_so)
    (pair,) = [pair for pair in both.rules if pair.name == f"own.{REASON}"]
    assert pair.bounds == ("min 5", "min 8")
    words = [len(str(row["text"]).split()) for row in rows()]
    assert pair.dropped == (sum(count < 5 for count in words), sum(count < 8 for count in words))
    assert [one.kind for one in both.made if one.where == "clean"]
    page = parsed(write_comparison(both))
    assert page.tags["figure"] == 2 * len(both.charts) > 4
    assert "+" in markdown.write_comparison(both)
    assert json.loads(json.dumps(compare.as_json(both)))["rules"]


def test_a_folder_without_sketches_is_told_of_by_receipts_and_ledgers(tmp_path: Path) -> None:
    workspace = made(tmp_path)
    before = report.build(workspace, samples=0)
    for stage in ("read", "clean"):
        for shard in workspace.shard_names(stage):
            remove_sketch(workspace, stage, shard)
    after = report.build(workspace, samples=0)
    assert not after.charts
    assert [(line.name, line.dropped, line.missed, line.alone) for line in after.rules] == [
        (line.name, line.dropped, line.missed, line.alone) for line in before.rules
    ]
    assert any("0 of 3 shards have a sketch" in note for note in after.notes)
    assert "No sketch has numbers of rules" in write_page(after)


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    workspace = made(tmp_path)
    workspace.local("clean", "receipts", "part-1.jsonl.json").unlink()
    found = report.build(workspace)
    assert "clean is not finished: 2 of 3 shards." in found.notes


def test_the_command_writes_what_is_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    done = atom_data("report", workspace.root, "--to", target, "--samples", 2)
    assert (done.returncode, done.stdout) == (0, f"written: {target}\n"), done.stderr
    assert target.read_text().startswith("<!doctype html>")
    assert json.loads(atom_data("report", workspace.root, "--format", "json").stdout)["name"] == "out"
    assert atom_data("report", workspace.root, "--format", "md").stdout.startswith("# out\n")
    both = atom_data("report", workspace.root, workspace.root, "--format", "md")
    assert both.stdout.startswith("# out and out\n")
    assert "no such folder" in atom_data("report", tmp_path / "none").stderr
    inside = atom_data("report", workspace.root, "--to", tmp_path)
    assert inside.returncode == 2
    assert "Traceback" not in inside.stderr


def test_numbers_in_short() -> None:
    assert [seconds(n) for n in (0, 0.0123, 0.9996, 12.34, 300, 9000)] == [
        "0 s", "12.3 ms", "1 s", "12.3 s", "5.0 min", "2.5 h",
    ]  # fmt: skip
    assert [in_short(n) for n in (0, 7, 950, 1396, 12_345, 999_600, 1_000_000, 1.5e9, 0.25)] == [
        "0", "7", "950", "1,396", "12.3 k", "1000 k", "1 M", "1.5 G", "0.25",
    ]  # fmt: skip
    assert (in_bytes(5_130_000), in_bytes(12)) == ("5.13 MB", "12 B")
    assert [percent(*pair) for pair in ((1, 10_000), (0, 5), (1, 0), (1, 2))] == ["<0.1 %", "0.0 %", "", "50.0 %"]
    assert cut("abc", 2) == "ab ... (1 characters more)"
    assert shown("<\u202e&\x1b'") == "&lt; &amp; &#x27;"


def test_axes() -> None:
    assert Axis(0, 1).ticks() == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert Axis(1, 100_000, True).ticks() == [1, 10, 100, 1000, 10_000, 100_000]
    assert Axis(1, 100, True).place(10) == pytest.approx(0.5)
    assert Axis(1, 100, True).place(0) == 0.0


def test_a_bound_stands_between_the_last_that_passes_and_the_first_that_does_not() -> None:
    bins = [(float(n), float(n + 1), [0, 3, 0] if n < 3 else [5, 0, 0]) for n in range(1, 8)]
    frame = frame_of(bins, [0, 0, 0], {"min": 3.0})
    assert frame.discrete
    bars = bars_of(frame, bins, [0, 0, 0])
    assert [bar.counts for bar in bars] == [[0, 3, 0]] * 2 + [[5, 0, 0]] * 5
    picture = draw(frame, bars, {"min": 3.0}, "title", "name")
    (line,) = re.findall(r'class="bound" x="([0-9.]+)"', picture)
    assert bars[1].right <= float(line) + 1.25 <= bars[2].left + 1.5


def test_documents_are_shared_among_bars_and_none_is_lost() -> None:
    bins = [(2.0**n, 2.0 ** (n + 1), [n + 1, 2, 1]) for n in range(-3, 14)]
    frame = frame_of(bins, [4, 0, 0], {"max": 300.0})
    assert frame.axis.logarithmic
    bars = bars_of(frame, bins, [4, 0, 0])
    sums = [sum(bar.counts[fate] for bar in bars) for fate in range(3)]
    assert sums == pytest.approx([4 + sum(n + 1 for n in range(-3, 14)), 34, 17])
    paths, label = paths_of(bars)
    assert all(paths)
    assert label == f"highest bar {max(sum(bar.counts) for bar in bars):.0f}"


def test_a_bar_that_is_many_times_as_high_is_cut_and_the_others_can_be_seen() -> None:
    bins = [(0.0, 0.0, [390, 0, 10]), *((float(n), n + 1.0, [0, 5 - n, 0]) for n in range(1, 5))]
    frame = frame_of(bins, [0, 0, 0], {"max": 0.0})
    paths, label = paths_of(bars_of(frame, bins, [0, 0, 0]))
    assert label == "full height 8, cut: 400"
    kept, missed, other = (
        [float(tall) for tall in re.findall(r"v(-[0-9.]+)", path)] for path in (paths[0], paths[1], paths[2])
    )
    assert missed == pytest.approx([-128 * count / 8 for count in (4, 3, 2, 1)])
    assert sum(kept) + sum(other) == pytest.approx(-128 + 6), "the whole height, without its gap"
    assert heights([Bar(0, 1, [8.0]), Bar(1, 2, [1.0])]) == (8.0, "highest bar 8"), "what can be seen is not cut"
    assert heights([Bar(0, 1, [1000.0]), Bar(1, 2, [1.0])]) == (20, "full height 20, cut: 1,000"), "one is not many"
    assert heights([Bar(0, 1, [100.0]), Bar(1, 2, [90.0]), Bar(2, 3, [4.0])])[1] == "full height 8, cut: 100 and 90"
    assert heights([Bar(0, 1, [5.0])]) == (5.0, "highest bar 5")
    assert heights([]) == (0.0, "highest bar 0")


def test_a_rule_that_asks_for_a_value_of_a_list_has_no_picture(tmp_path: Path) -> None:
    card = 'source = "test"\n[[rule]]\nreason = "few"\ncolumn = "word_count"\nmin = 5\n'
    card += '[[rule]]\nreason = "listed"\ncolumn = "text_chars"\none_of = [1, 2, 3, 20, 21, 22]\n'
    card += '[[rule]]\nreason = "never"\ncolumn = "word_count"\nmax = 1000000\n'
    built = report.build(made(tmp_path, card=card))
    assert {chart.measure for chart in built.charts} >= {"own.few", "own.listed"}
    page = write_page(built)
    assert page.count('data-name="clean/own.few"') == 1
    assert 'data-name="clean/own.listed"' not in page
    assert "own.<wbr>listed" in page
    assert re.search(r'1 rule that took nothing</bdi><span class="bounds">own.<wbr>never</span>', page)


def test_a_run_without_copies_says_so_and_draws_no_empty_picture(tmp_path: Path) -> None:
    built = report.build(made(tmp_path), samples=0)
    assert "No stage of this run looked for copies." in write_page(built)
    alone = Histogram([(1.0, 2.0, [7, 0, 0])])
    built.charts.append(report.Chart("clean", "near_copies", "near_copies", {}, {("", ""): alone}))
    page = write_page(built)
    assert "clean: no two documents have nearly the same text." in page
    assert "looked for copies" not in page and "Clusters of" not in page


def test_kept_documents_are_those_of_the_last_stage_that_has_the_column(tmp_path: Path) -> None:
    built = report.build(made(tmp_path), samples=0)
    assert all(table.kept_by == ["clean"] for table in built.tables)
    read = summarize(built.facts.workspace, "read", built.facts.shards["read"].names, built.facts.shards["read"].sha256)
    clean = Summary()
    table = report.table_of("language", built.facts, {"read": read, "clean": clean})
    assert table is not None and table.kept_by == ["read"]
    assert sum(line.kept for line in table.lines) == built.read
    built.tables = [table]
    assert "Kept: by read. Stages after it have no such column." in write_page(built)


def test_shares_of_one_stand_at_the_end_of_the_axis() -> None:
    bins = [(0.5, 0.53, [1, 0, 0]), (0.97, 1.0, [2, 0, 0]), (1.0, 1.0625, [9, 0, 0])]
    frame = frame_of(ending_at_one(bins), [0, 0, 0], {})
    assert (frame.axis.low, frame.axis.high) == (0.0, 1.0)
    assert ending_at_one([(1.0, 1.0625, [1, 0, 0]), (2.0, 2.1, [1, 0, 0])])[0][0] == 1.0


def test_hostile_rows_are_all_there() -> None:
    assert len(HOSTILE) == 6
