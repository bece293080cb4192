"""Truth from documentation's own pages: the container that its stylesheet puts around the text, minus what it puts in.

A rule a family of tools, stated here. The text is what lies in the container, a line a block element.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import lxml.html

from pages.documents import Made, flat, is_in, order, size
from pages.packages import Package

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
UNSEEN = frozenset(["script", "style", "template", "noscript", "meta", "button", "svg", "head"])


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the text is on the pages of a tool, as XPath, and what in there is not text."""

    theme: str
    container: str
    without: str
    """What is navigation in the container: tables of contents, language lists, permalinks, related topics."""
    title: str
    """The title, which is left out of the text."""


def _has(name: str) -> str:
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


DOCBOOK = Rule(
    "docbook-xsl",
    "//body",
    f".//*[{_has('navheader')} or {_has('navfooter')} or {_has('toc')}]",
    f"(.//*[{_has('titlepage')}]//*[{_has('title')}])[1]",
)
PUBLICAN = Rule(
    "publican",
    f"//body/div[{_has('section')} or {_has('chapter')} or {_has('preface')} or {_has('appendix')}]",
    f".//*[{_has('toc')}]",
    f"(.//*[{_has('titlepage')}]//*[{_has('title')}])[1]",
)
LIBREOFFICE = Rule(
    "libreoffice-help",
    "//div[@id='DisplayArea']",
    f".//*[{_has('relatedtopics')} or {_has('howtoget')} or {_has('noscript')}]",
    "(.//h1)[1]",
)
APACHE = Rule(
    "apache-manual",
    "//div[@id='page-content']",
    f".//*[@id='quickview' or {_has('toplang')} or {_has('bottomlang')} or {_has('outofdate')} or @id='comments_section' "
    f"or {_has('top')} or {_has('permalink')} or {_has('retired')}]",
    "(.//h1)[1]",
)
SPHINX = Rule(
    "sphinx-nature",
    "//div[@role='main']|//div[@class='body']",
    f".//*[{_has('headerlink')} or {_has('toctree-wrapper')} or {_has('contents')}]",
    "(.//h1)[1]",
)


@dataclass(frozen=True, slots=True)
class Family:
    """Documentation of one project."""

    project: str
    packages: str
    """A name, or how the names of its packages start, ending in `-`."""
    pages: str
    """Where its pages are in a package; `{}` stands for the language."""
    rule: Rule
    license: str
    kind: str = "documentation"


GPL = "GPL-2.0-or-later"
_DOC = "usr/share/doc"
FAMILIES = (
    Family("installation-guide", "installation-guide-amd64", f"{_DOC}/installation-guide-*/{{}}/*.html", DOCBOOK, "GPL-2.0-only"),
    Family("debian-reference", "debian-reference-", "usr/share/debian-reference/ch*.{}.html", DOCBOOK, GPL),
    Family("maint-guide", "maint-guide-", f"{_DOC}/maint-guide-*/html/*.{{}}.html", DOCBOOK, GPL),
    Family("debian-faq", "debian-faq-", f"{_DOC}/debian/FAQ/{{}}/*.html", DOCBOOK, GPL),
    Family("aptitude", "aptitude-doc-", f"{_DOC}/aptitude/html/{{}}/*.html", DOCBOOK, GPL),
    Family("debian-handbook", "debian-handbook", f"{_DOC}/debian-handbook/html/{{}}/*.html", PUBLICAN, f"{GPL} OR CC-BY-SA-3.0"),
    Family("developers-reference", "developers-reference-", "usr/share/developers-reference/{}/*.html", SPHINX, GPL),
    Family("apache-httpd", "apache2-doc", f"{_DOC}/apache2-doc/manual/{{}}/**/*.html", APACHE, "Apache-2.0"),
    Family("libreoffice-help", "libreoffice-help-", "usr/share/libreoffice/help/{}/text/**/*.html", LIBREOFFICE, "MPL-2.0"),
)  # fmt: skip
"""The licenses are those of the packages' copyright files."""


def pages_of(family: Family, package: Package, least: int, most: int) -> Iterator[Made]:
    """Yield up to `most` pages a language that are long enough and in the language that they are filed under, as if drawn."""
    before, _, after = family.pages.partition("{}")
    paths = {path.relative_to(package.folder).as_posix(): path for path in package.folder.glob(before + "*" + after)}
    count: Counter[str] = Counter()
    for where in sorted(paths, key=order):
        path, language = paths[where], _language(where, family.pages)
        if count[language] >= most:
            continue
        if (
            path.stem.startswith(("index", "search", "genindex", "sitemap", "new_help", "quickreference"))
            or not language
        ):
            continue
        data = path.read_bytes()
        found = container_text(data, family.rule)
        if found is None or size(found[1]) < least or not is_in(language, found[1]):
            continue
        count[language] += 1
        yield Made(
            f"{family.project}/{where}",
            language,
            family.project,
            family.rule.theme,
            data,
            found[1],
            found[0],
            f"{package.name} {package.version}",
            family.license,
        )


def _language(where: str, pattern: str) -> str:
    """Return the language that a path is filed under: what stands in the place of `{}`."""
    parts, spec = where.split("/"), pattern.split("/")
    index = next(number for number, part in enumerate(spec) if "{}" in part)
    part = parts[index] if spec[index] == "{}" else parts[-1].rsplit(".", 2)[-2]
    return part.replace("_", "-").partition("-")[0].partition("@")[0].lower()


def container_text(data: bytes, rule: Rule) -> tuple[str, str] | None:
    """Return the title and the text of a page by a rule; None where it has no such container."""
    tree = lxml.html.document_fromstring(data)
    areas = tree.xpath(rule.container)
    if not areas:
        return None
    area = areas[0]
    titles = area.xpath(rule.title)
    title = flat(titles[0].text_content()) if titles else ""
    for element in [*area.xpath(rule.without), *titles[:1]]:
        if element.getparent() is not None:
            element.drop_tree()
    return title, lines_of(area)


def lines_of(area: lxml.html.HtmlElement) -> str:
    """Return the text below an element, a line a block; words that only a tag parts stay together."""
    parts: list[str] = []
    _walk(area, parts)
    lines = (flat(line) for line in "".join(parts).replace("\n", " ").split("\0"))
    return "\n".join(line for line in lines if line)


def _walk(element: lxml.html.HtmlElement, parts: list[str]) -> None:
    if not isinstance(element.tag, str):
        return
    if element.tag in UNSEEN:
        return
    mark = "\0" if element.tag in BLOCKS else ""
    parts.append(mark + (element.text or ""))
    for child in element:
        _walk(child, parts)
        parts.append(child.tail or "")
    parts.append(mark)
