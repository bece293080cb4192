"""Extractors of datatrove's as engines of `Extract`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from datatrove.pipeline.extractors.base import BaseExtractor

from atom_data.bridge.block import check_block, failure, made, versions_of
from atom_data.extract import Content, EngineError


@dataclass(frozen=True, kw_only=True, slots=True)
class DatatroveExtractor:
    """An engine: `Extract(engine=DatatroveExtractor(block=Trafilatura, options={"deduplicate": False}))`.

    The block is datatrove's Trafilatura, or your own. It gives no title. A page that it raises on has the `extract_status`
    `error: ` and the first 200 characters of the exception. A missing package of the block's is a ConfigError.

    The block's `timeout` has no effect: it runs in the worker itself and not in a process with a clock, for what is kept
    must not depend on how busy a machine is; the limits of `Extract` stand for it. Trafilatura with `deduplicate`,
    datatrove's default, is refused, because it remembers paragraphs of other pages. The class,
    its options and the versions of datatrove and its packages count in a stage's identity.
    """

    block: type[BaseExtractor]
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the class is made with: {"deduplicate": False} for Trafilatura."""
    versions: tuple[str, ...] = field(init=False, default=())
    """Of datatrove and of the packages that the block requires."""

    def __post_init__(self) -> None:
        """Refuse what is not an extractor, and options it does not take."""
        check_block("DatatroveExtractor", self.block, BaseExtractor, self.options)
        object.__setattr__(self, "versions", versions_of(self.block))

    def extract(self, html: str, url: str | None) -> Content:
        """Return the text that the block takes from a page."""
        block: Any = made(self.block, self.options)
        try:
            return Content(block.extract(html) or "")
        except Exception as error:
            raise EngineError(failure(self.block, error)) from error
