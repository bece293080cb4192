"""Repeated lines, paragraphs and substrings against brute force; the same bytes however the pass is cut or interrupted."""

import json
import os
import random
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atom_data import Bloom, Lines, Paragraphs, Parquet, RemoveSpans, Repeats, Stage, Substrings
from atom_data.dedup.remove import SPANS
from atom_data.errors import ConfigError, DataError
from atom_data.job import in_order
from atom_data.run.worker import do_task
from atom_data.storage.shards import Intake
from atom_data.text.folding import fold
from tests.command import atom_data, fingerprint, recipe, start, workers

NO_TEXT: list[str | None] = [None, ""]
BASE = "The quick brown fox jumps over the lazy dog; 漢字かな交じり文 and ünïcödé — all of it again and again.\n" * 2


def shards(folder: Path, texts: list[str | None], count: int = 3, sources: list[str] | None = None) -> Parquet:
    """Write texts in order into shards, and return them as a source."""
    folder.mkdir(parents=True, exist_ok=True)
    size = -(-len(texts) // count) or 1
    for number in range(count):
        part = texts[number * size : (number + 1) * size]
        table = {"id": [f"d{number * size + i:05}" for i in range(len(part))], "text": pa.array(part, pa.string())}
        if sources is not None:
            table["source"] = sources[number * size : (number + 1) * size]
        pq.write_table(pa.table(table), folder / f"shard-{number}.parquet")
    return Parquet(str(folder / "*.parquet"))


def execute(repeats: Repeats, out: Path) -> list[dict[str, Any]]:
    """Run all jobs of a pass in this process and return the rows that a stage would read."""
    for job in in_order(repeats.jobs()):
        job.check()
        job.accept([do_task(job, task, str(out), "test", lambda *_: None) for task in job.tasks(str(out))])
    intake = Intake(reject=lambda *_: None)
    names = repeats.schema().names
    found = [batch for shard in repeats.shards(str(out)) for batch in repeats.read(shard, str(out), names, intake)]
    assert all(batch.schema.field(field.name).type == field.type for batch in found for field in repeats.added)
    return [row for batch in found for row in batch.to_pylist()]


def marked(rows: list[dict[str, Any]], column: str) -> list[bytes]:
    """Return for each text a byte for a byte, 1 where it is in a span; check the spans and the sums on the way."""
    found = []
    for row in rows:
        text = (row["text"] or "").encode()
        flags, last = bytearray(len(text)), -1
        for span in row[f"{column}s"]:
            assert last < span["start"] < span["end"] <= len(text)
            flags[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
            last = span["end"]
        assert row[f"{column}_bytes"] == sum(flags)
        assert row[f"{column}_share"] == pytest.approx(sum(flags) / max(len(text), 1), abs=1e-6)
        found.append(bytes(flags))
    return found


def brute_substrings(texts: list[bytes], length: int) -> list[bytes]:
    """Mark every window whose content came earlier and ended before it begins."""
    first: dict[bytes, tuple[int, int]] = {}
    found = []
    for number, text in enumerate(texts):
        flags = bytearray(len(text))
        for place in range(len(text) - length + 1):
            window = text[place : place + length]
            document, before = first.setdefault(window, (number, place))
            if document != number or place - before >= length:
                flags[place : place + length] = b"\1" * length
        found.append(bytes(flags))
    return found


def in_characters(text: bytes, flags: bytes) -> bytes:
    """Return the flags without the runs' parts of characters."""
    kept = bytearray(len(text))
    for run in re.finditer(b"\1+", flags):
        first, last = run.span()
        edges = [place for place in range(first, last + 1) if place == len(text) or text[place] & 0xC0 != 0x80]
        if edges:
            kept[edges[0] : edges[-1]] = b"\1" * (edges[-1] - edges[0])
    return bytes(kept)


def page(chance: random.Random) -> str:
    """Return a text with parts that others have, parts that repeat themselves, and parts of its own."""
    text = ""
    for _ in range(chance.randint(0, 7)):
        place = chance.randrange(len(BASE))
        text += chance.choice(
            [
                BASE[place : place + chance.randint(5, 120)],
                BASE[place : place + chance.randint(5, 120)],
                "ab" * chance.randint(1, 60),
                "é" * chance.randint(1, 60),
                "xyz zy!" * chance.randint(1, 20),
                "".join(chance.choice("abcde 漢\n") for _ in range(chance.randint(1, 60))),
            ]
        )
    return text


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    length=st.sampled_from([16, 17, 24, 33, 50]),
    partitions=st.sampled_from([1, 2, 8]),
    memory=st.sampled_from(["1B", "1MB"]),
)
def test_substrings_are_those_of_brute_force(
    tmp_path_factory: pytest.TempPathFactory, seed: int, length: int, partitions: int, memory: str
) -> None:
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("brute")
    texts = [page(chance) for _ in range(12)]
    by = Substrings(length=length, seed=seed)
    repeats = Repeats(of=shards(folder / "in", [*texts, *NO_TEXT]), by=by, partitions=partitions, memory=memory)
    rows = execute(repeats, folder / "out")
    raw = [text.encode() for text in texts]
    expected = [in_characters(text, flags) for text, flags in zip(raw, brute_substrings(raw, length), strict=True)]
    assert marked(rows, "repeated_span") == [*expected, b"", b""]
    shutil.rmtree(folder)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), length=st.sampled_from([4, 5, 8]))
def test_substrings_of_words_are_those_of_brute_force(
    tmp_path_factory: pytest.TempPathFactory, seed: int, length: int
) -> None:
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("words")
    words = [f"w{number}" for number in range(40)]
    texts = []
    for _ in range(10):
        run = [chance.choice(words[: chance.choice([1, 2, 40])]) for _ in range(chance.randint(0, 60))]
        run[5:5] = words[(place := chance.randrange(30)) : place + chance.randint(1, 12)]
        texts.append(chance.choice(["", " "]) + "".join(word + chance.choice([" ", "\n", " \t "]) for word in run))
    repeats = Repeats(of=shards(folder / "in", texts), by=Substrings(length=length, unit="words"), partitions=2)
    rows = execute(repeats, folder / "out")
    numbered = [bytes(int(word[1:]) for word in text.split()) for text in texts]
    expected = []
    for text, flags in zip(texts, brute_substrings(numbered, length), strict=True):
        places = [match.start() for match in re.finditer(r"\S+", text)] + [len(text)]
        kept = bytearray(len(text))
        for number, flag in enumerate(flags):
            kept[places[number] : places[number + 1]] = bytes([flag]) * (places[number + 1] - places[number])
        expected.append(bytes(kept))
    assert marked(rows, "repeated_span") == expected
    shutil.rmtree(folder)


def test_substrings_leave_the_first_of_three_and_one_window_of_a_text_that_repeats_itself(tmp_path: Path) -> None:
    """The example of Lee et al. 2021, section 4.1: what two documents share of enough tokens is kept in one of them."""
    shared = "a sentence that three documents have in common"
    texts = [f"one {shared}.", f"two {shared}!", f"{shared} three", "-" * 100, "漢" * 40]
    texts += [
        "é" + "x" * 38 + "ö",
        "ĩ" + "x" * 38 + "Ã",
    ]  # the bytes in the middle are the same, from within a character
    rows = execute(Repeats(of=shards(tmp_path / "in", texts, 2), by=Substrings(length=40)), tmp_path / "out")
    left = cut(rows, "repeated_spans")
    assert left == [texts[0], "two!", " three", "-" * 40, "漢" * 14, texts[5], "ĩÃ"]


def cut(rows: list[dict[str, Any]], column: str) -> list[str]:
    """Return the texts without their spans, as the step cuts them."""
    spans = pa.array([row[column] for row in rows], SPANS)
    batch = pa.record_batch({"text": pa.array([row["text"] for row in rows], pa.string()), column: spans})
    left: list[str] = RemoveSpans(spans=column)(batch).column("text").to_pylist()
    return left


LINES = ["Menu", "menu!", "MENÜ", "Page 1 of 9", "Page 2 of 8", "---", "", "One line of text.", "Another, longer line."]


def brute_lines(texts: list[str], **rule: Any) -> list[bytes]:
    """Mark lines by a dictionary; `rule` has the parameters of Lines."""
    compared = fold if rule.get("folded", True) else str.strip
    cut = [[(line, compared(line)) for line in re.findall(r"[^\n]*\n|[^\n]+", text)] for text in texts]
    cut = [[(line, key if len(key) >= rule.get("min_characters", 1) else "") for line, key in lines] for lines in cut]
    within = rule.get("within", True)
    counts = Counter(
        key for lines in cut for key in (dict.fromkeys(k for _, k in lines) if not within else [k for _, k in lines])
    )
    first: dict[str, tuple[int, int]] = {}
    found = []
    for document, lines in enumerate(cut):
        flags = b""
        for number, (line, key) in enumerate(lines):
            origin = first.setdefault(key, (document, number))
            is_first = origin == (document, number) if within else origin[0] == document
            stays = not key or counts[key] <= rule.get("at_most", 1) or (rule.get("keep_first", True) and is_first)
            flags += bytes([not stays]) * len(line.encode())
        kept = flags.rstrip(b"\1")
        if lines and kept and not lines[-1][0].endswith("\n") and len(kept) < len(flags):
            flags = kept[:-1] + b"\1" + flags[len(kept) :]  # the line feed before the last lines goes with them
        found.append(flags)
    return found


def line_pages(seed: int, count: int = 30) -> list[str]:
    chance = random.Random(seed)
    return [
        "\n".join(chance.choice([*LINES, f"line {chance.randrange(40)}x"]) for _ in range(chance.randint(0, 9)))
        + chance.choice(["", "\n"])
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"folded": False},
        {"min_characters": 5},
        {"at_most": 3},
        {"at_most": 3, "keep_first": False},
        {"within": False},
        {"within": False, "at_most": 2},
        {"keep_first": False},
    ],
    ids=str,
)
@pytest.mark.parametrize(("partitions", "memory"), [(1, "1B"), (4, "1GB")])
def test_lines_are_those_of_brute_force(tmp_path: Path, rule: dict[str, Any], partitions: int, memory: str) -> None:
    texts = line_pages(5)
    source = shards(tmp_path / "in", [*texts, *NO_TEXT])
    rows = execute(Repeats(of=source, by=Lines(**rule), partitions=partitions, memory=memory), tmp_path / "out")
    expected = brute_lines(texts, **rule)
    assert sum(map(sum, expected)) > 200
    assert marked(rows, "repeated_line") == [*expected, b"", b""]


@pytest.mark.parametrize("within", [True, False])
def test_lines_by_bloom_of_a_low_rate_are_those_of_brute_force(tmp_path: Path, within: bool) -> None:
    texts = line_pages(6)
    by = Lines(within=within, engine=Bloom(lines=10_000, false_positive_rate=1e-9))
    rows = execute(Repeats(of=shards(tmp_path / "in", texts), by=by, partitions=4), tmp_path / "out")
    assert marked(rows, "repeated_line") == brute_lines(texts, within=within)


def test_paragraphs_repeat_with_the_blank_lines_after_them(tmp_path: Path) -> None:
    texts = ["First one,\nof two lines.\n\nSecond.\n", "Own.\n\nfirst one\nOF TWO LINES\n \n\nLast.", "of two lines.\n"]
    rows = execute(Repeats(of=shards(tmp_path / "in", texts, 1), by=Paragraphs()), tmp_path / "out")
    assert [row["repeated_paragraph_count"] for row in rows] == [0, 1, 0]
    assert cut(rows, "repeated_paragraphs") == [texts[0], "Own.\n\nLast.", texts[2]]


def test_first_is_decided_by_preferred_source_then_shard_then_row(tmp_path: Path) -> None:
    texts = ["same line\n", "same line\n", "same line\n", "same line\n"]
    sources = ["web", "web", "wiki", "wiki"]
    for by in (Lines(), Lines(engine=Bloom(lines=100)), Substrings(length=16)):
        size = 1 if by.column == "repeated_line" else 30
        source = shards(tmp_path / f"in-{size}", [text * size for text in texts], 2, sources)
        out = tmp_path / f"{by.name}-{getattr(by, 'engine', '')!r:.8}"
        without = execute(Repeats(of=source, by=by), out / "without")
        preferred = execute(Repeats(of=source, by=by, prefer=("wiki",)), out / "with")
        whole = [row["id"] for row in preferred if row[f"{by.column}_share"] < 0.999]
        assert [row["id"] for row in without if row[f"{by.column}_share"] < 0.999] == ["d00000"]
        assert whole == ["d00002"]


def test_remove_spans_refuses_spans_of_another_text() -> None:
    batch = pa.record_batch({"text": ["short"], "repeated_lines": [[{"start": 2, "end": 9}]]})
    with pytest.raises(DataError, match="the span 2 to 9 is not in order and within its text of 5 bytes"):
        RemoveSpans()(batch)
    batch = pa.record_batch({"text": ["short"], "repeated_lines": [[{"start": 2, "end": 4}, {"start": 1, "end": 2}]]})
    with pytest.raises(DataError, match="the span 1 to 2 is not in order"):
        RemoveSpans()(batch)
    with pytest.raises(ConfigError, match="text: is string, not spans"):
        RemoveSpans(spans="text")(batch)


def test_remove_spans_says_what_is_left() -> None:
    spans = [[{"start": 0, "end": 2}, {"start": 4, "end": 5}], [{"start": 0, "end": 2}], [], None, []]
    batch = pa.record_batch({"text": ["a\nb\nc", "a\n \n", "é", None, None], "repeated_lines": pa.array(spans, SPANS)})
    made = RemoveSpans()(batch)
    assert made.column("text").to_pylist() == ["b\n", " \n", "é", None, None]
    assert made.column("left_bytes").to_pylist() == [1, 0, 2, 0, 0]
    assert made.column("repeated_lines").to_pylist() == spans


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Substrings(length=9), "Substrings: length is 9 bytes. Give 16 to 1,000,000."),
        (lambda: Substrings(unit="tokens"), "Substrings: unit is 'tokens'. Give one of: bytes, words."),
        (lambda: Lines(at_most=0), "Lines: at_most is 0. Give a whole number from 1."),
        (lambda: Paragraphs(min_characters=0), "Paragraphs: min_characters is 0. Give a whole number from 1."),
        (
            lambda: Lines(engine=Bloom(lines=5), at_most=2),
            "a Bloom filter knows that a line came before, not how often",
        ),
        (lambda: Bloom(lines=0), "Bloom: lines is 0. Give the number of distinct lines you expect."),
        (lambda: Bloom(lines=10**13), "take more than 64 GB. Give fewer lines, a higher rate"),
        (lambda: Bloom(lines=5, false_positive_rate=1), "Give a number between 0 and 1, such as 1e-6"),
        (
            lambda: Repeats(of=Parquet("x"), by=Lines(), partitions=12),
            "partitions is 12. Give a power of two from 1 to 256",
        ),
        (lambda: Repeats(of=Parquet("x"), by=Lines(), memory="much"), "memory is 'much'. Give a size such as '500MB'"),
    ],
)
def test_parameters_without_sense_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        make()
    assert message in str(raised.value)


def test_a_source_without_text_is_refused(tmp_path: Path) -> None:
    pages = shards(tmp_path, ["text"], 1)
    with pytest.raises(ConfigError, match="'ids' has no column 'text'; it has: id"):
        Repeats(of=Stage(name="ids", reads=pages, writes=("id",)), by=Lines()).check()


def test_wiping_out_a_source_stops_the_pass(tmp_path: Path) -> None:
    texts = ["The same long line in every document of this source.\n" * 100] * 2000
    source = shards(tmp_path / "in", texts, 2, ["web"] * 2000)
    with pytest.raises(
        DataError, match=r"of source 'web', 10,[0-9,]+ of 10,[0-9,]+ bytes are repeats; allowed are 90%"
    ):
        execute(Repeats(of=source, by=Lines()), tmp_path / "out")


@pytest.mark.parametrize(
    "by", [Lines(), Paragraphs(), Substrings(length=100), Lines(engine=Bloom(lines=1000))], ids=repr
)
def test_hostile_texts_get_answers(tmp_path: Path, by: Any) -> None:
    """One line of many megabytes, equal lines by the hundred thousand, control characters: all in one shard, twice."""
    chance = random.Random(2)
    texts = [
        "x" * 10_000_000,
        "same\n" * 300_000,
        "\n" * 1_000_000,
        "\0\x01\x7f" * 1000,
        chance.randbytes(500_000).hex(),
    ]
    rows = execute(
        Repeats(of=shards(tmp_path / "in", [*texts, *texts], 2), by=by, partitions=2, allow_loss=1.0), tmp_path / "out"
    )
    again = [row[f"{by.column}_share"] for row in rows[len(texts) :]]
    compared = [True, True, False, False, True] if by.column != "repeated_span" else [True] * 5
    assert [share == 1 for share in again] == compared


def test_broken_utf8_gets_answers(tmp_path: Path) -> None:
    piece = b"\x80\xff\xc2 broken \xf0\x9f\x98 bytes \n" * 3
    raw = pa.array([piece + b"1\n", piece + b"2\n", b"\x80" * 200, b"\x80" * 200])
    texts = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"id": ["a", "b", "c", "d"], "text": texts}), tmp_path / "in" / "a.parquet")
    source = Parquet(str(tmp_path / "in" / "*.parquet"))
    for by in (Lines(), Lines(folded=False), Substrings(length=16)):
        out = tmp_path / f"{by.name}-{getattr(by, 'folded', '')}"
        repeats = Repeats(of=source, by=by)
        for job in in_order(repeats.jobs()):
            job.accept([do_task(job, task, str(out), "test", lambda *_: None) for task in job.tasks(str(out))])
        intake = Intake(reject=lambda *_: None)
        (batch,) = repeats.read(repeats.shards(str(out))[0], str(out), repeats.schema().names, intake)
        assert RemoveSpans(spans=f"{by.column}s")(batch).num_rows == 4


RECIPE = """
    from atom_data import Bloom, Lines, Parquet, RemoveSpans, Repeats, Stage, Substrings, keep

    def stages():
        pages = Parquet({folder!r})
        lines = Stage(
            name="lines",
            reads=Repeats(of=pages, by=Lines({engine}), partitions={partitions}, memory={memory!r}),
            steps=(RemoveSpans(spans="repeated_lines"), keep("repeated_lines")),
        )
        return (
            Stage(
                name="spans",
                reads=Repeats(of=lines, by=Substrings(length=40), partitions={partitions}, memory={memory!r}),
                steps=(RemoveSpans(spans="repeated_spans"), keep("repeated_spans")),
            ),
        )
"""


def corpus(folder: Path) -> str:
    chance = random.Random(8)
    texts = [page(chance) + "\n" + "\n".join(chance.choice(LINES) for _ in range(5)) for _ in range(160)]
    shards(folder, [*texts, "Menu\n---", "", None], 4)
    return str(folder / "*.parquet")


def write_recipe(folder: Path, source: str, partitions: int = 4, memory: str = "1GB", engine: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    return recipe(folder, RECIPE.format(folder=source, partitions=partitions, memory=memory, engine=engine))


def contents(out: Path) -> dict[str, bytes]:
    """Return what the two stages wrote: rows and ledgers."""
    paths = [path for stage in ("lines", "spans") for path in (out / stage).rglob("*.parquet")]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("repeats")
    source = corpus(folder / "in")
    done = atom_data("run", write_recipe(folder, source), "-o", folder / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    return source, folder / "out"


def test_what_is_removed_is_accounted_for(finished: tuple[str, Path]) -> None:
    """Every document is kept or in the ledger; every byte that is gone is in a span."""
    source, out = finished
    before = {
        row["id"]: row["text"]
        for path in sorted(Path(source).parent.iterdir())
        for row in pq.read_table(path).to_pylist()
    }
    kept = {row["id"]: row for path in (out / "lines").glob("*.parquet") for row in pq.read_table(path).to_pylist()}
    gone = {row["id"]: row for path in (out / "lines" / "drops").glob("*") for row in pq.read_table(path).to_pylist()}
    assert sorted([*kept, *gone]) == sorted(before)
    assert {row["reason"] for row in gone.values()} == {"repeated_lines.nothing_left"}
    menu = [name for name, text in before.items() if text == "Menu\n---"]
    assert not set(menu) & set(gone), "a line of only punctuation never repeats, so it is left"
    assert all(json.loads(row["numbers"])["left_bytes"] == 0 for row in gone.values())
    for name, row in kept.items():
        text = (before[name] or "").encode()
        removed = b"".join(text[span["start"] : span["end"]] for span in row["repeated_lines"])
        assert len(removed) == row["repeated_line_bytes"] == len(text) - len((row["text"] or "").encode())
    assert sum(row["repeated_line_bytes"] for row in kept.values()) > 3000


@pytest.mark.parametrize(
    ("partitions", "memory", "count"), [(1, "1GB", 2), (16, "1GB", 3), (2, "1B", 1)], ids=["one", "sixteen", "laps"]
)
def test_partitions_memory_and_workers_change_no_byte(
    finished: tuple[str, Path], tmp_path: Path, partitions: int, memory: str, count: int
) -> None:
    source, out = finished
    path = write_recipe(tmp_path / "recipe", source, partitions, memory)
    done = atom_data("run", path, "-o", tmp_path / "out", "-w", count)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == contents(out)


def test_bloom_of_many_false_positives_is_the_same_for_any_partitions(
    finished: tuple[str, Path], tmp_path: Path
) -> None:
    source, _ = finished
    made = []
    for partitions in (1, 8):
        engine = "engine=Bloom(lines=10, false_positive_rate=0.5), folded=False"
        path = write_recipe(tmp_path / f"recipe-{partitions}", source, partitions, engine=engine)
        done = atom_data("run", path, "-o", tmp_path / f"out-{partitions}", "-w", 2)
        assert done.returncode == 0, done.stderr
        made.append(contents(tmp_path / f"out-{partitions}"))
    assert made[0] == made[1]


def test_shard_by_shard_and_part_by_part_as_an_array_gives_same_bytes(
    finished: tuple[str, Path], tmp_path: Path
) -> None:
    source, out = finished
    path = write_recipe(tmp_path / "recipe", source)
    names = [plan.parent.name for plan in out.glob("*/plan.json")]
    order = sorted(names, key=lambda name: (out / name / "plan.json").stat().st_mtime_ns)
    assert len(order) == 10
    for stage in order:
        for part in ("1/2", "0/2"):
            done = atom_data("run", path, "-o", tmp_path / "out", "--stage", stage, "--part", part, "-w", 1)
            assert done.returncode == 0, done.stderr
    assert fingerprint(tmp_path / "out") == fingerprint(out)


def test_killed_workers_change_no_byte(finished: tuple[str, Path], tmp_path: Path) -> None:
    source, out = finished
    path, chance, killed, rounds = write_recipe(tmp_path / "recipe", source), random.Random(3), 0, 0
    while killed < 6:
        rounds += 1
        assert rounds < 8, "the runs end before their workers can be killed"
        place = tmp_path / f"out-{rounds}"
        run = start("run", path, "-o", place, "-w", 2, "--retries", 100)
        while run.poll() is None and killed < 6:
            time.sleep(chance.uniform(0.01, 0.2))
            alive = workers(run)
            if alive:
                try:
                    os.kill(chance.choice(alive), signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    continue
        _, errors = run.communicate(timeout=300)
        assert run.returncode == 0, errors
        assert fingerprint(place) == fingerprint(out)


def test_a_finished_pass_is_kept_and_a_changed_parameter_makes_it_again(
    finished: tuple[str, Path], tmp_path: Path
) -> None:
    source, out = finished
    place = tmp_path / "out"
    shutil.copytree(out, place)
    path = write_recipe(tmp_path / "recipe", source)
    done = atom_data("run", path, "-o", place)
    assert done.returncode == 0, done.stderr
    assert "repeated-lines-hashes: all 4 shards are done already" in done.stderr
    (tmp_path / "recipe" / "recipe.py").write_text(path.read_text().replace("length=40", "length=60"))
    done = atom_data("run", path, "-o", place)
    assert done.returncode == 0, done.stderr
    assert "repeated-lines: all 4 shards are done already" in done.stderr
    assert "repeated-spans-ranges: 0 shards are done already, 4 to make (recipe or card changed: 4)" in done.stderr


def test_repeats_of_other_documents_are_refused(tmp_path: Path) -> None:
    source = shards(tmp_path / "in", ["same line\n", "same line\n"], 1)
    repeats = Repeats(of=source, by=Lines())
    execute(repeats, tmp_path / "out")
    pq.write_table(pa.table({"id": ["x", "y"], "text": ["a", "b"]}), tmp_path / "in" / "shard-0.parquet")
    intake = Intake(reject=lambda *_: None)
    with pytest.raises(DataError, match="the repeats belong to other documents than the shard"):
        list(repeats.read(repeats.shards("")[0], str(tmp_path / "out"), ["text"], intake))
