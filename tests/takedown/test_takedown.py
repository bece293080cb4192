"""What is taken down is gone from every file, what is not keeps its hash, and building again with the list gives the same."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest
from tokenizers import Tokenizer

from atom_data.loader import TokenShards
from atom_data.storage.beside import LOOKUP
from atom_data.storage.removals import domains_above, plain_url
from tests.command import SAMPLE, atom_data, fingerprint
from tests.takedown.corpus import build, hashes, listed, parts, records, rows, write_pages

Documents = dict[str, dict[str, str]]
DOCUMENTS: Documents = {document["id"]: document for file in records() for document in file}


def kept_with_copies(out: Path, pass_name: str, ending: str) -> list[str]:
    found = [row for row in rows(out, pass_name) if row[f"{ending}_rank"] == 0 and row[f"{ending}_count"] > 2]
    return sorted(row["id"] for row in found)


def copies(out: Path, pass_name: str, ending: str) -> list[str]:
    return sorted(row["id"] for row in rows(out, pass_name) if row[f"{ending}_rank"] > 0)


def some_ids(out: Path) -> list[str]:
    """Return kept ones with copies, copies, and documents in the tokens; of the last one, one without a copy."""
    alone = {row["id"] for row in rows(out, "tokens") if row["copy_count"] == 1} - set(copies(out, "near", "near_copy"))
    return [
        kept_with_copies(out, "exact", "copy")[0], copies(out, "exact", "copy")[3],
        kept_with_copies(out, "near", "near_copy")[1], copies(out, "near", "near_copy")[0], *sorted(alone)[:2],
    ]  # fmt: skip


def removed_ids(out: Path) -> set[str]:
    left = {row["id"] for row in rows(out, "read")}
    return set(DOCUMENTS) - left


def require_gone(out: Path, ids: Sequence[str], folder: Path) -> None:
    """Look for documents in three ways: with the command, with DuckDB over all Parquet, and in all decoded tokens."""
    done = atom_data("verify", out, "--gone", listed(folder, ids))
    assert done.returncode == 0, done.stderr
    for path in sorted([*out.rglob("*.parquet"), *out.rglob("*.pq")]):
        columns = duckdb.sql(f"from read_parquet('{path}')").columns
        said = " ".join(f'or contains(one."{column}"::varchar, wanted.gone)' for column in columns)
        wanted = f"(select unnest({list(ids)}::varchar[]) as gone) as wanted"
        found = f"select count(*) from read_parquet('{path}') as one, {wanted} where false {said}"
        assert duckdb.sql(found).fetchall() == [(0,)], path
    tokenizer = Tokenizer.from_file(str(SAMPLE / "tokenizer.json"))
    shards = TokenShards(str(out / "tokens"), sequence_length=8)
    whole = " ".join(
        tokenizer.decode(shards.read(number, 0, shard["tokens"]).tolist()) for number, shard in enumerate(shards.shards)
    )
    left = {DOCUMENTS[row["id"]]["text"] for row in rows(out, "near_deduped")}
    for identity in ids:
        text = DOCUMENTS[identity]["text"]
        passage = " ".join(text.split()[5:18])
        assert len(text) < 100 or passage not in whole or any(passage in other for other in left)


def same_as_built_again(out: Path, pages: Path, folder: Path) -> None:
    """A run finds nothing to do, and one from the input with the list makes the same files."""
    assert atom_data("verify", out).returncode == 0
    done = atom_data("run", pages.with_suffix(".py"), "--output", out, "--dry-run")
    assert "Nothing to do." in done.stdout, done.stdout
    build(pages, folder / "again", "--removals", out / "removals" / "list.parquet")
    assert hashes(folder / "again") == hashes(out)
    assert fingerprint(folder / "again") == fingerprint(out)


ASKED: dict[str, tuple[Callable[[Path, Path], list[object]], Callable[[str, str], bool]]] = {
    "domain": (lambda out, folder: ["--domain", "Example.ORG"], lambda url, text: "example.org" in domains_above(url)),
    "prefix": (
        lambda out, folder: ["--url-prefix", "http://blog.test/1/1"],
        lambda url, text: plain_url(url).startswith("blog.test/1/1"),
    ),
    "matching": (
        lambda out, folder: ["--matching", DOCUMENTS["doc-1-0005"]["text"][40:90]],
        lambda url, text: DOCUMENTS["doc-1-0005"]["text"][40:90] in text,
    ),
    "ids": (lambda out, folder: ["--ids", listed(folder, some_ids(out))], lambda url, text: False),
    "urls": (
        lambda out, folder: [
            "--ids",
            listed(folder, [DOCUMENTS["doc-1-0007"]["url"].replace("https", "http") + "/#top"]),
        ],
        lambda url, text: url == DOCUMENTS["doc-1-0007"]["url"],
    ),
}


@pytest.mark.parametrize("how", ASKED)
def test_removed_documents_are_gone_and_the_rest_is_what_would_have_been_built(
    how: str, out: Path, pages: Path, tmp_path: Path
) -> None:
    options, goes = ASKED[how]
    asked = set(some_ids(out)) if how == "ids" else set()
    asked |= {identity for identity, one in DOCUMENTS.items() if one["text"] and goes(one["url"], one["text"])}
    before, first = hashes(out), rows(out, "read")
    done = atom_data("takedown", out, *options(out, tmp_path), "--by", "me", "--reason", "asked")
    assert done.returncode == 0, done.stderr
    gone = removed_ids(out)
    assert asked and asked <= gone and len(gone) < 150
    require_gone(out, sorted(gone), tmp_path)
    touched = {row["shard"] for row in first if row["id"] in gone}
    after = hashes(out)
    untouched = [name for name in before if name.startswith("read/") and Path(name).name not in touched]
    assert all(before[name] == after[name] for name in untouched)
    same_as_built_again(out, pages, tmp_path)


def test_only_shards_with_removed_documents_change(out: Path, tmp_path: Path) -> None:
    alone = [row for row in rows(out, "tokens") if row["copy_count"] == 1]
    one = next(row for row in alone if row["id"] not in {mark["id"] for mark in rows(out, "near")})
    before = hashes(out)
    assert atom_data("why", out, one["id"]).returncode == 0
    assert (out / LOOKUP).is_dir()
    assert atom_data("takedown", out, "--ids", listed(tmp_path, [one["id"]])).returncode == 0
    assert not (out / LOOKUP).exists(), "it holds plain hashes of ids and URLs"
    after, shard = hashes(out), one["shard"]
    changed = {name for name in before if before[name] != after.get(name)}
    source = next(row["shard"] for row in rows(out, "read"))
    assert source.endswith(".parquet")
    names = {name.partition("/")[2].removesuffix(".parquet") for name in changed if not name.startswith("tokens/")}
    where = {name.rpartition("/")[2] for name in names}
    assert len(where) == 1, changed
    assert {name for name in changed if name.startswith("tokens/")} == {
        f"tokens/{Path(shard).name.partition('.')[0]}.{ending}" for ending in ("bin", "idx", "docs.parquet")
    }


def test_copies_leave_with_the_kept_one_or_the_next_is_promoted(out: Path, pages: Path, tmp_path: Path) -> None:
    promoted = Path(shutil.copytree(out, tmp_path / "promoted"))
    kept = kept_with_copies(out, "exact", "copy")[0]
    cluster = {row["id"] for row in rows(out, "exact") if row["copy_cluster"] == kept} - {kept}
    ids = listed(tmp_path, [kept])
    leave = json.loads(atom_data("takedown", out, "--ids", ids, "--json").stdout)
    assert set(leave["copies"]) >= cluster and cluster <= removed_ids(out)
    done = atom_data("takedown", promoted, "--ids", ids, "--copies", "promote", "--json")
    value = json.JSONDecoder().raw_decode(done.stdout)[0]
    assert value["copies"] == [] and set(value["decided_anew"]) >= cluster
    assert removed_ids(promoted) == {kept}
    assert len({row["id"] for row in rows(promoted, "exact_deduped")} & cluster) == 1
    same_as_built_again(promoted, pages, tmp_path)


def test_two_takedowns_are_a_chain_and_one_list(out: Path, pages: Path, tmp_path: Path) -> None:
    assert atom_data("takedown", out, "--domain", "blog.test").returncode == 0
    assert atom_data("takedown", out, "--ids", listed(tmp_path, some_ids(out)[:2])).returncode == 0
    first, second = (json.loads((out / "removals" / f"{number:04}.json").read_text()) for number in (1, 2))
    assert (first["number"], second["number"], first["before"]) == (1, 2, "")
    assert len(second["before"]) == 64 and first["asked"] == {"domains": 1} and second["asked"] == {"ids": 2}
    assert "blog.test" not in "".join(path.read_bytes().decode("latin-1") for path in (out / "removals").iterdir())
    same_as_built_again(out, pages, tmp_path)
    (out / "removals" / "0001.json").unlink()
    done = atom_data("verify", out)
    assert "does not follow the one before it" in done.stderr and "Bring back what lies in removals/" in done.stderr


def test_the_next_crawl_does_not_bring_them_back(out: Path, pages: Path, tmp_path: Path) -> None:
    assert atom_data("takedown", out, "--domain", "example.org").returncode == 0
    crawl = write_pages(tmp_path / "crawl", records(2))
    build(crawl, tmp_path / "next", "--removals", out / "removals" / "list.parquet")
    urls = [row["url"] for row in rows(tmp_path / "next", "read")]
    assert urls and not any("example.org" in domains_above(url) for url in urls)
    receipts = [json.loads(path.read_text()) for path in (tmp_path / "next" / "read" / "receipts").glob("*.json")]
    expected = sum("example.org" in domains_above(one["url"]) for file in records(2) for one in file)
    assert sum(receipt["dropped"].get("removed", 0) for receipt in receipts) == expected
    lines = [
        row
        for path in (tmp_path / "next" / "read" / "drops").glob("*")
        for row in duckdb.sql(f"from '{path}'").fetchall()
    ]
    assert {(row[0].partition(":")[0], row[1], row[2]) for row in lines if row[2] == "removed"} == {
        ("removed", None, "removed")
    }
    raw = [
        row
        for path in (tmp_path / "next" / "read" / "dead").glob("*")
        for row in duckdb.sql(f"from '{path}'").fetchall()
    ]
    assert len(raw) == 5 and {(row[3], row[4]) for row in raw} == {("", b"")}


def test_a_list_takes_down_what_a_folder_has_already(out: Path, pages: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(out, tmp_path / "other"))
    assert atom_data("takedown", out, "--domain", "blog.test").returncode == 0
    build(pages, other, "--removals", out / "removals" / "list.parquet")
    assert hashes(other) == hashes(out)
    assert len(list(parts(other))) > 20
