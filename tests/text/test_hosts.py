"""Hosts of addresses and tables of domains, against regular expressions and sets."""

import re
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, strategies as st

from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.hosts import (
    ASCII_HOST,
    LONGEST_NAME,
    NO_HOST,
    OTHER_HOST,
    are_listed,
    domain_table,
    entry_hashes,
    hosts,
)
from tests.text.reference import buffers_of

SPACE = " \t\n\f\r"
AUTHORITY = re.compile(rf"[{SPACE}]*(?:[A-Za-z][A-Za-z0-9+.\-]*:)?[/\\]{{2}}([^/?#\\]*)(.*)", re.S)
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]\x00-\x20\x7f]*)(.*)", re.S)

pieces = st.sampled_from(
    [
        "http:",
        "https:",
        "//",
        "/",
        "\\",
        "www.",
        "WWW.",
        "a.B.com",
        "x",
        ".",
        ":",
        "80",
        "@",
        "?",
        "#",
        "[::1]",
        "[",
        "]",
        " ",
        "\n",
        "\x1f",
        "\x7f",
        "é",
        "a" * 9,
        "-",
        "user:pass@",
    ]
)
urls = st.lists(pieces, max_size=8).map("".join)
labels = st.text(st.sampled_from("ab0-é"), min_size=1, max_size=10)
names = st.lists(labels, min_size=1, max_size=5).map(".".join)


def plain_host(url: str) -> tuple[str, int]:
    """The host of an address, found the plain way."""
    found = AUTHORITY.match(url)
    if not found:
        return "", NO_HOST
    authority, rest = found.groups()
    if not authority.isascii():
        return "", OTHER_HOST
    host, after = HOST.match(authority.rpartition("@")[2]).groups()
    if after and after[0] != ":" and (after + rest).strip(SPACE):
        return "", NO_HOST
    name = re.sub(r"^www\.|\.+$", "", host.lower())
    return (name, ASCII_HOST) if name else ("", NO_HOST)


def strings(buffers: Buffers) -> list[str]:
    """The values of some buffers."""
    cuts = buffers.offsets.tolist()
    return [bytes(buffers.data[s:e]).decode() for s, e in pairwise(cuts)]


@example(
    [None, "http://", "//a", "http://www.", "http://www..com", "http://a:b@[::1]:2/", "http://x \n", "http://x \ny"]
)
@given(st.lists(st.one_of(st.none(), urls, urls.map("http://{}".format)), max_size=6))
def test_hosts_any_address_are_the_plain_ones(addresses: list[str | None]) -> None:
    found, kinds = hosts(buffers_of(addresses))
    assert list(zip(strings(found), kinds.tolist(), strict=True)) == [plain_host(url or "") for url in addresses]


def table_of(*lists: bytes) -> np.ndarray:
    """The table of the entries of some lists."""
    parts = []
    for data in lists:
        hashes = np.zeros(data.count(b"\n") + 1, np.uint64)
        parts.append(hashes[: entry_hashes(np.frombuffer(data, np.uint8), hashes)])
    return domain_table(parts)


def bare(name: str) -> str:
    """A name as a host is taken."""
    return re.sub(r"^[wW]{3}\.|\.+$", "", name)


@given(st.lists(names, max_size=30), st.lists(names, max_size=10))
def test_are_listed_finds_a_domain_and_all_below_it(listed: list[str], asked: list[str]) -> None:
    entries = {bare(name) for name in listed} - {""}
    asked = [*asked, *listed, *(f"sub.{name}" for name in listed), *(f"x{name}" for name in listed)]
    found = are_listed(buffers_of(asked), table_of("\n".join(listed).encode()))
    expected = []
    for name in asked:
        parts = name.split(".")
        expected.append(any(".".join(parts[start:]) in entries for start in range(len(parts))))
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"Bad.Example", "bad.example"),
        (b"  www.bad.example.  # why\r", "bad.example"),
        (b"0.0.0.0 bad.example", "bad.example"),
        (b"127.0.0.1\tx bad.example#y", "bad.example"),
        ("B\u00fccher.example".encode(), "b\u00fccher.example"),
        (b"# bad.example", None),
        (b"", None),
        (b" \t ", None),
        (b"www.", None),
        (b"...", None),
    ],
)
def test_entry_hashes_a_line_is_the_host_it_names(line: bytes, name: str | None) -> None:
    hashes = np.zeros(3, np.uint64)
    count = entry_hashes(np.frombuffer(b"first\n" + line + b"\nlast", np.uint8), hashes)
    assert count == 2 + (name is not None)
    if name is not None:
        assert are_listed(buffers_of([name, "example"]), domain_table([hashes[1:2]])).tolist() == [True, False]


def test_domain_table_a_hundred_thousand_names_are_all_found_and_no_other() -> None:
    listed = [f"name{number}.example{number % 7}.org" for number in range(100_000)]
    table = table_of("\n".join(listed[:60_000]).encode(), "\n".join(listed[60_000:]).encode())
    assert 100_000 * 12 <= table.nbytes <= 100_000 * 24
    others = [f"name{number}.example{(number + 1) % 7}.org" for number in range(100_000)]
    found = are_listed(string_buffers(pa.array(listed + others)), table)
    assert found.tolist() == [True] * 100_000 + [False] * 100_000


def test_hashes_of_names_that_differ_in_two_places_are_different() -> None:
    # Lanes that differ only in their high bits cancel in a weaker hash: `hash_bytes` gives many of these the same value.
    names = [f"{a}abcdefg{b}abcdef{c}.example" for a in "0aPp2" for b in "0aPp2" for c in "0aPp2"]
    hashes = np.zeros(200, np.uint64)
    count = entry_hashes(np.frombuffer("\n".join(names).encode(), np.uint8), hashes)
    assert len(set(hashes[:count].tolist())) == len({name.lower() for name in names})


def test_hashes_of_names_that_differ_late_are_at_different_places() -> None:
    # The place in the table is of the lowest bits, which the last byte of a lane has to reach.
    names = [f"aaaaaaa{sign}.example" for sign in "abcdefghijklmnopqrstuvwxyz0123456789"]
    hashes = np.zeros(40, np.uint64)
    count = entry_hashes(np.frombuffer("\n".join(names).encode(), np.uint8), hashes)
    assert len(set((hashes[:count] & np.uint64(0xFFFF)).tolist())) >= count - 1


def test_are_listed_a_dot_is_not_nothing() -> None:
    listed = table_of(b"ij.abcdefgh\nab.cd")
    assert are_listed(buffers_of(["abcdefghij", "abcdefgh.ij", "abcd", "ij.abcdefgh"]), listed).tolist() == [
        False,
        False,
        False,
        True,
    ]


def test_are_listed_longer_than_a_name_may_be_is_not() -> None:
    listed = table_of(b"uk")
    longest = "aa." + "a." * ((LONGEST_NAME - 5) // 2) + "uk"
    assert len(longest) == LONGEST_NAME
    assert are_listed(buffers_of([longest, "a" + longest, "a." * 5_000_000 + "uk"]), listed).tolist() == [
        True,
        False,
        False,
    ]


def test_are_listed_an_empty_list_lists_nothing() -> None:
    assert are_listed(buffers_of(["a", ""]), domain_table([])).tolist() == [False, False]


def test_hosts_ten_megabytes_are_one_host() -> None:
    found, kinds = hosts(buffers_of(["http://" + "a@" * 5_000_000 + "b", "http://" + "[" * 5_000_000]))
    assert strings(found) == ["b", ""]
    assert kinds.tolist() == [ASCII_HOST, NO_HOST]
