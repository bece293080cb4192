"""MediaWiki dumps as documents."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import pyarrow as pa

from atom_data.errors import ConfigError, DataError
from atom_data.readers.files import SPLIT_BYTES, current_input
from atom_data.readers.mediawiki.export import ROOT, Export, Page, Site
from atom_data.readers.mediawiki.multistream import stream_parts
from atom_data.readers.mediawiki.wikitext import NAMED, Wikitext, can_parse
from atom_data.readers.rows import Rows
from atom_data.readers.source import FileSource, Places
from atom_data.readers.streams.broken import Broken
from atom_data.readers.streams.compression import compression_of
from atom_data.readers.streams.decompression import Flow
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.readers.streams.window import CHUNK_BYTES, Window
from atom_data.storage.parquet import integers, strings
from atom_data.storage.paths import without_secrets
from atom_data.storage.shards import Intake, Shard
from atom_data.text.clean import clean
from atom_data.workspace import Workspace

SUFFIXES = tuple(f".xml{end}" for end in ("", ".bz2", ".gz", ".zst", ".xz", ".lz4"))
FORMS = ("text", "markdown", "wikitext")
PAGE_CHARACTERS = 4 << 20
"""MediaWiki itself allows 2 MiB ($wgMaxArticleSize)."""
LEFT_OUT = (6, 14, -2)
"""Namespaces whose links are not part of a text: files, categories, media."""
SCHEMA = pa.schema(
    [
        *strings("id", "text", "url", "date", "title", "license", "source", "file"),
        *integers("offset", "page_id", "revision"),
        ("namespace", pa.int32()),
        *strings("redirect"),
    ]
)


@dataclass(frozen=True, slots=True, init=False)
class MediaWiki(FileSource):
    """Pages of MediaWiki dumps (XML export; .xml, .xml.bz2 and other compressions): a row per page, of its last revision.

    Columns: `id` (`WIKI:PAGE`, of the dump's dbname, else `source`, and the page's number), `text` (by `form`: `text`, `markdown`
    or `wikitext`; see docs/sources.md for what happens to templates, tables, lists and references), `url` (null where the dump
    has no address), `date` (of the revision), `title`, `license` (the parameter: dumps do not say it), `source` (the
    parameter), `file`, `offset` (of the compressed member that the page begins in, in the file as stored; in a plain file of the
    page), `page_id`, `revision`, `namespace` (number), `redirect` (the page that it leads to, else null).
    Pages of other `namespaces`, redirects (unless `redirects`), and pages of another content model than wikitext are counted
    as skipped. `.xml.bz2` of multistream dumps is read in parts of about `split_bytes` where the index lies beside it.

    Rejected, with the rest of the file still read: `mediawiki.no_text` (a deleted revision), `mediawiki.too_large` (above
    `max_page_characters`), `mediawiki.bad_page` (without a number or title), `mediawiki.bad_wikitext` (the parser gives it up).
    Errors: DataError for XML that is broken, cut off, or has a document type, for compressed data that is, and for an index that
    is not that of the dump. ConfigError without mwparserfromhell, which `text` and `markdown` need (the extra
    `mediawiki`).
    Memory: a batch of 8 MB, a page some 30 times, the window of the compression; the index's parts.
    """

    paths: tuple[str, ...]
    source: str
    form: str
    namespaces: tuple[int, ...]
    redirects: bool
    license: str | None
    split_bytes: int
    max_page_characters: int
    max_window_bytes: int
    suffixes = SUFFIXES
    ids_said = "name of the wiki and number of the page"

    def __init__(
        self,
        *paths: Places,
        source: str = "mediawiki",
        form: str = "text",
        namespaces: Sequence[int] = (0,),
        redirects: bool = False,
        license: str | None = None,  # noqa: A002
        split_bytes: int = SPLIT_BYTES >> 2,
        max_page_characters: int = PAGE_CHARACTERS,
        max_window_bytes: int = WINDOW_BYTES,
    ) -> None:
        """Name files, globs, folders (every *.xml, *.xml.bz2, ... below) and URLs."""
        if form not in FORMS:
            raise ConfigError(f"MediaWiki: form is '{form}'; there are {', '.join(FORMS)}. Take one.")
        if max_page_characters < 1:
            raise ConfigError(f"MediaWiki: max_page_characters is {max_page_characters}. Give one above 0.")
        fields = {
            "source": source,
            "form": form,
            "namespaces": tuple(namespaces),
            "redirects": redirects,
            "license": license,
        }
        limits = {"split_bytes": split_bytes, "max_window_bytes": max_window_bytes}
        self._settle(paths, (), max_page_characters=max_page_characters, **fields, **limits)

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source

    def schema(self) -> pa.Schema:
        """Columns and types. ConfigError where the parser of wikitext is not installed and needed."""
        if self.form != "wikitext" and not can_parse():
            raise ConfigError(
                f"{self.source}: wikitext is parsed by mwparserfromhell, which is not installed. "
                "pip install 'atom-data[mediawiki]', or take form=\"wikitext\"."
            )
        return SCHEMA

    def _parts(self) -> tuple[Shard, ...]:
        parts = [part for shard in self._whole_files() for part in stream_parts(shard, self.split_bytes)]
        return tuple(sorted(parts, key=lambda shard: shard.name))

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most 1,000 rows or about 8 MB."""
        rows, found = Rows(SCHEMA, columns), current_input(self.paths, shard)
        waiting: list[Page] = []
        export = Export(without_secrets(shard.path), waiting.append, self.max_page_characters)
        if shard.start:
            export.site = self._site(shard)
            export.feed(ROOT)
        window = Window(shard.path, shard.start, shard.stop)
        parser: Wikitext | None = None
        try:
            for _ in self._feed(window, export):
                intake.bytes_read = window.bytes
                for page in waiting:
                    parser = parser or self._parser(export.site)
                    self._add(page, export.site, found.path, parser, rows, intake)
                    if rows.full():
                        yield from rows.take()
                waiting.clear()
            yield from rows.take()
            window.drain()
        finally:
            window.close()
        if shard.stop is not None:
            intake.span = (shard.start, shard.stop)
        intake.inputs.append(replace(found, bytes=window.bytes, sha256=window.digest.hexdigest()))

    def _feed(self, window: Window, export: Export) -> Iterator[None]:
        """Give the export what the window has, piece by piece."""
        flow = Flow(window, compression_of(window), self.max_window_bytes)
        stop = window.stop
        try:
            if flow.compression is None:
                while view := bytes(window.view(CHUNK_BYTES)):
                    window.advance(len(view))
                    export.feed(view)
                    yield
            while flow.compression is not None and (stop is None or window.at < stop) and flow.to_member():
                export.offset = window.at
                if not flow.open():
                    raise Broken("", f"what stands at byte {window.at:,} is no {flow.compression.name} data")
                while flow.more():
                    flow.index = len(flow.data)
                    export.feed(flow.data)
                    yield
        except Broken as broken:
            raise DataError(f"{export.where}: {broken.detail}. Fetch the dump again, and its index.") from broken
        if stop is None or stop == window.total:
            export.feed(b"", final=True)
        elif not export.is_between_pages:
            raise DataError(
                f"{export.where}: a page goes on behind byte {stop:,}, where its index has a stream. Fetch both again."
            )
        yield

    def _site(self, shard: Shard) -> Site:
        """Return what the first stream of a dump says of its wiki."""
        window = Window(shard.path)
        export = Export(without_secrets(shard.path), lambda page: None, self.max_page_characters)
        try:
            for _ in self._feed(window, export):
                if export.site.namespaces and export.path[1:2] != ["siteinfo"]:
                    break
        finally:
            window.close()
        return export.site

    def _parser(self, site: Site) -> Wikitext | None:
        if self.form == "wikitext":
            return None
        own = [site.namespaces.get(number, "").lower() for number in LEFT_OUT]
        return Wikitext(markdown=self.form == "markdown", left_out=frozenset([*NAMED, *filter(None, own)]))

    def _add(self, page: Page, site: Site, file: str, parser: Wikitext | None, rows: Rows, intake: Intake) -> None:
        said = page.values
        number, title, space = said.get("id", ""), said.get("title", ""), said.get("ns", "0")
        sample = title.encode("utf-8", "replace")
        if not number.isdecimal() or not title or not space.lstrip("-").isdecimal():
            intake.reject("mediawiki.bad_page", page.offset, f"a page with the number {number[:40]!r}", sample)
            return
        skipped = self._skipped(page, int(space))
        if skipped:
            intake.skipped[f"mediawiki.{skipped}"] += 1
            return
        if page.too_large or "text" not in said:
            why = "too_large" if page.too_large else "no_text"
            detail = (
                f"its text has more than {self.max_page_characters:,} characters"
                if page.too_large
                else "its revision has no text"
            )
            intake.reject(f"mediawiki.{why}", page.offset, f"page {number}: {detail}", sample)
            return
        text = said["text"]
        if parser is not None:
            try:
                text = parser.text(text)
            except (RecursionError, ValueError, AssertionError) as error:
                intake.reject(
                    "mediawiki.bad_wikitext",
                    page.offset,
                    f"page {number}: {type(error).__name__} {error}"[:200],
                    sample,
                )
                return
        revision = said.get("revision", "")
        values = {
            "id": f"{site.dbname or self.source}:{number}",
            "text": clean(text),
            "url": _url(site, title),
            "date": said.get("timestamp"),
            "title": title,
            "license": self.license,
            "source": self.source,
            "file": file,
            "offset": page.offset,
            "page_id": int(number),
            "revision": int(revision) if revision.isdecimal() else None,
            "namespace": int(space),
            "redirect": page.redirect,
        }
        rows.add(values, len(text))

    def _skipped(self, page: Page, space: int) -> str:
        if self.namespaces and space not in self.namespaces:
            return "other_namespace"
        if page.redirect is not None and not self.redirects:
            return "redirect"
        return "other_model" if page.values.get("model", "wikitext") != "wikitext" else ""

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return {
            "reads": "mediawiki",
            "source": self.source,
            "form": self.form,
            "namespaces": list(self.namespaces),
            "redirects": self.redirects,
            "license": self.license,
            "split_bytes": self.split_bytes,
            "max_page_characters": self.max_page_characters,
        }


def _url(site: Site, title: str) -> str | None:
    """Return the address of a page beside that of the main page."""
    if "/" not in site.base:
        return None
    return f"{site.base.rpartition('/')[0]}/{quote(title.replace(' ', '_'), safe='/:@!$()*,;~')}"
