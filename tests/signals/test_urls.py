"""URL signals: hosts as browsers find them, listed domains and words, and addresses meant to confuse."""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data.assets import filters_folder
from atom_data.errors import ConfigError, DataError
from atom_data.signals.urls import CheckUrl


def checked(urls: list[str | None], **lists: Path) -> list[tuple[str | None, bool]]:
    """Domain and verdict of some urls."""
    batch = CheckUrl(**lists)(pa.RecordBatch.from_pydict({"url": pa.array(urls, pa.string())}))
    return list(zip(batch.column("domain").to_pylist(), batch.column("is_blocked_url").to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.Example.COM:8080/a?b#c", "example.com"),
        ("http://example.com", "example.com"),
        (" HTTP://example.com.\n", "example.com"),
        ("http://user:pass@evil.com@good.org/x", "good.org"),
        ("http://good.org/@evil.com", "good.org"),
        ("http://good.org?x=http://evil.com/", "good.org"),
        ("http://good.org#@evil.com", "good.org"),
        ("http:\\\\good.org\\@evil.com/", "good.org"),
        ("//cdn.example.net/x", "cdn.example.net"),
        ("http://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("http://bücher.example/", "bücher.example"),
        ("http://[2001:DB8::1]:80/", "[2001:db8::1]"),
        ("http://192.168.0.1/", "192.168.0.1"),
        ("http://www.www.example.com/", "www.example.com"),
        ("http://", None),
        ("http:///path", None),
        ("http://two words/", None),
        ("http://tab\x1fin.example/", None),
        ("http://:80/", None),
        ("mailto:a@example.com", None),
        ("example.com/page", None),
        ("", None),
        (None, None),
    ],
)
def test_check_url_domain_is_the_host(url: str | None, domain: str | None) -> None:
    assert checked([url]) == [(domain, False)]


def test_check_url_listed_domain_blocks_all_below_it(tmp_path: Path) -> None:
    path = tmp_path / "domains.txt"
    path.write_text("# a remark\nBad.example\nwww.worse.example.  # another\n\nuk\n", encoding="utf-8")
    hosts = {
        "bad.example": True,
        "www.bad.example": True,
        "a.b.bad.example": True,
        "notbad.example": False,
        "bad.example.org": False,
        "worse.example": True,
        "example": False,
        "bbc.co.uk": True,
        "uk.example": False,
        ".".join(["a"] * 125 + ["uk"]): True,
        ".".join(["a"] * 100_000 + ["uk"]): False,
    }
    found = checked([f"http://{host}/" for host in hosts], domains=path)
    assert [blocked for _, blocked in found] == list(hosts.values())
    assert checked(["http://bad.example/"]) == [("bad.example", False)]


def test_check_url_says_what_blocked(tmp_path: Path) -> None:
    plain, packed = tmp_path / "domains", tmp_path / "hosts.gz"
    plain.write_bytes(b"bad.example\n" * 3 + b"last.example")
    packed.write_bytes(gzip.compress(b"# a hosts file\n0.0.0.0 worse.example # ads\n"))
    urls = [
        "http://bad.example/togel",
        "http://x/togel",
        "http://a.worse.example",
        "http://last.example",
        "http://x/",
        None,
    ]
    batch = CheckUrl(domains=(plain, packed))(pa.record_batch({"url": urls}))
    assert batch.column("url_blocked_by").to_pylist() == ["domain", "word", "domain", "domain", None, None]
    assert batch.column("is_blocked_url").to_pylist() == [True, True, True, True, False, False]


@pytest.mark.parametrize("packed", [b"bad.example\n", gzip.compress(b"bad.example\n")[:-9]])
def test_check_url_a_damaged_list_is_named(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "list.gz"
    path.write_bytes(packed)
    with pytest.raises(DataError, match=r"list\.gz cannot be read .* Fetch the list of domains again"):
        checked(["http://x/"], domains=path)


def test_check_url_a_list_read_in_parts_is_the_same_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "domains.txt"
    path.write_text("".join(f"name{number}.example\n" for number in range(2_000)) + "a-longer-name-than-a-part.example")
    urls = [f"http://name{number}.example/" for number in range(2_100)] + ["http://a-longer-name-than-a-part.example"]
    monkeypatch.setattr("atom_data.signals.urls._CHUNK_BYTES", 13)
    assert [blocked for _, blocked in checked(urls, domains=path)] == [True] * 2_000 + [False] * 100 + [True]


@pytest.mark.parametrize(
    ("url", "blocked"),
    [
        ("https://example.com/sportsbook-review", True),
        ("https://example.com/SportsBooks", True),
        ("https://freeporn.example/", True),
        ("https://example.com/milf18", True),
        ("https://example.com/milford-haven", False),
        ("https://example.com/familf", False),
        ("https://essex.example/sussex/middlesex", False),
        ("https://pornic.example/bretagne", False),
        ("https://example.com/popcorn", False),
    ],
)
def test_check_url_words_stand_alone_unless_a_star_says_more(url: str, blocked: bool) -> None:
    assert checked([url])[0][1] is blocked


def test_check_url_a_list_of_ones_own_replaces_the_words(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("fish\n*cake*  # with more around\n", encoding="utf-8")
    found = checked(["http://x/fish", "http://x/fishes", "http://x/pancakes", "http://x/togel"], words=path)
    assert [blocked for _, blocked in found] == [True, False, True, False]


@pytest.mark.parametrize(
    ("content", "what"), [("a b\n", "the entry 'a b'"), ("**\n", "the entry"), ("# none\n", "0 entries")]
)
def test_check_url_a_wrong_word_list_is_refused(tmp_path: Path, content: str, what: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=what):
        CheckUrl(words=path)


def test_check_url_a_missing_list_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="of blocked domains"):
        CheckUrl(domains=tmp_path / "none.txt")
    with pytest.raises(ConfigError, match="of blocked words"):
        CheckUrl(words=tmp_path / "none.txt")


@given(st.lists(st.one_of(st.none(), st.text(), st.text().map("http://{}/".format)), max_size=6))
def test_check_url_any_text_gives_a_verdict(urls: list[str | None]) -> None:
    found = checked(urls)
    assert all(blocked in (True, False) for _, blocked in found)
    assert all(domain is None or (domain and domain == domain.strip() and "/" not in domain) for domain, _ in found)


@pytest.mark.parametrize("raw", [b"http://ex\xffample.com/", b"\xff\xfe", b"http://a.example/\xff?togel"])
def test_check_url_broken_text_does_not_raise(raw: bytes) -> None:
    offsets = pa.py_buffer(b"\0\0\0\0" + len(raw).to_bytes(4, "little"))
    urls = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(raw)])
    batch = CheckUrl()(pa.RecordBatch.from_arrays([urls], names=["url"]))
    assert batch.column("is_blocked_url").to_pylist() == [b"togel" in raw]
    assert batch.column("domain").to_pylist() == ["a.example" if b"togel" in raw else None]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.null()])
def test_check_url_no_rows_keep_the_columns(kind: pa.DataType) -> None:
    found = CheckUrl()(pa.RecordBatch.from_arrays([pa.array([], kind)], names=["url"]))
    assert [str(field.type) for field in found.schema] == [str(kind), "string", "bool", "string"]


def test_word_list_names_its_source_and_has_no_entry_twice() -> None:
    lines = (filters_folder() / "lists" / "url_words.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# Source: ")
    words = [line for line in lines if line and line[0] != "#"]
    assert len(words) == len(set(words)) > 40
