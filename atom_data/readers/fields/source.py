"""What sources of records with named fields share: which field holds what, and how ids are made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from atom_data.readers.fields.mapping import Field, field_or_none, said, scalar, text_of, typed
from atom_data.readers.rows import Identities, file_prefix
from atom_data.readers.source import FileSource
from atom_data.storage.parquet import strings

IDS = ("column", "file", "row")


@dataclass(frozen=True, slots=True, init=False)
class FieldSource(FileSource):
    """A source of files whose records name the text, the id, the URL and the date themselves."""

    paths: tuple[str, ...]
    source: str | None
    text: Field
    id: str
    url: str
    date: str
    ids: str
    kind: ClassVar[str]
    """The source's name where none was given."""
    words: ClassVar[tuple[str, str]]
    """What a field is called in such files, and what stands for a record without an id."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source or self.kind

    @property
    def ids_said(self) -> str:
        """How ids are made, for people."""
        field, place = self.words
        by_way = {
            "column": f"{field} '{self.id}', else a hash of source, file, URL and text",
            "file": f"file and {field} '{self.id}'",
            "row": f"file and {place}",
        }
        return by_way[self.ids]

    def _values(self, record: Mapping[str, Any], columns: tuple[tuple[str, str], ...]) -> dict[str, Any]:
        """Return the columns of a record, and further ones by name and type.

        Unfit where it has no text, or a field of another type than its column.
        """
        values: dict[str, Any] = {
            "id": scalar(field_or_none(record, self.id)),
            "text": text_of(record, self.text),
            "url": scalar(field_or_none(record, self.url)),
            "date": scalar(field_or_none(record, self.date)),
            "source": self.source or scalar(record.get("source")),
        }
        for name, kind in columns:
            values[name] = typed(name, kind, field_or_none(record, name))
        return values

    def _named(self) -> dict[str, object]:
        """Return which field holds what, as identities have it."""
        return {"text": said(self.text), "id": self.id, "url": self.url, "date": self.date}

    def _complete(self, values: dict[str, Any], place: int, identities: Identities) -> None:
        """Put what stands for an empty source and id into a document at a place of its file."""
        file, values["source"] = values["file"], values["source"] or self.name
        if self.ids == "row":
            values["id"] = f"{file_prefix(self.source, file)}{place}"
        elif not values["id"]:
            parts = (values["source"], file, values["url"] or "", values["text"] or "")
            values["id"] = identities.next(*(part.encode() for part in parts))
        if self.ids == "file":
            values["id"] = file_prefix(self.source, file) + values["id"]


def own_columns(place: str) -> pa.Schema:
    """Return the columns that every document of such a source has, the last of them its place in the file."""
    return pa.schema([*strings("id", "text", "url", "date", "source", "file"), (place, pa.int64())])


def schema_with(common: pa.Schema, columns: tuple[tuple[str, str], ...]) -> pa.Schema:
    """Return the common columns, and those that were asked for by name and type."""
    return pa.schema([*common, *(pa.field(name, pa.type_for_alias(kind)) for name, kind in columns)])
