"""Near copies against truth from brute force, on real documents: nothing below the threshold goes, little above it stays.

The truth is made of Python's own sets of word tuples. The recipe is run as a user runs it, on the texts of the sample's
pages, with copies planted whose edits are of a known size.
"""

import json
import lzma
import random
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from tests.command import ROOT, atom_data, recipe
from tests.text.reference import folded, unicode_words

NGRAM = 5
THRESHOLD = 0.75
CONFIGURATION = ""
ARTICLES = Path(__file__).parent / "articles"
SHARED = ROOT.parent / "shared" / "data" / "near-dup.tar.xz"

RECIPE = """
    from atom_data import Copies, Jsonl, MinHash, Stage, keep

    def stages():
        near = Copies(of=Jsonl({path!r}, source="test"), by=MinHash({configuration}))
        return (Stage(name="unique", reads=near, steps=(keep("first_near_copy"),)),)
"""

Sets = dict[str, set[tuple[str, ...]]]

# What datatrove's 14 bands of 8 rows catch, by Jaccard index from and to.
BARS = ((0.75, 0.80, 0.93), (0.80, 0.85, 0.97), (0.85, 0.90, 0.97), (0.90, 1.01, 1.0))


class Result(NamedTuple):
    """What came of a corpus."""

    kept: set[str]
    removed: dict[str, str]
    """What each removed document was removed for."""


def shingles(text: str) -> set[tuple[str, ...]]:
    words = [folded(word) for word in unicode_words(text)]
    return {tuple(words[start : start + NGRAM]) for start in range(max(len(words) - NGRAM + 1, 1))} if words else set()


def jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def pairs(sets: Sets, least: float) -> Iterator[tuple[str, str, float]]:
    """Every pair of at least this Jaccard index, by counting what each document shares with those before it."""
    members: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, own in sets.items():
        shared = Counter(other for shingle in own for other in members[shingle])
        for other, count in shared.items():
            found = count / (len(own) + len(sets[other]) - count)
            if found >= least:
                yield other, name, found
        for shingle in own:
            members[shingle].append(name)


def run(folder: Path, texts: dict[str, str], configuration: str) -> Result:
    path = folder / "documents.jsonl"
    path.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in texts.items()))
    out = folder / "out"
    done = atom_data(
        "run", recipe(folder, RECIPE.format(path=str(path), configuration=configuration)), "-o", out, "-w", 2
    )
    assert done.returncode == 0, done.stderr
    kept = {name for file in (out / "unique").glob("*.parquet") for name in pq.read_table(file)["id"].to_pylist()}
    drops = [line for file in (out / "unique" / "drops").glob("*.parquet") for line in pq.read_table(file).to_pylist()]
    removed = {line["id"]: json.loads(line["numbers"])["near_copy_of"] for line in drops}
    assert sorted([*kept, *removed]) == sorted(texts)
    return Result(kept, removed)


def edit(chance: random.Random, words: list[str], others: list[str]) -> str:
    """Return a copy with a known share of its shingles lost, by one of the ways in which real copies differ."""
    wanted = chance.uniform(0.7, 1.0)
    size = len(words)
    match chance.randrange(4):
        case 0:  # words changed here and there: each spoils five shingles and makes five new ones
            copy = list(words)
            for place in chance.sample(range(size), round(size * (1 - wanted) / (1 + wanted) / NGRAM)):
                copy[place] = f"{chance.choice(others)}{chance.randrange(100)}"
            return " ".join(copy)
        case 1:  # cut off
            return " ".join(words[: round(size * wanted)])
        case 2:  # a banner before it
            count = round(size * (1 / wanted - 1))
            start = chance.randrange(max(len(others) - count, 1))
            return " ".join([*others[start : start + count], *words])
        case _:  # the same words with other capitals and signs between them
            return " \u2013 ".join(word.upper() if chance.random() < 0.5 else word for word in words)


@pytest.fixture(scope="module")
def texts(sample_run: Path) -> dict[str, str]:
    """The texts of the sample's pages, and up to three edited copies of passages of 60 to 400 words from them."""
    tables = [
        pq.read_table(path, columns=["id", "text"]) for path in sorted((sample_run / "extracted").glob("*.parquet"))
    ]
    found = {row["id"]: row["text"] for table in tables for row in table.to_pylist()}
    assert len(found) > 1000
    chance = random.Random(20)
    split = [words for text in found.values() if len(words := text.split()) > 60]
    for number, words in enumerate(split[::2]):
        passage = words[chance.randrange(len(words) - 50) :][: chance.randint(60, 400)]
        if len(set(passage)) > 30:
            found[f"passage-{number}"] = " ".join(passage)
            for copy in range(chance.choice([1, 1, 1, 2, 3])):
                found[f"passage-{number}-{copy}"] = edit(chance, passage, chance.choice(split))
    return found


@pytest.fixture(scope="module")
def sets(texts: dict[str, str]) -> Sets:
    return {name: shingles(text) for name, text in texts.items()}


@pytest.fixture(scope="module")
def result(texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("truth"), texts, CONFIGURATION)


def test_nothing_is_removed_below_the_threshold_or_for_a_removed_document(sets: Sets, result: Result) -> None:
    found = {name: jaccard(sets[name], sets[other]) for name, other in result.removed.items()}
    assert len(found) > 800
    assert {name: value for name, value in found.items() if value < THRESHOLD} == {}
    assert set(result.removed.values()) <= result.kept
    assert sum(value < 0.8 for value in found.values()) > 60


def recall(sets: Sets, result: Result) -> dict[tuple[float, float], tuple[int, float]]:
    """Pairs by bin, and the share of them of which at most one document is left."""
    counts: dict[tuple[float, float], list[bool]] = defaultdict(list)
    for one, other, value in pairs(sets, THRESHOLD):
        place = next((low, high) for low, high, _ in BARS if low <= value < high)
        counts[place].append(not (one in result.kept and other in result.kept))
    return {place: (len(caught), sum(caught) / len(caught)) for place, caught in counts.items()}


def test_recall_by_bin_is_at_least_that_of_datatrove(sets: Sets, result: Result) -> None:
    found = recall(sets, result)
    for low, high, bar in BARS:
        count, share = found[low, high]
        assert count > 80
        assert share >= bar, f"{share:.3f} of {count} pairs from {low} to {high}"


def test_a_strict_configuration_does_not_pass(texts: dict[str, str], sets: Sets, tmp_path: Path) -> None:
    """Four bands of sixteen rows find 6 % of the pairs at 0.77, and some go with their neighbors."""
    some = {name: text for name, text in texts.items() if name.startswith("passage")}
    found = run(tmp_path, some, "bands=4, rows=16")
    count, share = recall({name: sets[name] for name in some}, found)[0.75, 0.80]
    assert count > 60
    assert share < 0.6


def articles(lines: str, truth: str) -> tuple[dict[str, str], set[frozenset[str]]]:
    texts = dict(line.split(" ", 1) for line in lines.splitlines())
    return texts, {frozenset(line.split()) for line in truth.splitlines()}


def test_articles_with_planted_copies_lose_one_of_each_pair(tmp_path: Path) -> None:
    stored = lzma.decompress((ARTICLES / "articles_100.train.xz").read_bytes()).decode()
    texts, truth = articles(stored, (ARTICLES / "articles_100.truth").read_text())
    found = run(tmp_path, texts, CONFIGURATION)
    assert len(truth) == 5
    assert {frozenset(link) for link in found.removed.items()} == truth


@pytest.mark.skipif(not SHARED.exists(), reason="needs the larger sets of articles, which are not in the repository")
def test_many_articles_with_planted_copies_lose_one_of_each_pair(tmp_path: Path) -> None:
    with tarfile.open(SHARED) as archive:
        files = {
            Path(member.name).name: archive.extractfile(member) for member in archive if "articles_2500" in member.name
        }
        lines, truth_lines = (
            stream.read().decode() for name in ("articles_2500.train", "articles_2500.truth") if (stream := files[name])
        )
    texts, truth = articles(lines, truth_lines)
    found = run(tmp_path, texts, CONFIGURATION)
    assert len(truth) == 20
    assert {frozenset(link) for link in found.removed.items()} == truth
