"""What an engine is: it takes the text out of one page that is decoded and passed the guard of `Extract`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol, runtime_checkable

NOTHING: Mapping[str, object] = MappingProxyType({})


class Content(NamedTuple):
    """What an engine takes from a page. `Extract` cleans texts: it takes out NULs and the white space around them."""

    text: str
    """Empty where nothing is left."""
    title: str | None = None
    more: Mapping[str, object] = NOTHING
    """Values by the names of `columns.COLUMNS`, of an engine that has such; what is missing is null."""


@runtime_checkable
class Engine(Protocol):
    """A way from HTML to text: a frozen dataclass, so that its parameters count in the identity of a stage.

    Its answer must depend on its parameters and the page alone: no clock, no memory of other pages.
    """

    def extract(self, html: str, url: str | None) -> Content:
        """Return the content of a page; `url` is None where `Extract` is given no column for it.

        Whatever it raises becomes the status `parser` of the page, or the status that an `EngineError` names. A ConfigError (a
        package is missing), a DataError and a MemoryError are not about the page and end the run.
        """


@runtime_checkable
class BytesEngine(Protocol):
    """An engine that reads UTF-8, has limits of its own for pages built to do harm, and may add columns.

    The rest is as with `Engine`.
    """

    def columns(self) -> tuple[str, ...]:
        """Return the names out of `columns.COLUMNS` that it adds, in that order; the same for all pages.

        What can be known to be missing before a page is read, a file or a package, is a ConfigError here: `check` asks for columns
        and reads no page.
        """

    def read(self, html: bytes | memoryview, url: str | None) -> Content:
        """Return the content of a page, which is valid UTF-8 without a byte order mark: mostly a view of the column, uncopied."""


class EngineError(Exception):
    """A page that an engine cannot read; its text becomes the page's `extract_status`."""
