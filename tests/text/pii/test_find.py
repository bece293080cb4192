"""Private things: planted ones are found where they are, whatever stands around, and near misses are not."""

import ipaddress
import random
import re

import pyarrow as pa
import pytest
from hypothesis import example, given, strategies as st

from atom_data.rewrite.private import WORDS_BEFORE_PHONE
from atom_data.text.buffers import string_buffers
from atom_data.text.phrases import build_phrases, entry
from atom_data.text.pii.find import KINDS, private_places
from atom_data.text.pii.numbers import IBAN_LENGTHS
from atom_data.text.pii.secrets import FORMATS
from tests.text.reference import broken, texts

BEFORE = build_phrases([entry(word) for word in WORDS_BEFORE_PHONE.split()])
ALL = (1 << len(KINDS)) - 1


def found(documents: list[str | bytes | None], wanted: int = ALL, public: bool = True) -> list[list[tuple[str, bytes]]]:
    """Kinds and values in each document."""
    kind = pa.binary() if any(isinstance(document, bytes) for document in documents) else pa.string()
    buffers = string_buffers(pa.array(documents, kind))
    places = private_places(buffers, wanted, public, BEFORE)
    assert (places.starts[1:] >= places.ends[:-1]).all()
    assert (places.starts >= buffers.offsets[places.documents]).all()
    assert (places.ends <= buffers.offsets[places.documents + 1]).all()
    rows: list[list[tuple[str, bytes]]] = [[] for _ in documents]
    for start, end, number, document in zip(*(values.tolist() for values in places), strict=True):
        rows[document].append((KINDS[number], bytes(buffers.data[start:end])))
    return rows


def one(text: str, public: bool = True) -> list[tuple[str, str]]:
    """Kinds and values in a text."""
    return [(kind, value.decode()) for kind, value in found([text], public=public)[0]]


def luhn(digits: str) -> bool:
    """The check of ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def with_check_digit(head: str, size: int, rng: random.Random) -> str:
    """Digits with a right last one."""
    body = head + "".join(rng.choice("0123456789") for _ in range(size - 1 - len(head)))
    return next(body + digit for digit in "0123456789" if luhn(body + digit))


def iban(country: str, length: int, rng: random.Random) -> str:
    """An account number with the right check digits."""
    body = "".join(rng.choice("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(length - 4))
    number = int("".join(str(int(sign, 36)) for sign in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02d}{body}"


def token(line: str, rng: random.Random) -> str:
    """A key of a format."""
    head, alphabet, least, most = line.split()[:4]
    size = rng.randint(int(least), min(int(most), int(least) + 40))
    signs = {"hex": "0123456789abcdef", "upper": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    body = "".join(rng.choice(signs.get(alphabet, "0123456789ABCDEFabcdefxyzXYZ")) for _ in range(size))
    return f"{head}{body[:20]}.{body[20:40]}.{body[40:]}" if head == "eyJ" else head + body


def planted() -> list[tuple[str, str]]:
    """Things of every kind."""
    rng = random.Random(5)
    countries = re.findall(r"([A-Z]{2})(\d+)", IBAN_LENGTHS)
    ibans = [iban(country, int(length), rng) for country, length in countries]
    cards = [
        ("4", 16),
        ("51", 16),
        ("2221", 16),
        ("34", 15),
        ("36", 14),
        ("6011", 16),
        ("3530", 16),
        ("62", 19),
        ("4", 13),
    ]
    numbers = [with_check_digit(head, size, rng) for head, size in cards]
    spaced = ["-".join(re.findall(".{4}", numbers[0])), " ".join(re.findall(".{4}", numbers[1]))]
    mails = ["a@b.co", "first.last+tag@mail.some-where.org", "x_y%z@a.b.c.info", "1@2.de", f"{'l' * 64}@{'d' * 63}.net"]
    addresses = ["8.8.8.8", "130.89.148.77", "2001:67c:2564:a119::77", "2a00:1450:4001::200e", "2a00:0:0:0:1:2:3:4"]
    phones = [
        "+4989123456789",
        "+44 20 7946 0958",
        "(212) 555-0143",
        "212-555-0143",
        "212.555.0143 x12",
        "030 1234 5678",
    ]
    pem = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA+/=\n" * 8 + "-----END RSA PRIVATE KEY-----"
    return [
        *(("iban", value) for value in ibans),
        ("iban", " ".join(re.findall(".{1,4}", ibans[0]))),
        *(("card", value) for value in numbers + spaced),
        *(("mail", value) for value in mails),
        *(("ipv6" if ":" in value else "ipv4", value) for value in addresses),
        *(("phone", value) for value in phones),
        *(("key", token(line, rng)) for line in FORMATS.strip().splitlines()),
        ("key", pem),
    ]


PLANTED = planted()


@pytest.mark.parametrize(("kind", "value"), PLANTED, ids=lambda value: value[:24])
def test_planted_things_are_found_at_every_place_of_eight(kind: str, value: str) -> None:
    documents = [
        f"{' ' * size}{before}{value}{after}" for size in range(9) for before, after in (("", ""), ("\n", " x"))
    ]
    documents += [f"é ({value}) ü", f'"{value}"', f"x {value}, y", f"is {value}. And", f"{value}\n{value}"]
    for document, row in zip(documents, found(documents), strict=True):
        expected = [(kind, value.encode())] * document.count(value)
        assert row == expected, document


@pytest.mark.parametrize("size", range(8))
def test_planted_things_are_found_behind_words_of_any_size(size: int) -> None:
    rows = found([f"{'w' * size} {value} {'w' * size}" for _, value in PLANTED])
    assert rows == [[(kind, value.encode())] for kind, value in PLANTED]


@pytest.mark.parametrize(
    "text",
    [
        "a@b",
        "@user",
        "a@@b.com",
        "a..b@c.com",
        "user@example",
        "a.@b.com",
        "x@-b.com",
        "x@b-.com",
        f"{'l' * 65}@d.net",
        "version 8.8.8.8",
        "Firmware: 10.2.33.4",
        "v8.8.8.8",
        "1.2.3.4.5",
        "999.1.1.1",
        "8.8.8.08",
        "192.168.0.1 and 10.0.0.1 and 127.0.0.1",
        "12.6.2.2. A section",
        "::1 and fe80::1 and 2001:db8::5",
        "12:30:45 and 1:2:3",
        "std::cout dead::beef a::b",
        "4556156821609394",
        "45-56156821609393",
        "1234567890123456",
        "x4556156821609393",
        "4556156821609393.5",
        "DE89370400440532013001",
        "DE88370400440532013000",
        "2a00:1:2:3:4:5:6::7",
        "2a00:1:2:3:4:5:6:7:8",
        "2a00::1::2",
        "XX89370400440532013000",
        "DE8937040044053201300",
        "2019-2020 2021-2022",
        "01.02.2019 10.11.2020",
        "2019-12-31 10",
        "MA 02110-1301, USA",
        "1 000 000 000",
        "012 013 023 123",
        "Intel: 2512.16245",
        "$212.555.0143",
        "ISBN 978-3-16-148410-0",
        "AKIA0123456789ABCDE",
        "ghp_short",
        "xAKIA0123456789ABCDEF",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "-----BEGIN PUBLIC KEY-----\n" + "MIIEpAIBAAKCAQEA\n" * 8 + "-----END PUBLIC KEY-----",
    ],
)
def test_near_misses_are_not_found(text: str) -> None:
    assert one(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Please call me at (96) 627-277 now", "(96) 627-277"),
        ("tel: 69 987 88 37", "69 987 88 37"),
        ("Telefonnummer 4711 0815", "4711 0815"),
        ("+49 (0)89 12 34 56", "+49 (0)89 12 34 56"),
        ("(+44) 20 7946 0958", "(+44) 20 7946 0958"),
        ("0049 89 123456", "0049 89 123456"),
        ("1-800-555-0199 ext. 42", "1-800-555-0199 ext. 42"),
        ("06 12 34 56 78", "06 12 34 56 78"),
    ],
)
def test_phones_known_forms_are_found_whole(text: str, value: str) -> None:
    assert one(text) == [("phone", value)]


def test_what_follows_on_a_find_is_looked_at_alone() -> None:
    assert one("a@b.co@c.de") == [("mail", "a@b.co")]
    assert one("ann@mail.org,bob@mail.org") == [("mail", "ann@mail.org"), ("mail", "bob@mail.org")]
    assert one("8.8.8.8,1.1.1.1 2a00::1,2a00::2") == [
        ("ipv4", "8.8.8.8"),
        ("ipv4", "1.1.1.1"),
        ("ipv6", "2a00::1"),
        ("ipv6", "2a00::2"),
    ]


def test_private_networks_are_found_when_they_are_asked_for() -> None:
    assert [value for _, value in one("192.168.0.1 ::1 2001:db8::5 127.0.0.1", public=False)] == [
        "192.168.0.1",
        "::1",
        "2001:db8::5",
        "127.0.0.1",
    ]


@given(st.ip_addresses())
def test_network_addresses_are_those_of_python(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    forms = {str(address), address.exploded}
    for form in forms:
        digits = any(sign in "0123456789" for sign in form)
        assert (len(one(f"at {form} now", public=False)) == 1) == digits


@given(st.text(st.sampled_from("0123456789abcdefF:. "), max_size=30))
def test_network_addresses_found_are_addresses(text: str) -> None:
    for kind, value in one(text, public=False):
        if kind in ("ipv4", "ipv6"):
            assert ipaddress.ip_address(value).version == int(kind[-1])


@given(st.ip_addresses(v=4, network="0.0.0.0/0"))
def test_public_addresses_are_global_in_python(address: ipaddress.IPv4Address) -> None:
    public = [kind for kind, _ in one(f"at {address} now")] == ["ipv4"]
    # Python's table of 2023 has all of 192.0.0.0/24 but 192.0.0.0/29 and two addresses as global.
    assert public == address.is_global or address in ipaddress.ip_network("192.0.0.0/24")


@given(st.text(st.sampled_from("0123456789 -"), min_size=13, max_size=24))
def test_cards_found_pass_the_check(text: str) -> None:
    for kind, value in one(text):
        if kind == "card":
            assert luhn(re.sub("[ -]", "", value))


anything = st.lists(
    st.one_of(st.sampled_from([value for _, value in PLANTED]), texts, st.sampled_from(" \n.,:@-+(")), max_size=6
)


@example(["a@b.co", None, "c@d.co"], 3)
@given(st.lists(st.one_of(st.none(), anything.map("".join)), max_size=4), st.integers(0, 16))
def test_what_is_found_depends_on_the_text_alone(documents: list[str | None], shift: int) -> None:
    together = found(documents)
    assert together == [found([document])[0] for document in documents]
    moved = found([None if document is None else " " * shift + document for document in documents])
    # The grid of eight bytes moves, and what is found does not.
    assert moved == together


@given(st.lists(broken, max_size=3))
def test_broken_bytes_never_raise_and_hide_nothing_behind_them(documents: list[bytes]) -> None:
    assert found([*documents, b"mail a@b.co"])[-1] == [("mail", b"a@b.co")]
    assert found([b"".join(documents) + b"\nmail a@b.co"])[0][-1] == ("mail", b"a@b.co")


@pytest.mark.parametrize(
    "piece",
    [
        "@",
        "a@",
        "a@b.",
        "1.",
        "1.1.1.",
        "1:",
        "::",
        "1 ",
        "12-",
        "+1",
        "(",
        "call 1",
        "GB82",
        "a",
        "-",
        "eyJ",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----" + "A" * 64,
        "AKIA",
        "4556156821609393",
        "x1",
    ],
)
def test_ten_megabytes_in_one_line_end_as_two_thousand_bytes_do(piece: str) -> None:
    short, long = (found([piece * (size // len(piece)) + " mail a@b.co"])[0] for size in (2_000, 10_000_000))
    assert short
    assert long == short
