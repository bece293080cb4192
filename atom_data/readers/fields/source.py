"""What sources of records with named fields share: which field holds what, and how ids are made of them."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from atom_data.readers.fields.mapping import Field, Fields
from atom_data.readers.rows import Identities, file_prefix
from atom_data.readers.source import FileSource

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
        said = {
            "column": f"{field} '{self.id}', else a hash of source, file, URL and text",
            "file": f"file and {field} '{self.id}'",
            "row": f"file and {place}",
        }
        return said[self.ids]

    def _fields(self, columns: tuple[tuple[str, str], ...]) -> Fields:
        """Return which fields of a record are read, with further columns and their types."""
        return Fields(
            text=self.text,
            id=self.id,
            url=self.url,
            date=self.date,
            source=self.source,
            otherwise=self.name,
            columns=columns,
        )

    def _id(self, values: dict[str, Any], place: int, identities: Identities) -> str:
        """Return the id of a document at a place of its file; what it has itself is in `values`."""
        file = values["file"]
        if self.ids == "row":
            return f"{file_prefix(self.source, file)}{place}"
        own: str = values["id"]
        if not own:
            parts = (values["source"], file, values["url"] or "", values["text"] or "")
            own = identities.next(*(part.encode() for part in parts))
        return file_prefix(self.source, file) + own if self.ids == "file" else own


def own_columns(place: str) -> pa.Schema:
    """Return the columns that every document of such a source has, the last of them its place in the file."""
    names = ("id", "text", "url", "date", "source", "file")
    return pa.schema([*((name, pa.string()) for name in names), (place, pa.int64())])


def schema_with(common: pa.Schema, columns: tuple[tuple[str, str], ...]) -> pa.Schema:
    """Return the common columns, and those that were asked for by name and type."""
    return pa.schema([*common, *(pa.field(name, pa.type_for_alias(kind)) for name, kind in columns)])
