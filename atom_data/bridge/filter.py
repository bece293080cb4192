"""Filters of datatrove's as signals in our recipes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter, get_filter_result

from atom_data.batch import column, with_columns
from atom_data.bridge.block import NO_TEXT, array_of, check_block, documents, failure, made, name_of, versions_of
from atom_data.errors import ConfigError, DataError
from atom_data.text.clean import clean

KEPT, DROPPED = "kept", "dropped"


class Verdict(NamedTuple):
    """What a block says of one document."""

    kept: bool | None
    reason: str
    text: str | None
    metadata: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class DatatroveFilter:
    """Ask a filter of datatrove's about every document: two columns, by which a card decides. Reads `text`, `id`, `reads`.

    For `DatatroveFilter(block=RegexFilter, options={"regex_exp": "lorem ipsum"})` they are `datatrove_regex_kept` (bool)
    and `datatrove_regex_reason` (string): `kept`, the block's reason, or `dropped` where it gives none. A null text has
    the reason `no_text`; an exception of the block's has `error: ` and its first 200 characters; for both, `kept` is
    null, which no rule accepts. A missing package or file of the block's is a ConfigError or DataError.

    `text` is what the block has made of it, where it keeps the document and changes it (C4QualityFilter takes lines out).
    Columns `metadata` are what it has noted on a document, null where it has not. The class, its options and the versions
    of datatrove and its packages count in a stage's identity. Blocks whose answers hang on the order of documents are
    refused, and the first document of a batch is asked about twice, which shows most others: DataError. Memory: the
    block, once in a process.
    """

    block: type[BaseFilter]
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the class is made with: {"min_doc_words": 30}."""
    reads: tuple[str, ...] = ()
    """Columns that the block finds in a document's metadata: ("url",) for URLFilter."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What to take from the metadata that it notes, and its Arrow type: {"language": "string"}."""
    name: str | None = None
    """The middle of the columns' names; without it, the class's."""
    versions: tuple[str, ...] = field(init=False, default=())
    """Of datatrove and of the packages that the block requires."""

    def __post_init__(self) -> None:
        """Refuse what is not a filter, options it does not take, types that are none."""
        check_block("DatatroveFilter", self.block, BaseFilter, self.options)
        object.__setattr__(self, "versions", versions_of(self.block))
        for key, kind in self.metadata.items():
            try:
                pa.type_for_alias(kind)
            except ValueError as error:
                raise ConfigError(
                    f"DatatroveFilter: metadata '{key}' has the type '{kind}'. Give an Arrow type such as string, float32."
                ) from error

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Ask about every document of a batch."""
        block, texts = made(self.block, self.options), column(batch, "text")
        verdicts = [self._verdict(block, document) for document in documents(batch, self.reads)]
        if verdicts:
            first = next(documents(batch.slice(0, 1), self.reads))
            self._same(verdicts[0], self._verdict(block, first), batch)
        name = f"datatrove_{self.name or name_of(self.block)}"
        columns = {
            f"{name}_kept": pa.array([verdict.kept for verdict in verdicts], pa.bool_()),
            f"{name}_reason": pa.array([verdict.reason for verdict in verdicts], pa.string()),
        }
        for key, kind in self.metadata.items():
            columns[key] = array_of([verdict.metadata.get(key) for verdict in verdicts], pa.type_for_alias(kind))
        if any(v.text is not None for v in verdicts):
            pairs = zip(verdicts, texts.to_pylist(), strict=True)
            columns["text"] = pa.array([old if v.text is None else v.text for v, old in pairs], texts.type)
        return with_columns(batch, **columns)

    def _verdict(self, block: Any, document: Document | None) -> Verdict:  # noqa: ANN401 - datatrove has no types
        if document is None:
            return Verdict(None, NO_TEXT, None, {})
        before = document.text
        try:
            (result,) = block.filter_batch([document])
            kept, reason = get_filter_result(result)
            kept = bool(kept)
        except Exception as error:
            return Verdict(None, failure(self.block, error), None, {})
        text = clean(document.text) if kept and isinstance(document.text, str) and document.text != before else None
        said = KEPT if kept else clean(str(reason)) if reason else DROPPED
        return Verdict(kept, said, text, document.metadata)

    def _same(self, first: Verdict, again: Verdict, batch: pa.RecordBatch) -> None:
        if first[:3] != again[:3]:
            raise DataError(
                f"{self.block.__name__} said '{first.reason}' of the document {batch.column('id')[0].as_py()!r} and "
                f"'{again.reason}' when asked again. It remembers other documents or draws at random: leave it out."
            )
