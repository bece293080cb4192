"""Common Crawl's files as documents, by its lists of them."""

from dataclasses import dataclass
from typing import BinaryIO, cast

from atom_data.readers.archive import IDS, Archive
from atom_data.readers.common_crawl.paths import BASE, LISTS, below, crawl_files
from atom_data.readers.records import HEADER_BYTES, RECORD_BYTES
from atom_data.readers.source import Places
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.readers.warc import PAGE_MIMES, Warc
from atom_data.readers.wet import Wet
from atom_data.storage.paths import is_remote
from atom_data.storage.shards import PUBLISHED, Input, Intake, Shard
from atom_data.storage.state import state
from atom_data.storage.web.asking import Patience as Patience, Traffic
from atom_data.storage.web.stream import open_patiently
from atom_data.workspace import Workspace

PATIENCE = Patience()
PAGES = (".warc.gz",)
TEXTS = (".warc.wet.gz",)


@dataclass(frozen=True, slots=True, init=False)
class CommonCrawl(Warc):
    """Web pages of Common Crawl by its lists of files: `warc.paths.gz`, `robotstxt.paths.gz`; a shard per file.

    Rows are those of `Warc` for the same files; `file` is the path as the list has it. The files are below `base`, a URL or a
    folder: rows, shards and ids are the same from either, and `base` is not part of what decides a result.

    From a web server a file is read in parts of 32 MiB. Where the server answers 403, 429, 503 or another sign of being busy,
    breaks off, stalls, or gives less than 1 kB per second, it is asked again for what is missing, with pauses that grow, until
    those of the file together are at the end of `patience`. A file that is there is taken to be the one that was there: of what
    is finished, its server is not asked again. The receipt has the number of requests and the bytes received (`measured.network`).

    Rejected records and errors as in `Warc`; ConfigError for a list that cannot be read, names a file twice, or names files of
    another kind; DataError for a file that is not there, and where `patience` is at its end.
    Memory: as `Warc`, and 32 MiB; 300 bytes per file of the lists.
    """

    base: str
    patience: Patience
    suffixes = LISTS

    def __init__(
        self,
        *paths: Places,
        base: str = BASE,
        source: str = "web",
        patience: Patience = PATIENCE,
        max_record_bytes: int = RECORD_BYTES,
        max_header_bytes: int = HEADER_BYTES,
        max_window_bytes: int = WINDOW_BYTES,
        mimes: tuple[str, ...] = PAGE_MIMES,
        ids: str = "record",
    ) -> None:
        """Name lists of files: files, globs, folders (every *.paths, *.paths.gz below) and URLs."""
        limits = {"max_record_bytes": max_record_bytes, "max_header_bytes": max_header_bytes}
        limits |= {"split_bytes": 0, "max_window_bytes": max_window_bytes}
        self._settle(paths, IDS, base=base, source=source, patience=patience, mimes=mimes, ids=ids, **limits)

    def _parts(self) -> tuple[Shard, ...]:
        return tuple(crawl_files(self.paths, self.base, PAGES, self.patience))

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The file as it is now: of a local one size and time, of a remote one nothing but its name."""
        return (found(self.base, shard),)

    def _archive(self, shard: Shard, intake: Intake) -> Archive:
        return self._opened(shard, found(self.base, shard), opened(shard, self.patience, intake))

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return self._identity("common_crawl", {"mimes": list(self.mimes)})


@dataclass(frozen=True, slots=True, init=False)
class CommonCrawlText(Wet):
    """Texts of Common Crawl by its lists of files: `wet.paths.gz`; a shard per file.

    Rows are those of `Wet` for the same files; `base`, `patience`, errors and memory as in `CommonCrawl`.
    """

    base: str
    patience: Patience
    suffixes = LISTS

    def __init__(
        self,
        *paths: Places,
        base: str = BASE,
        source: str = "wet",
        patience: Patience = PATIENCE,
        max_record_bytes: int = RECORD_BYTES,
        max_header_bytes: int = HEADER_BYTES,
        max_window_bytes: int = WINDOW_BYTES,
        ids: str = "record",
    ) -> None:
        """Name lists of files: files, globs, folders (every *.paths, *.paths.gz below) and URLs."""
        limits = {"max_record_bytes": max_record_bytes, "max_header_bytes": max_header_bytes}
        limits |= {"split_bytes": 0, "max_window_bytes": max_window_bytes}
        self._settle(paths, IDS, base=base, source=source, patience=patience, ids=ids, **limits)

    def _parts(self) -> tuple[Shard, ...]:
        return tuple(crawl_files(self.paths, self.base, TEXTS, self.patience))

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The file as it is now: of a local one size and time, of a remote one nothing but its name."""
        return (found(self.base, shard),)

    def _archive(self, shard: Shard, intake: Intake) -> Archive:
        return self._opened(shard, found(self.base, shard), opened(shard, self.patience, intake))

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return self._identity("common_crawl_text", {})


def found(base: str, shard: Shard) -> Input:
    """Return a file of the crawl as it is now; of a remote one nothing is asked."""
    name = below(base, shard.path)
    if is_remote(shard.path):
        return Input(name, PUBLISHED, "")
    now = state(shard.path)
    return Input(name, now.bytes, "", now.modified)


def opened(shard: Shard, patience: Patience, intake: Intake) -> BinaryIO:
    """Open a file of the crawl; what is asked for it is counted in `intake`."""
    return cast(BinaryIO, open_patiently(shard.path, patience, Traffic(intake.network)))
