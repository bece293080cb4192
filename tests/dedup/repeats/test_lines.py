"""Repeated lines and paragraphs against a dictionary of lines."""

import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from atom_data import Bloom, Lines, Paragraphs, Repeats
from atom_data.text.folding import fold
from tests.dedup.repeats.repeated import LINES, NO_TEXT, cut, execute, marked, shards


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
