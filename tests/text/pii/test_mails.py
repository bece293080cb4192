"""Mail addresses in every script, glued to text without spaces or not; what only looks like one is none."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from atom_data.text.pii.find import KINDS
from tests.text.pii.test_find import found
from tests.text.reference import broken

MAIL = 1 << KINDS.index("mail")


def mails(text: str) -> list[str]:
    """The addresses in a text."""
    return [value.decode() for _, value in found([text], MAIL)[0]]


ADDRESSES = [
    "anna@münchen-hafen.de",
    "jürgen.groß+x@example-firma.de",
    "josé_garcía@correo.es",
    unicodedata.normalize("NFD", "zoé.lévêque@société.fr"),
    "田中@例え.jp",
    "用户@例子.公司",
    "иван.петров@почта.рф",
    "иван.petrov@mail.ru",
    "δοκιμή@παράδειγμα.ελ",
    "مثال@موقع.شبكة",
    "उदाहरण@डाक.भारत",
    "홍길동@한국.kr",
    "anna@xn--mnchen-3ya.de",
    "anna@mail.xn--p1ai",
    "123456@qq.com",
    "a@163.com",
    "x@3x.com",
    "anna@firm.zip",
    "anna@firm.com-or",
    "ann@firm.com2",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_mail_in_any_script_is_found_whole(address: str) -> None:
    for before, after in (
        ("", ""),
        ("to ", " now"),
        ("(", ")"),
        ("„", "“"),
        ("：", "。"),
        ("<", ">"),
        ("mailto:", "?x=y"),
    ):
        assert mails(before + address + after) == [address]
    assert mails(f"{address}, {address}.") == [address, address]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("请联系zhang@example.com。", ["zhang@example.com"]),
        ("请联系zhang@example.com或者li@mail.cn谢谢", ["zhang@example.com", "li@mail.cn"]),
        ("メールはanna@seaport.jpまで", ["anna@seaport.jp"]),
        ("メールは、田中@例え.jpまで", ["田中@例え.jp"]),
        ("이메일anna@seaport.kr로", ["anna@seaport.kr"]),
        ("ติดต่อanna@seaport.thครับ", ["anna@seaport.th"]),
        ("пишите на anna@seaport.ru и всё", ["anna@seaport.ru"]),
        ("联系张三123@qq.com", ["123@qq.com"]),
        ("请写信给田中@例え.jp", ["请写信给田中@例え.jp"]),
        ("字" * 100 + "田中@例え.jp", ["字" * 19 + "田中@例え.jp"]),
        ("é" * 40 + "@firm.org", []),
        ("\u0301anna@firm.org", ["anna@firm.org"]),
        ("€anna@firm.org€", ["anna@firm.org"]),
        ("anna@firm.org\u200bx", ["anna@firm.org"]),
    ],
)
def test_mail_glued_to_text_is_cut_where_ascii_ends(text: str, values: list[str]) -> None:
    assert mails(text) == values


@pytest.mark.parametrize(
    "text",
    [
        "icon@3x.jpg",
        "photo@2x.PNG and logo@1.5x.webp",
        "sprite@large.svg",
        "@2x.png",
        "react@18.2.0-rc.1",
        "react@18.2.0-rc.beta",
        "pkg@v1.2.3-beta.next",
        "foo@1.2.3",
        "npm i @scope/name@4.x.min.js",
        "user@localhost",
        "ü@b",
        "名@字",
        "名@字.c",
        "名@例.字",
        "@メール.jp",
        "a@b.ü",
        "x@y.z()",
        "a@b.v2",
        "@app.route",
        "@media.screen",
        r"name\@firm.org",
        "anna @ firm.org",
        "anna(at)firm(dot)org",
        "anna\uff20firm.org",
        "ü..x@firm.org",
        "ü.@firm.org",
        "x@-ü.de",
        "x@ü-.de",
        "x@\u0301ü.de",
        f"x@{'ü' * 64}.de",
    ],
)
def test_mail_look_alikes_are_none(text: str) -> None:
    assert mails(text) == []


def test_mail_of_a_repository_is_one_as_it_was() -> None:
    assert mails("git clone git@github.com:owner/repo.git") == ["git@github.com"]


@given(
    st.text(st.characters(min_codepoint=0xC0, max_codepoint=0x52F, categories=["Ll", "Lu"]), min_size=2, max_size=20)
)
def test_mail_of_letters_of_alphabets_is_found(name: str) -> None:
    assert mails(f"to {name}@{name}.org now") == [f"{name}@{name}.org"]
    assert mails(f"to x.{name}@mail.{name}, now") == [f"x.{name}@mail.{name}"]


scripts = st.text(st.sampled_from("ab1.@-_ éß\u0301字のпм\u0e01。xn"), max_size=30)


@given(st.lists(st.one_of(scripts, st.sampled_from(ADDRESSES)), max_size=5).map("".join), st.integers(0, 9))
def test_mail_places_are_of_whole_characters_and_do_not_move(text: str, shift: int) -> None:
    values = mails(text)
    assert mails(" " * shift + text) == values
    for value in values:
        local, _, domain = value.partition("@")
        assert local
        assert "." in domain
        assert value in text


@given(st.lists(broken, max_size=3).map(b"@".join))
def test_mail_in_broken_bytes_never_raises(data: bytes) -> None:
    assert found([data + b" mail a@b.co"], MAIL)[0][-1] == ("mail", b"a@b.co")
