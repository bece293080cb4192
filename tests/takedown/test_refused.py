"""What a takedown refuses, what it says, and that `verify --gone` finds what is left."""

import json
import shutil
from pathlib import Path

import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.storage.removals import (
    Removals,
    digest,
    domains_above,
    entry,
    name_of,
    plain_domain,
    plain_url,
    read_removals,
    write_removals,
)
from tests.command import atom_data
from tests.takedown.corpus import everything, hashes, listed, rows


def test_more_than_half_is_refused_with_the_count(out: Path) -> None:
    before = everything(out)
    done = atom_data("takedown", out, "--domain", "test")
    assert done.returncode == 1 and "of 200 documents would go, more than half." in done.stderr
    assert everything(out) == before
    assert atom_data("takedown", out, "--domain", "test", "--accept").returncode == 0


def test_an_id_that_is_nowhere_is_said_and_listed(out: Path, tmp_path: Path) -> None:
    before = hashes(out)
    done = atom_data("takedown", out, "--ids", listed(tmp_path, ["nobody", "https://nowhere.test/x"]))
    assert done.returncode == 0
    assert (
        "2 are nowhere in the folder, and on the removal list all the same: https://nowhere.test/x, nobody"
        in done.stdout
    )
    assert hashes(out) == before
    removals = read_removals(str(out / "removals" / "list.parquet"))
    assert removals.matches("nobody", None) and removals.matches(None, "http://www.nowhere.test/x/#top")
    assert not removals.matches("somebody", "https://nowhere.test/y")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "takedown: nothing is asked for, and none was begun in"),
        (("--ids", "missing.txt"), "missing.txt: cannot be read"),
        (("--domain", "https:///x"), "takedown: no domain in 'https:///x'. Give one like example.org"),
        (("--domain", "a b"), "takedown: no domain in 'a b'."),
        (("--domain", "a.test", "--copies", "keep"), "--copies: 'keep' is not known; there are leave and promote."),
        (("--domain", "a.test", "--tokens", "zero"), "--tokens: 'zero' is not known; there are rewrite and mask."),
    ],
)
def test_options_that_cannot_be_are_refused(options: tuple[str, ...], said: str, out: Path) -> None:
    done = atom_data("takedown", out, *options)
    assert done.returncode == 2 and said in done.stderr


def test_folders_without_a_run_are_refused(tmp_path: Path) -> None:
    assert "there is no such folder" in atom_data("takedown", tmp_path / "none", "--domain", "a.test").stderr
    assert "there is no run in it" in atom_data("takedown", tmp_path, "--domain", "a.test").stderr
    assert "from folders only" in atom_data("takedown", "s3://bucket/out", "--domain", "a.test").stderr


@pytest.mark.parametrize("given", ["www.example.org", "https://WWW.example.org./about?x", "user@www.example.org:80"])
def test_a_host_with_www_is_itself_and_what_is_below_it(given: str, out: Path) -> None:
    """Both ways it is easily wrong: nothing is found, or all of example.org goes."""
    hosts = [row["url"].split("/")[2] for row in rows(out, "read")]
    assert {"www.example.org", "news.example.org"} <= set(hosts)
    assert atom_data("takedown", out, "--domain", given).returncode == 0
    left = [row["url"].split("/")[2] for row in rows(out, "read")]
    assert "www.example.org" not in left and "news.example.org" in left
    assert read_removals(str(out / "removals" / "list.parquet")).matches(None, "http://www.example.org/new")


def test_a_domain_and_an_url_prefix_without_documents_are_said(out: Path) -> None:
    done = atom_data(
        "takedown", out, "--domain", "nowhere.test", "--url-prefix", "www.nowhere.test/x", "--domain", "a.test"
    )
    assert done.returncode == 0
    assert (
        "2 are nowhere in the folder, and on the removal list all the same: nowhere.test, www.nowhere.test/x"
        in " ".join(done.stdout.split())
    )


def test_a_domain_has_one_form() -> None:
    assert plain_domain("Example.ORG.") == "example.org"
    assert plain_domain("www.com") == "www.com"
    assert plain_domain("https://a:b@www.example.org:8080/x") == "www.example.org"
    assert plain_domain("b\u00fccher.example") == "xn--bcher-kva.example"
    assert plain_domain("http://[2001:db8::1]:80/") == "[2001:db8::1]"
    assert plain_domain("") == ""


def test_domains_above_a_host_begin_with_itself() -> None:
    assert list(domains_above("https://www.B\u00fccher.example/x")) == [
        "www.xn--bcher-kva.example",
        "xn--bcher-kva.example",
        "example",
    ]


def test_a_dry_run_changes_nothing_and_says_all(out: Path, tmp_path: Path) -> None:
    before = everything(out)
    done = atom_data("takedown", out, "--domain", "a.test", "--dry-run", "--json")
    value = json.loads(done.stdout)
    assert everything(out) == before
    own = {row["id"] for row in rows(out, "read") if "a.test" in domains_above(row["url"])}
    assert {one["id"] for one in value["documents"] if one["why"] == "asked"} >= own
    tokens = next(line for line in value["stages"] if line["stage"] == "tokens")
    atom_data("takedown", out, "--domain", "a.test", "--json")
    done = atom_data("takedown", out, "--domain", "a.test", "--dry-run")
    assert "0 of 200 documents go: none" in done.stdout
    assert tokens["documents"] > 0 and tokens["tokens"] > 100


def test_tokens_whose_run_is_gone_can_be_taken_down(out: Path, tmp_path: Path) -> None:
    for name in out.iterdir():
        if name.name != "tokens":
            shutil.rmtree(name) if name.is_dir() else name.unlink()
    one = rows(out, "tokens")[5]["id"]
    done = atom_data("takedown", out, "--ids", listed(tmp_path, [one]))
    assert done.returncode == 0, done.stderr
    assert one not in {row["id"] for row in rows(out, "tokens")}
    assert atom_data("verify", out).returncode == 0


def test_gone_finds_a_name_and_tokens_that_are_left(out: Path, built: Path, tmp_path: Path) -> None:
    one = rows(out, "near_deduped")[4]
    ids = listed(tmp_path, [one["id"], one["url"]])
    done = atom_data("verify", out, "--gone", ids)
    assert (
        done.returncode == 1
        and "near_deduped/pages-0.jsonl.parquet: names a document that is to be gone" in done.stderr
    )
    assert atom_data("takedown", out, "--ids", ids).returncode == 0
    assert atom_data("verify", out, "--gone", ids).returncode == 0
    shard = next(name for name in (path.name for path in (out / "tokens").glob("*.bin")) if _differ(out, built, name))
    (out / "claims").mkdir(exist_ok=True)
    shutil.copyfile(built / "tokens" / shard, out / "tokens" / shard)
    shutil.copyfile(built / "tokens" / shard.replace(".bin", ".idx"), out / "tokens" / shard.replace(".bin", ".idx"))
    done = atom_data("verify", out, "--gone", ids)
    assert done.returncode == 1 and "passages that its text does not have" in done.stderr
    (out / "note.json").write_text(json.dumps({"why": [f"about {one['url']}, as asked"]}))
    assert "note.json: names a document that is to be gone" in atom_data("verify", out, "--gone", ids).stderr


def _differ(out: Path, built: Path, name: str) -> bool:
    return (out / "tokens" / name).read_bytes() != (built / "tokens" / name).read_bytes()


def test_quotations_are_listed(out: Path, tmp_path: Path) -> None:
    kept = {row["near_copy_cluster"] for row in rows(out, "near") if row["near_copy_rank"] > 0}
    copy = next(row for row in rows(out, "near") if row["near_copy_rank"] > 0)
    ids = listed(tmp_path, [copy["id"]])
    assert atom_data("takedown", out, "--ids", ids).returncode == 0
    done = atom_data("verify", out, "--gone", ids, "--json")
    assert done.returncode == 0 and copy["near_copy_cluster"] in json.loads(done.stdout)["quoted"]
    assert kept


def test_lists_say_nothing_of_what_is_on_them(tmp_path: Path) -> None:
    key = bytes(range(32))
    entries = [
        entry(key, "id", "doc 1"), entry(key, "url", "https://www.a.test/x/"), entry(key, "domain", "B.test"),
        entry(key, "prefix", "http://c.test/é/"),
    ]  # fmt: skip
    path = str(tmp_path / "list.parquet")
    write_removals(path, Removals({name_of(key): key}, frozenset(entries), {"read/x": 3}), "test")
    found = read_removals(path)
    assert found.entries == frozenset(entries) and found.text_bytes == {"read/x": 3}
    goes = [
        ("doc 1", None), ("", "http://a.test/x#y"), (None, "https://u@deep.b.test:80/"), ("", "https://c.test/é/1"),
    ]  # fmt: skip
    stays = [
        ("doc 2", None),
        ("", "http://a.test/x/y"),
        (None, "https://bb.test/"),
        ("", "https://c.test/e/"),
        (None, ""),
    ]
    assert [found.matches(*one) for one in (*goes, *stays)] == [True] * 4 + [False] * 5
    data = Path(path).read_bytes()
    assert b"a.test" not in data and b"doc 1" not in data
    assert digest(key, "id", "x") != digest(key, "url", "x")
    assert plain_url("HTTPS://www.a.test/B/?q#f") == "a.test/B/?q"
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="is not a removal list"):
        read_removals(str(tmp_path / "broken.parquet"))


def test_a_list_that_is_not_there_is_refused(out: Path, pages: Path) -> None:
    done = atom_data("run", pages.with_suffix(".py"), "--output", out, "--removals", "none.parquet")
    assert done.returncode == ConfigError.exit_code and "none.parquet: there is no such file" in done.stderr
