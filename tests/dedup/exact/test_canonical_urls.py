"""Addresses: the examples of RFC 3986 and of browsers, what is one page and what is not, and hostile ones."""

import pytest
from hypothesis import example, given, settings, strategies as st

from atom_data.dedup.exact.canonical_urls import canonical_url
from atom_data.dedup.exact.keys import CanonicalUrl, _tracking

TRACKING = _tracking(CanonicalUrl()._parameters())


def canonical(url: str) -> str | None:
    return canonical_url(url, TRACKING)


def strict(url: str) -> str | None:
    return canonical_url(url, lambda _: False, merge_schemes=False, drop_www=False)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("eXAMPLE://a/./b/../b/%63/%7bfoo%7d", "example://a/b/c/%7Bfoo%7D"),  # RFC 3986, section 6.2.2
        ("HTTP://www.EXAMPLE.com/", "http://www.example.com"),  # 6.2.2.1
        ("http://example.com:/", "http://example.com"),  # 6.2.3
        ("http://example.com:80/", "http://example.com"),
        ("http://example.com:0080/a", "http://example.com/a"),
        ("http://example.com:443/a", "http://example.com:443/a"),
        ("https://example.com:443", "https://example.com"),
        ("ftp://host:21/f;type=a", "ftp://host/f;type=a"),
        ("http://h/a/b/c/./../../g", "http://h/a/g"),  # 5.2.4
        ("http://h/../../g", "http://h/g"),  # 5.4.2
        ("http://h/a/..", "http://h"),
        ("http://h/..a/.b", "http://h/..a/.b"),
        ("http://h/a%2fb", "http://h/a%2Fb"),
        ("http://h/100%", "http://h/100%25"),
        ("http://h/a b\u00e9|", "http://h/a%20b%C3%A9%7C"),
        ("  http://h/a\tb\nc \x00", "http://h/abc"),  # WHATWG URL, basic URL parser, steps 1 to 3
        ("http:\\\\h\\a\\b?x\\y", "http://h/a/b?x%5Cy"),
        ("http://user:secret@h/a", "http://h/a"),
        ("http://h./", "http://h"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]"),
        ("http://B\u00dcCHER.example/", "http://xn--bcher-kva.example"),  # RFC 3492 and UTS 46
        ("http://b%C3%BCcher.example/", "http://xn--bcher-kva.example"),
        ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example"),
        (
            "http://\u30c9\u30e1\u30a4\u30f3\u3002\u4f8b\u5b50/",
            "http://xn--eckwd4c7c.xn--fsqu00a",
        ),  # an ideographic full stop
        ("http://h/?b=2&a=1&&a=0&", "http://h/?a=0&a=1&b=2"),
        ("http://h/x?q=a+b%20c%2B", "http://h/x?q=a%20b%20c%2B"),
        ("http://h/x?", "http://h/x"),
        ("http://h/x#part", "http://h/x"),
        ("http://h/#!/route?a", "http://h/#!/route?a"),
        ("http://h/x;JSESSIONID=1F?a=1", "http://h/x?a=1"),
        ("http://h//a//b/", "http://h//a//b"),
    ],
)
def test_equivalent_forms_are_one(url: str, form: str) -> None:
    assert strict(url) == form


def test_one_page_has_one_form() -> None:
    same = [
        "https://example.org/news?id=7",
        "http://www.example.org:80/news/?id=7#top",
        "https://EXAMPLE.org./news?utm_source=mail&id=7&UTM_Campaign=x&gclid=1",
        "https://www.www.example.org/a/../news?fbclid=a&id=7&_ga=2.1",
        "HTTPS://reader@example.org/%6Eews?utm%5Fmedium=feed&id=7",
    ]
    assert {canonical(url) for url in same} == {"https://example.org/news?id=7"}


def test_other_pages_have_other_forms() -> None:
    other = [
        "https://example.org/news?id=7",
        "https://example.org/news?id=8",
        "https://example.org/News?id=7",
        "https://example.org/news?ID=7",
        "https://example.org:8080/news?id=7",
        "https://example.org/news%3Fid=7",
        "https://m.example.org/news?id=7",
        "https://example.org/news/?id=7&id=7",
        "https://example.org/news?id=7&source=utm_x",
        "https://example.org/?utm",
        "https://www.com/news?id=7",
        "https://com/news?id=7",
        "ftp://example.org/news?id=7",
    ]
    assert len({canonical(url) for url in other}) == len(other)


@pytest.mark.parametrize(
    "url",
    ["", "not a url", "example.org/page", "//example.org/page", "mailto:a@b.org", "http://", "http:///path", "http://:80/",
     "http://user@/", "data:text/html,<p>", "javascript://%0aalert(1)"[:13], "http://.../", "1http://h/"],
)  # fmt: skip
def test_without_scheme_or_host_there_is_no_form(url: str) -> None:
    assert canonical(url) is None


_pieces = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["http://", "https://", "//", "/", "..", ".", "%", "%2e", "%25", "%41", "%zz", "%C3%9F", "?", "#", "#!"]
    ),
    st.sampled_from(
        ["&", "=", "@", ":", ":80", ":443", "www.", "[", "]", "[::1]", "\\", ";jsessionid=", "utm_x=", "+"]
    ),
    st.sampled_from(["\u3002", "\u00df", "xn--", "\u202e", "\ud7ff"]),
)


@settings(max_examples=1000)
@example(["http", "a:080:80/"])
@given(st.lists(_pieces, max_size=12))
def test_any_text_has_a_form_of_itself_or_none(pieces: list[str]) -> None:
    for url in ("".join(pieces), "http://h" + "".join(pieces), "https://" + "".join(pieces)):
        for form_of in (canonical, strict):
            form = form_of(url)
            if form is not None:
                assert form_of(form) == form
                assert form.isascii() and form.isprintable() and " " not in form


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "%",
        "/..",
        "/.",
        "&",
        "&a",
        "@",
        ":",
        "www.",
        ".",
        "\u3042",
        "[",
        "#",
        "?",
        ";jsessionid=",
        "\\",
        "%41",
        "=",
    ],
)
def test_long_urls_of_anything_has_a_form(part: str) -> None:
    """Were a step of quadratic time, this would take minutes."""
    long = part * (60_000 // len(part))
    for url in (
        long,
        f"http://{long}",
        f"http://{long}.org/",
        f"http://h/{long}",
        f"http://h/?{long}",
        f"http://h/#!{long}",
    ):
        form = canonical(url)
        assert form is None or canonical(form) == form
