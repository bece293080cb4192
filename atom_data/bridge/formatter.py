"""Formatters of datatrove's as rewrites in our recipes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from datatrove.pipeline.formatters.base import BaseFormatter

from atom_data.batch import column, with_columns
from atom_data.bridge.block import NO_TEXT, check_block, failure, fresh, name_of, versions_of
from atom_data.text.clean import clean


@dataclass(frozen=True, kw_only=True, slots=True)
class DatatroveFormatter:
    """Rewrite every `text` with a formatter of datatrove's. Reads and replaces `text`.

    For `DatatroveFormatter(block=PIIFormatter)` it adds `datatrove_pii_status` (string): `changed`, `unchanged`, `no_text`
    for a null, which stays null, or `error: ` and the first 200 characters of an exception of the block's; then the text
    stays as it was. A missing package or file of the block's is a ConfigError or DataError.

    Every document meets the block as its constructor left it, so that a text does not depend on those before it:
    PIIFormatter, which takes its replacements in turn, begins with the first in each document. The class, its options
    and the versions of datatrove and its packages count in a stage's identity.
    """

    block: type[BaseFormatter]
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the class is made with: {"remove_ips": False}."""
    name: str | None = None
    """The middle of the column's name; without it, the class's."""
    versions: tuple[str, ...] = field(init=False, default=())
    """Of datatrove and of the packages that the block requires."""

    def __post_init__(self) -> None:
        """Refuse what is not a formatter, and options it does not take."""
        check_block("DatatroveFormatter", self.block, BaseFormatter, self.options)
        object.__setattr__(self, "versions", versions_of(self.block))

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rewrite every text of a batch."""
        block, texts = fresh(self.block, self.options), column(batch, "text")
        rows = [self._formatted(block, text) for text in texts.to_pylist()]
        status = pa.array([status for _, status in rows], pa.string())
        name = f"datatrove_{self.name or name_of(self.block)}_status"
        return with_columns(batch, **{"text": pa.array([text for text, _ in rows], texts.type), name: status})

    def _formatted(self, block: Callable[[], Any], text: str | None) -> tuple[str | None, str]:
        if text is None:
            return None, NO_TEXT
        try:
            made = clean(block().format(text))
        except Exception as error:
            return text, failure(self.block, error)
        return (text, "unchanged") if made == text else (made, "changed")
