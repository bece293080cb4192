"""Make pages in many languages whose main text is known: Debian's documentation, and texts from it in the themes of real tools.

    python benchmarks/multilingual_pages.py --cache FOLDER

Nobody writes a page or a truth. Two kinds:

- Documentation as its package ships it. The text is what the stylesheet puts into its container, minus navigation in there:
  `pages/containers.py` has a rule a family of tools.
- Texts from sources (GNOME's help in Mallard, translated; the Universal Declaration of Human Rights), set by MediaWiki,
  DokuWiki, Sphinx, MkDocs, Nikola and Pelican with their own themes, around them the furniture of the tool in the language
  of the text. The text is the source's.

A page is taken when its text is in the language that it is filed under, by lid.176, and of 60 words or more. The title of a
page is not in its text, as in WCXB.

Writes FOLDER/learn.warc.gz and FOLDER/judge.warc.gz with their truth beside them, as `atom-data train-extractor` reads them.
In `judge` are the projects under the GNU GPL alone, which the model of the wheel does not learn from, so that their tools and
projects stay unknown to it. Writes benchmarks/multilingual_pages.json, too: packages, versions, licenses, every page with its
hash. Needs Debian (apt-get, dpkg-deb), a network, and the packages of benchmarks/pages/requirements.txt. Nothing is installed.

What such a set cannot show: manuals are not the web. Their pages have no advertising, comments, teasers or related articles, few
have been seen by an engine's author, one text in three is a manual's step, and one theme serves many pages. It shows whether
an engine reads a script and drops navigation in a language that it did not learn from; not how well it does on news or shops.
"""

import gzip
import hashlib
import json
import os
import pickle
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from inputs import DATA, arguments
from measure import ROOT
from pages import sites, wikis
from pages.containers import FAMILIES, Family, pages_of
from pages.documents import Made, Text, order
from pages.packages import known, unpacked
from pages.sources import declarations, gnome_help

CACHE = Path(os.environ.get("BENCH_CACHE", ROOT / "benchmarks" / ".environments")) / "multilingual"
INDEX = ROOT / "benchmarks" / "multilingual_pages.json"
LEAST = 60
MANUAL_TEXTS = 30
"""Texts of GNOME's help that are taken in a language."""
EACH = {"libreoffice-help": 10, "apache-httpd": 8, "debian-handbook": 5}
"""Pages a language of a family; others have 4."""
SHARES = {"dokuwiki": 3, "pelican": 2, "mediawiki": 5, "sphinx": 5, "mkdocs": 5, "nikola": 4}
"""Texts a language for a tool."""
TURNS = {"mediawiki": (3, 0), "sphinx": (3, 1), "mkdocs": (3, 2), "nikola": (2, 0)}
"""Tools that need seconds for each language serve every so many of them, from the first, second or third on."""
MORE = ("ar", "th")
"""Languages with few pages otherwise, which these tools but MediaWiki serve in any case."""
DECLARED_ONLY = [
    "ar",
    "th",
    "hi",
    "bn",
    "he",
    "ka",
    "hy",
    "ml",
    "km",
    "my",
    "si",
    "ne",
    "ur",
    "bg",
    "tr",
    "et",
    "lt",
    "ro",
    "sk",
    "is",
    "kk",
    "mk",
    "be",
    "pa",
    "kn",
    "te",
    "zh",
    "ja",
    "hr",
    "sl",
]
"""Languages in which the Declaration is taken: those of which the manuals have little or nothing."""
POSTS = ("nikola", "pelican")
"""Tools whose pages are a weblog's."""
SETS = ("learn", "judge")
DATE = "2024-01-01T00:00:00Z"


def main() -> None:
    """Make the pages and write them, their truth and the index."""
    parser = arguments(__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE, help="where packages are unpacked and the set is written")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder with langid.tar.xz, for the Declaration")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    pages = [*shipped(given.cache), *rendered(texts_of(given.cache, given.data), given.cache)]
    pages = sorted({page.name: page for page in pages}.values(), key=lambda page: page.name)
    write(pages, given.cache)
    print(json.dumps({"pages": len(pages), **summary(pages)}, ensure_ascii=False, indent=1))


def shipped(cache: Path) -> Iterator[Made]:
    """Yield the pages that packages ship."""
    for family in FAMILIES:
        for package in unpacked(_packages(family), cache).values():
            most = EACH.get(family.project, 4)
            yield from _kept(
                cache,
                package.name,
                lambda family=family, package=package, most=most: pages_of(family, package, LEAST, most),
            )


def _packages(family: Family) -> list[str]:
    if not family.packages.endswith("-"):
        return [family.packages]
    return [name for name in known(family.packages) if not name.endswith(("-common", "-l10n"))]


def texts_of(cache: Path, data: Path) -> dict[str, list[Text]]:
    """Return texts by language, as if drawn."""
    package = unpacked(["gnome-user-docs"], cache)["gnome-user-docs"]
    found = defaultdict(list)
    for text in gnome_help(package, LEAST, MANUAL_TEXTS):
        found[text.language].append(text)
    for text in declarations(data / "langid.tar.xz", LEAST, DECLARED_ONLY):
        found[text.language].append(text)
    return {language: sorted(texts, key=lambda text: order(text.name)) for language, texts in sorted(found.items())}


def rendered(texts: dict[str, list[Text]], cache: Path) -> Iterator[Made]:
    """Yield texts as pages of tools. A language with few texts has each in more than one tool; no tool has one twice."""
    shares: dict[str, list[list[Text]]] = {tool: [] for tool in SHARES}
    for place, of_language in enumerate(texts.values()):
        at = 0
        for tool, count in SHARES.items():
            every, first = TURNS.get(tool, (1, 0))
            if place % every != first:
                continue
            taken = [of_language[(at + number) % len(of_language)] for number in range(min(count, len(of_language)))]
            shares[tool].append(taken)
            at += len(taken)
    for language in MORE:
        for tool in ("sphinx", "mkdocs", "nikola"):
            if all(group[0].language != language for group in shares[tool]) and language in texts:
                shares[tool].append(texts[language])
    for tool, make in (
        ("dokuwiki", wikis.dokuwiki_pages),
        ("pelican", sites.pelican_pages),
        ("mediawiki", wikis.mediawiki_pages),
    ):
        every = [text for group in shares[tool] for text in group]
        yield from _kept(cache, tool, lambda make=make, every=every: make(every, cache))
    for tool, site, themes in (
        ("sphinx", sites.sphinx_pages, sites.SPHINX),
        ("mkdocs", sites.mkdocs_pages, sites.MKDOCS),
        ("nikola", sites.nikola_pages, sites.NIKOLA),
    ):
        for number, group in enumerate(shares[tool]):
            theme = themes[number % len(themes)]
            name = f"{tool}-{theme}-{group[0].language}"
            yield from _kept(cache, name, lambda site=site, group=group, theme=theme: _tried(site, group, cache, theme))


def _kept(cache: Path, name: str, make: Callable[[], Iterable[Made]]) -> list[Made]:
    """Return pages that a tool makes, from the cache where they were made before: remove `rendered` after a change of a tool."""
    place = cache / "rendered" / f"{name}.pickle"
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(pickle.dumps(list(make())))
    found: list[Made] = pickle.loads(place.read_bytes())
    print(f"  {name}: {len(found)}", file=sys.stderr, flush=True)
    return found


def _tried(
    make: Callable[[Sequence[Text], Path, str], Iterator[Made]], group: list[Text], cache: Path, theme: str
) -> list[Made]:
    """Return the pages of a site; none, with a line that says so, where the tool does not speak the language."""
    try:
        return list(make(group, cache, theme))
    except RuntimeError as error:
        print(f"  left out: {error}", file=sys.stderr)
        return []


def write(pages: Sequence[Made], cache: Path) -> None:
    """Write the pages as WARC, their truth as WCXB's, each set by itself, and the index."""
    for name in SETS:
        with (
            gzip.open(cache / f"{name}.warc.gz", "wb") as warc,
            gzip.open(cache / f"{name}.truth.jsonl.gz", "wt", encoding="utf-8") as truth,
        ):
            for page in pages:
                if set_of(page) == name:
                    warc.write(record(page))
                    truth.write(json.dumps(truth_of(page), ensure_ascii=False) + "\n")
    columns = ["name", "set", "language", "project", "theme", "package", "license", "sha256"]
    rows = [
        [
            page.name, set_of(page), page.language, page.project, page.theme, page.package, page.license,
            hashlib.sha256(page.html).hexdigest()[:16],
        ]
        for page in pages
    ]  # fmt: skip
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps({"pages": len(pages), **summary(pages), "columns": columns}, ensure_ascii=False, indent=1)
    INDEX.write_text(head.rstrip("}\n") + ',\n "rows": [\n  ' + lines + "\n ]\n}\n", "utf-8")


def set_of(page: Made) -> str:
    """Return `judge` for pages under the GNU GPL alone, `learn` for others."""
    return "judge" if page.license.startswith("GPL") and " OR " not in page.license else "learn"


def truth_of(page: Made) -> dict[str, object]:
    """Return a line of truth."""
    return {
        "file_id": page.name.replace("/", ":"),
        "url": _url(page),
        "site": page.theme,
        "language": page.language,
        "project": page.project,
        "license": page.license,
        "_internal": {"page_type": {"primary": "article" if page.theme.startswith(POSTS) else "documentation"}},
        "ground_truth": {"title": page.title, "main_content": page.text},
    }


def summary(pages: Sequence[Made]) -> dict[str, dict[str, int]]:
    """Return how many pages there are by language, project and theme."""
    return {
        name: dict(sorted(Counter(getattr(page, key) for page in pages).items()))
        for name, key in (("languages", "language"), ("projects", "project"), ("themes", "theme"))
    }


def _url(page: Made) -> str:
    return f"https://{page.theme}.invalid/{hashlib.sha256(page.name.encode()).hexdigest()[:12]}"


def record(page: Made) -> bytes:
    """Return a page as a WARC response."""
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Source-Id: "
        + page.name.replace("/", ":").encode()
        + b"\r\n\r\n"
        + page.html
    )
    key = hashlib.sha256(page.name.encode()).hexdigest()
    number = f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:32]}"
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\nWARC-Date: {DATE}\r\n"
        f"WARC-Target-URI: {_url(page)}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
    )
    return head.encode() + answer + b"\r\n\r\n"


if __name__ == "__main__":
    main()
