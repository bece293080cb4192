"""What is said of a document that was taken down: by which takedown, when and why, and nothing of what it was."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from atom_data.loader import Samples, TokenShards
from atom_data.storage.removals import LIST, Removals, entry, write_removals
from tests.command import Done, atom_data
from tests.takedown.corpus import listed, rows

LENGTH = 32


@pytest.fixture
def gone(out: Path) -> list[dict[str, Any]]:
    """Documents of two shards of the tokens."""
    first, second = sorted((out / "tokens").glob("*.docs.parquet"))[:2]
    return [pq.read_table(first).to_pylist()[3], pq.read_table(second).to_pylist()[1]]


def take_down(out: Path, tmp_path: Path, query: str, *options: object) -> None:
    done = atom_data("takedown", out, "--ids", listed(tmp_path, [query]), *options)
    assert done.returncode == 0, done.stderr


def words(done: Done) -> str:
    return " ".join(done.stdout.split())


@pytest.mark.parametrize("tokens", ["mask", "rewrite"])
def test_why_says_which_takedown(tokens: str, out: Path, gone: list[dict[str, Any]], tmp_path: Path) -> None:
    take_down(out, tmp_path, gone[0]["id"], "--tokens", tokens, "--reason", "asked by letter", "--by", "legal")
    take_down(out, tmp_path, gone[1]["id"], "--tokens", tokens, "--reason", "a court")
    receipts = [json.loads((out / f"removals/000{number}.json").read_text()) for number in (1, 2)]
    said = f"takedown 1 ({receipts[0]['when']} by legal: asked by letter)"
    done = atom_data("why", out, gone[0]["id"])
    assert (
        done.returncode == 0
        and f"{gone[0]['id']} was taken down: {said} Nothing else of it is in this folder" in words(done)
    )
    assert gone[0]["url"] not in done.stdout
    done = atom_data("why", out, gone[1]["id"], "--json")
    (answer,) = json.loads(done.stdout)
    assert answer["outcome"] == "removed" and answer["was_here"]
    assert answer["takedowns"] == [
        {"number": 2, "receipt": "removals/0002.json", "when": receipts[1]["when"], "by": "", "reason": "a court"}
    ]
    done = atom_data("why", out, gone[0]["url"])
    assert f"{gone[0]['url']} is on the removal list: one of 2: {said}; takedown 2" in words(done)
    done = atom_data("why", out, gone[0]["id"], "--raw")
    assert done.returncode == 1 and done.stdout == ""
    assert f"why: '{gone[0]['id']}' was taken down, so its record is not read: {said}." in " ".join(done.stderr.split())
    done = atom_data("trace", out / "tokens", gone[0]["id"])
    assert done.returncode == 1 and f"'{gone[0]['id']}' was taken down by {said}. Its tokens" in " ".join(
        done.stderr.split()
    )
    kept = rows(out, "near_deduped")[0]["id"]
    assert "kept: tokens/" in words(atom_data("why", out, kept))
    assert atom_data("why", out, "doc-nowhere").returncode == 1


def test_an_id_that_never_was_here_is_on_the_list(out: Path, tmp_path: Path) -> None:
    take_down(out, tmp_path, "doc-of-another-crawl", "--reason", "asked")
    done = atom_data("why", out, "doc-of-another-crawl")
    assert done.returncode == 0 and "is on the removal list: takedown 1" in words(done)


def test_trace_says_what_is_masked_and_by_whom(out: Path, gone: list[dict[str, Any]], tmp_path: Path) -> None:
    """Of every sample over masked tokens; and no document, place or stage is told of them."""
    for document, reason in zip(gone, ("first letter", "second letter"), strict=True):
        take_down(out, tmp_path, document["id"], "--tokens", "mask", "--reason", reason)
    samples, seen = Samples(TokenShards(str(out / "tokens"), sequence_length=LENGTH), seed=3), set[str]()
    for number in range(len(samples.sources["tokens"])):
        masked = [row for row in samples.documents(number) if row["id"] is None]
        if not masked or samples.address(number).shard in seen:
            continue
        seen.add(samples.address(number).shard)
        done = atom_data("trace", out / "tokens", "--sample", number, "--length", LENGTH, "--seed", 3)
        which = {"shard-00000": "takedown 1 (", "shard-00001": "takedown 2 ("}[samples.address(number).shard]
        place = f"masked tokens {masked[0]['first_here']:,} to {masked[0]['stop_here']:,}: their document was taken down by {which}"
        assert done.returncode == 0 and place in words(done) and "letter). They are end tokens now" in words(done)
        assert "None" not in done.stdout and "(no address)" not in done.stdout
    assert seen == {"shard-00000", "shard-00001"}


def test_masks_without_their_receipts(out: Path, gone: list[dict[str, Any]], tmp_path: Path) -> None:
    """A folder of tokens whose run is gone says that they are masked, and that it does not know by whom."""
    take_down(out, tmp_path, gone[0]["id"], "--tokens", "mask")
    (tmp_path / "alone").mkdir()
    (out / "tokens").rename(tmp_path / "alone/tokens")
    samples = Samples(TokenShards(str(tmp_path / "alone/tokens"), sequence_length=LENGTH), seed=0)
    for number in range(200):
        if {row["id"] for row in samples.documents(number)} == {None}:
            break
    done = atom_data("trace", tmp_path / "alone/tokens", "--sample", number, "--length", LENGTH)
    assert "was taken down by a takedown whose receipt is not beside these tokens. They are end tokens" in words(done)
    done = atom_data("batches", tmp_path / "alone/tokens", "-n", 1 + number, "--length", LENGTH, "--batch-size", 1)
    assert f"sample {number}: most of its tokens are masked; their document was taken down" in words(done)
    assert done.returncode == 0 and "document None" not in done.stdout


def test_diff_names_the_removal_list(out: Path, built: Path, tmp_path: Path) -> None:
    """Of documents that a takedown took out it says so, also where the list knows their domain alone; and that the lists differ."""
    before = {row["id"] for row in rows(built, "near_deduped")}
    done = atom_data("takedown", out, "--domain", "blog.test")
    assert done.returncode == 0, done.stderr
    away = before - {row["id"] for row in rows(out, "near_deduped")}
    assert away
    found = json.loads(atom_data("diff", built, out, "--json").stdout)
    assert found["counts"]["out"] == len(away)
    assert found["out_for"] == [{"stage": "", "reason": "on its removal list", "count": len(away)}]
    assert {sample["reason"] for sample in found["samples"]} == {"on its removal list"}
    (made,) = [one for one in found["made"] if one["kind"] == "removals"]
    assert made["before"] == "none" and made["after"].endswith(" entries")
    assert json.loads(atom_data("diff", out, built, "--json").stdout)["in_despite"] == found["out_for"]
    domain = Removals({"k": b"k" * 32}, frozenset([replace(entry(b"k" * 32, "domain", "blog.test"), list="k")]))
    write_removals(str(out / LIST), domain, "t")
    assert json.loads(atom_data("diff", built, out, "--json").stdout)["out_for"] == found["out_for"]
