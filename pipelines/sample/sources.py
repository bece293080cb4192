"""What the sample takes: which pages of which Debian packages, and which public test files of crawls."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """Pages of one manual, over its languages and architectures.

    Pages are taken in the order of the rank of their `name`, so every language and architecture gives the same
    pages: translations, untranslated copies and variants of one page meet in the sample, as they do on the web.
    """

    packages: tuple[str, ...]
    path: re.Pattern[str]
    """Matches a page's path in its package; the groups `name` and `language` (if any) say what the page is."""
    url: str
    """Format of the public address, filled with the groups of `path`."""
    pages: dict[str, int]
    """How many pages of each language; "" stands for a manual in one language."""
    media_type: str = "text/html; charset=utf-8"
    largest: int = 60_000
    """Pages over this many bytes stay out, unless `always` names them."""
    always: tuple[str, ...] = ()
    """Names taken first, where a language has them."""
    never: tuple[str, ...] = ()
    language_names: dict[str, str] = field(default_factory=dict)
    """The language in the address, where it differs from the one in the path."""


def _each(count: int, languages: str) -> dict[str, int]:
    return dict.fromkeys(languages.split(), count)


def _suffixed(package: str, languages: str) -> tuple[str, ...]:
    return tuple(f"{package}-{language}" for language in languages.split())


_GUIDE = re.compile(r"usr/share/doc/installation-guide-(?P<architecture>\w+)/(?P<language>\w+)/(?P<name>\w+)\.html")
_GUIDE_URL = "https://www.debian.org/releases/bookworm/{architecture}/{name}.{language}.html"
_MANUALS = "https://www.debian.org/doc/manuals"

SHELVES = (
    Shelf(
        packages=_suffixed("installation-guide", "amd64 arm64 i386 ppc64el"),
        path=_GUIDE,
        url=_GUIDE_URL,
        pages={"en": 16},
        media_type="text/html",
        always=("index", "apas01", "apes02", "apf"),
    ),
    Shelf(
        packages=_suffixed("installation-guide", "amd64 arm64 i386"),
        path=_GUIDE,
        url=_GUIDE_URL,
        pages=_each(8, "de fr ru ja"),
        media_type="text/html",
    ),
    Shelf(
        packages=_suffixed("installation-guide", "amd64 i386"),
        path=_GUIDE,
        url=_GUIDE_URL,
        pages=_each(8, "es zh_CN ko el pt it"),
        media_type="text/html",
        language_names={"zh_CN": "zh-cn"},
    ),
    Shelf(
        packages=("debian-handbook",),
        path=re.compile(r"usr/share/doc/debian-handbook/html/(?P<language>[\w-]+)/(?P<name>[\w.-]+)\.html"),
        url="https://debian-handbook.info/browse/{language}/{name}.html",
        largest=45_000,
        pages={
            **_each(24, "en-US"),
            **_each(15, "de-DE fr-FR es-ES ru-RU ja-JP zh-CN ar-MA fa-IR"),
            **_each(10, "it-IT pt-BR ko-KR el-GR pl-PL vi-VN hr-HR"),
        },
        always=("index", "preface", "sect.user-space", "sect.creating-accounts"),
    ),
    Shelf(
        packages=("debian-faq", *_suffixed("debian-faq", "de fr it ja ko nl pt ru zh-cn")),
        path=re.compile(r"usr/share/doc/debian/FAQ/(?:[\w-]+/)?(?P<name>[\w-]+)\.(?P<language>[\w-]+)\.html"),
        url=_MANUALS + "/debian-faq/{name}.{language}.html",
        pages=_each(7, "en de fr it ja ko nl pt ru zh-cn"),
        always=("kernel", "redistributing"),
    ),
    Shelf(
        # The site serves the English pages under both names: exact copies, as the package has them (links).
        packages=("debian-faq",),
        path=re.compile(r"usr/share/doc/debian/FAQ/(?P<name>[\w-]+)\.html"),
        url=_MANUALS + "/debian-faq/{name}.html",
        pages={"": 5},
    ),
    Shelf(
        packages=_suffixed("debian-reference", "de en es fr id it ja pt pt-br zh-cn zh-tw"),
        path=re.compile(r"usr/share/debian-reference/(?P<name>\w+)\.(?P<language>[\w-]+)\.html"),
        url=_MANUALS + "/debian-reference/{name}.{language}.html",
        pages=_each(2, "de en es fr id it ja pt pt-br zh-cn zh-tw"),
        always=("apa",),
    ),
    Shelf(
        # Two long pages, about 0.4 MB of HTML each.
        packages=_suffixed("debian-reference", "ja en"),
        path=re.compile(r"usr/share/debian-reference/(?P<name>ch09)\.(?P<language>[\w-]+)\.html"),
        url=_MANUALS + "/debian-reference/{name}.{language}.html",
        pages=_each(1, "en ja"),
        always=("ch09",),
    ),
    Shelf(
        packages=_suffixed("aptitude-doc", "cs en es fi fr it ja nl ru"),
        path=re.compile(r"usr/share/doc/aptitude/html/(?P<language>[\w-]+)/(?P<name>[\w-]+)\.html"),
        url=_MANUALS + "/aptitude/{name}.{language}.html",
        pages=_each(13, "cs en es fi fr it ja nl ru"),
        always=("index",),
    ),
    Shelf(
        packages=("maint-guide", *_suffixed("maint-guide", "de es fr it ja ru vi zh-cn zh-tw")),
        path=re.compile(r"usr/share/doc/maint-guide(?:-[\w-]+)?/html/(?P<name>\w+)\.(?P<language>[\w-]+)\.html"),
        url=_MANUALS + "/maint-guide/{name}.{language}.html",
        pages=_each(2, "en de es fr it ja ru vi zh-cn zh-tw"),
        largest=40_000,
    ),
    Shelf(
        packages=("developers-reference", *_suffixed("developers-reference", "de fr it ja ru")),
        path=re.compile(r"usr/share/developers-reference/(?:(?P<language>\w+)/)?(?P<name>[\w-]+)\.html"),
        url=_MANUALS + "/developers-reference/{name}.{language}.html",
        pages=_each(3, "en de fr it ja ru"),
        never=("search", "genindex"),
    ),
    Shelf(
        packages=("harden-doc",),
        path=re.compile(r"usr/share/doc/harden-doc/html/(?P<language>[\w-]+)/(?P<name>[\w.-]+)\.html"),
        url=_MANUALS + "/securing-debian-manual/{name}.{language}.html",
        pages={**_each(20, "en-US"), **_each(12, "de-DE fr-FR es-ES ja-JP it-IT pt-BR zh-CN")},
        language_names={
            "en-US": "en",
            "de-DE": "de",
            "fr-FR": "fr",
            "es-ES": "es",
            "ja-JP": "ja",
            "it-IT": "it",
            "pt-BR": "pt-br",
            "zh-CN": "zh-cn",
        },
    ),
    Shelf(
        packages=("debian-history",),
        path=re.compile(r"usr/share/doc/debian-history/docs/(?P<name>[\w-]+)\.(?P<language>[\w-]+)\.html"),
        url=_MANUALS + "/project-history/{name}.{language}.html",
        pages=_each(4, "en de fr it ja ko lt pt ru"),
    ),
    Shelf(
        packages=("debian-policy",),
        path=re.compile(r"usr/share/doc/debian-policy/policy\.html/(?P<name>[\w-]+)\.html"),
        url="https://www.debian.org/doc/debian-policy/{name}.html",
        pages={"": 16},
        never=("search", "genindex"),
    ),
    Shelf(
        packages=("debian-policy-ja",),
        path=re.compile(r"usr/share/doc/debian-policy/ja/policy\.html/(?P<name>[\w-]+)\.html"),
        url="https://www.debian.org/doc/debian-policy/{name}.ja.html",
        pages={"": 7},
        never=("search", "genindex"),
    ),
    Shelf(
        packages=("debmake-doc",),
        path=re.compile(r"usr/share/doc/debmake-doc/html/(?P<name>\w+)\.(?P<language>[\w-]+)\.html"),
        url=_MANUALS + "/debmake-doc/{name}.{language}.html",
        pages=_each(3, "en de ja zh-cn"),
    ),
    Shelf(
        packages=("python3.11-doc",),
        path=re.compile(r"usr/share/doc/python3\.11/html/(?P<name>[\w./-]+)\.html"),
        url="https://docs.python.org/3.11/{name}.html",
        pages={"": 76},
        media_type="text/html",
        largest=50_000,
        never=("search", "download"),
        always=("copyright", "license", "bugs"),
    ),
    Shelf(
        packages=("postgresql-doc-15",),
        path=re.compile(r"usr/share/doc/postgresql-doc-15/html/(?P<name>[\w.-]+)\.html"),
        url="https://www.postgresql.org/docs/15/{name}.html",
        pages={"": 212},
        always=("legalnotice", "index"),
    ),
    Shelf(
        packages=_suffixed("libreoffice-help", "el ko hi tr en-us"),
        path=re.compile(r"usr/share/libreoffice/help/(?P<language>[\w-]+)/(?P<name>text/[\w./-]+)\.html"),
        url="https://help.libreoffice.org/7.4/{language}/{name}.html",
        pages={**_each(38, "el ko"), **_each(34, "hi tr en-US")},
    ),
)

CRAWLS = (
    "chatnoir-eu+chatnoir-resiliparse/tests/data/warcfile.warc.gz",
    "commoncrawl+whirlwind-python/whirlwind.warc.gz",
    "iipc+jwarc/test-resources/org/netpreserve/jwarc/cc.warc.gz",
    "allenai+dolma/tests/data/warc/sample-0001.warc.gz",
)
"""Public test files of crawls: three of Common Crawl, one made with wget."""

LEFT_OUT = ("//0513mt.com/", "//05925.net/", "//096355.com/", "//037426.cn/")
"""Sites in those files whose pages are pornographic: real, but not ours to pass on."""
