"""Pages of MediaWiki's XML export (mediawiki.org/wiki/Help:Export, schema 0.11), read in a stream."""

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from atom_data.errors import DataError

PAGE_FIELDS = frozenset(("title", "ns", "id"))
REVISION_FIELDS = frozenset(("id", "timestamp", "model", "text"))
SITE_FIELDS = frozenset(("sitename", "dbname", "base"))
ROOT = b"<mediawiki>"


@dataclass(slots=True)
class Site:
    """What the beginning of a dump says of its wiki."""

    name: str = ""
    dbname: str = ""
    base: str = ""
    """Address of its main page."""
    namespaces: dict[int, str] = field(default_factory=dict)
    """Names by number; that of articles, 0, is empty."""


@dataclass(slots=True)
class Page:
    """A page with its last revision in the dump."""

    offset: int
    """Of the compressed member that it begins in, or of the page in a plain file."""
    values: dict[str, str] = field(default_factory=dict)
    """`title`, `ns`, `id`, `revision`, `timestamp`, `model`, `text`; not those that the dump does not have."""
    redirect: str | None = None
    too_large: bool = False


class Export:
    """Takes the bytes of a dump as they come, and gives its pages to `take`.

    Of a page with several revisions the last one in the dump counts. Memory: one page; text beyond `most` characters is not
    kept, and the page says so. DataError where the XML is broken or has a document type, which no dump has.
    """

    def __init__(self, where: str, take: Callable[[Page], None], most: int) -> None:
        """Begin before the root element."""
        self.where, self.take, self.most = where, take, most
        self.site = Site()
        self.page: Page | None = None
        self.path: list[str] = []
        self.said: list[str] | None = None
        self.size = 0
        self.offset: int | None = None
        """Of the member that is being read; None for a plain file, whose pages have their own."""
        self.key = ""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, data: bytes, final: bool = False) -> None:
        """Take more bytes; `final` after the last ones. DataError where they are broken, and where the end is not one."""
        try:
            self.parser.Parse(data, final)
        except expat.ExpatError as error:
            last = f", behind the page '{self.page.values.get('title', '')[:80]}'" if self.page else ""
            raise DataError(
                f"{self.where}: is broken or cut off at line {error.lineno:,} of its XML ({expat.errors.messages[error.code]})"
                f"{last}. Fetch it again."
            ) from error

    @property
    def is_between_pages(self) -> bool:
        """Whether a part may end here."""
        return self.path == ["mediawiki"]

    def _doctype(self, *_: object) -> None:
        raise DataError(f"{self.where}: has a document type, as no dump of MediaWiki has. Take it out of the source.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        depth = len(self.path)
        if depth == 1 and name != "mediawiki":
            raise DataError(
                f"{self.where}: begins with <{name[:40]}> and not with <mediawiki>. Give a dump of MediaWiki."
            )
        if depth == 2 and name == "page":
            self.page = Page(self.parser.CurrentByteIndex if self.offset is None else self.offset)
        elif self.path[1:2] == ["siteinfo"]:
            if name in SITE_FIELDS or name == "namespace":
                self.said, self.key = [], attributes.get("key", "")
        elif self.page is not None and depth == 3:
            self._start_in(self.page, name, attributes)
        elif self.page is not None and depth == 4 and self.path[2] == "revision" and name in REVISION_FIELDS:
            self.said = None if name == "text" and "deleted" in attributes else []
        self.size = 0

    def _start_in(self, page: Page, name: str, attributes: dict[str, str]) -> None:
        if name == "redirect":
            page.redirect = attributes.get("title", "")
        elif name in PAGE_FIELDS:
            self.said = []
        elif name == "revision":
            for key in ("revision", "timestamp", "model", "text"):
                page.values.pop(key, None)
            page.too_large = False

    def _text(self, text: str) -> None:
        if self.said is None:
            return
        self.size += len(text)
        if self.size <= self.most:
            self.said.append(text)
        elif self.page is not None:
            self.page.too_large = True

    def _end(self, name: str) -> None:
        depth, said = len(self.path), None if self.said is None else "".join(self.said)
        self.path.pop()
        self.said = None
        if self.page is None:
            self._site(name, said)
        elif depth == 2 and name == "page":
            page, self.page = self.page, None
            self.take(page)
        elif said is not None:
            self.page.values["revision" if (depth, name) == (4, "id") else name] = said

    def _site(self, name: str, said: str | None) -> None:
        if said is None:
            return
        if name == "namespace" and self.key.lstrip("-").isdecimal():
            self.site.namespaces[int(self.key)] = said
        elif name == "sitename":
            self.site.name = said
        elif name == "dbname":
            self.site.dbname = said
        elif name == "base":
            self.site.base = said
