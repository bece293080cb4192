"""Our steps inside datatrove's pipelines: its users can take our filters alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from atom_data.batch import column, empty, visible
from atom_data.bridge.block import array_of
from atom_data.errors import AtomDataError, ConfigError, DataError
from atom_data.identity import label
from atom_data.rules import REASON, RULES, Keep
from atom_data.stage import Step
from atom_data.text.clean import clean

BATCH_BYTES = 8 << 20
ROW = "_datatrove_row"


class AtomFilter(BaseFilter):
    """Run steps and cards of ours on batches of documents: a filter like datatrove's own, with its stats and exclusion writer.

    `AtomFilter(steps=(count_words, count_lines, keep("gopher_quality")))` drops what the card drops, for the reason
    `gopher_quality.word_count`; later steps see only what is left. Without a card every document is kept and annotated.

    A document keeps its place, id, media and metadata. Steps read `text`, `id` and the metadata keys in `reads`; a key that
    is not there, or a value of another type, is null. Visible columns that steps add or change go into the metadata
    (`writes` picks some), `text` is set only where a step has changed it. A dropped document gets `filter_reason`, as
    datatrove does it, and `filter_rules`, all rules that it fails.

    Errors: ConfigError where the pipeline is made, for steps that cannot work on these columns; a null text is fine. Memory:
    `batch_size` documents, as datatrove holds them, and Arrow columns of 8 MB of text or one longer document.
    """

    name = "⚛ atom-data"

    def __init__(
        self,
        steps: Sequence[Step],
        reads: Mapping[str, str] | None = None,
        writes: Sequence[str] | None = None,
        batch_size: int = 1000,
        exclusion_writer: Any = None,  # noqa: ANN401 - a writer of datatrove's
    ) -> None:
        """Try the steps on zero rows. `reads` names metadata keys and their Arrow types; without it, `url` as string."""
        super().__init__(exclusion_writer, batch_size)
        self.steps = tuple(steps)
        self.reads = dict({"url": "string"} if reads is None else reads)
        self.writes = None if writes is None else tuple(writes)
        try:
            fields = [(name, pa.type_for_alias(kind)) for name, kind in self.reads.items()]
        except ValueError as error:
            raise ConfigError(
                f"AtomFilter: reads: {error}. Give Arrow types such as string, float32, int64."
            ) from error
        self.schema = pa.schema([(ROW, pa.int64()), ("id", pa.string()), ("text", pa.string()), *fields])
        self._check()

    def _check(self) -> None:
        if {"id", "text"} & set(self.reads):
            raise ConfigError("AtomFilter: reads names id or text, which every document has. Leave them out.")
        batch = empty(self.schema)
        for step in self.steps:
            batch = self._call(step, batch)
        missing = [name for name in self.writes or () if name not in batch.schema.names]
        if missing:
            raise ConfigError(
                f"AtomFilter: writes '{missing[0]}', but no step adds it; columns here: "
                f"{', '.join(visible(batch.schema.names))}. Correct the name or add the step."
            )

    def filter(self, doc: Document) -> Any:  # noqa: ANN401 - datatrove's signature
        """Judge one document."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[Document]) -> list[Any]:
        """Judge documents, and write into them what the steps found: True, or False with the reason."""
        results: list[Any] = []
        for part in _parts(batch):
            results += self._judged(part)
        return results

    def update_doc_stats(self, document: Document) -> None:
        """Count the length of a document that has a text."""
        if document.text is not None:
            super().update_doc_stats(document)

    def _judged(self, documents: list[Document]) -> list[Any]:
        results: list[Any] = [True] * len(documents)
        given = batch = self._rows(documents)
        for step in self.steps:
            batch = self._call(step, batch)
            if isinstance(step, Keep):
                gone = batch.filter(batch.column(REASON).is_valid())
                self._note(documents, given, gone)
                for row, reason, rules in zip(*(gone.column(n).to_pylist() for n in (ROW, REASON, RULES)), strict=True):
                    documents[row].metadata["filter_rules"] = rules
                    results[row] = (False, reason)
                batch = batch.filter(batch.column(REASON).is_null()).drop_columns([REASON, RULES])
        self._note(documents, given, batch)
        return results

    def _rows(self, documents: list[Document]) -> pa.RecordBatch:
        texts = [None if document.text is None else clean(document.text) for document in documents]
        columns = [
            pa.array(range(len(documents)), pa.int64()),
            pa.array([clean(str(document.id)) for document in documents], pa.string()),
            pa.array(texts, pa.string()),
            *(array_of([d.metadata.get(f.name) for d in documents], f.type) for f in list(self.schema)[3:]),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _call(self, step: Step, batch: pa.RecordBatch) -> pa.RecordBatch:
        try:
            after = step(batch)
        except AtomDataError as error:
            raise type(error)(f"AtomFilter, {label(step)}: {error}") from error
        if ROW not in after.schema.names or not after.column(ROW).equals(column(batch, ROW)):
            raise DataError(
                f"AtomFilter, {label(step)}: it was given {batch.num_rows} rows and returned {after.num_rows}, not the same "
                "in the same order. A step measures or rewrites; to drop rows, add a column and a card that bounds it."
            )
        return after

    def _note(self, documents: list[Document], given: pa.RecordBatch, batch: pa.RecordBatch) -> None:
        """Write the columns that steps have added or changed into the documents of a batch's rows."""
        rows = batch.column(ROW)
        for name in visible(batch.schema.names):
            before = given.column(name).take(rows) if name in given.schema.names else None
            values = batch.column(name)
            if (before is not None and values.equals(before)) or not self._wanted(name):
                continue
            old = before.to_pylist() if before is not None and name == "text" else None
            for at, (row, value) in enumerate(zip(rows.to_pylist(), values.to_pylist(), strict=True)):
                if name != "text":
                    documents[row].metadata[name] = value
                elif old is None or value != old[at]:
                    documents[row].text = value

    def _wanted(self, name: str) -> bool:
        return name == "text" or self.writes is None or name in self.writes


def _parts(documents: list[Document]) -> list[list[Document]]:
    """Return the documents in lists of about 8 MB of text, each of one at least."""
    parts: list[list[Document]] = [[]]
    size = 0
    for document in documents:
        length = len(document.text or "")
        if parts[-1] and size + length > BATCH_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(document)
        size += length
    return [part for part in parts if part]
