"""What sources of records with named fields share: which field holds what, and how ids are made of them."""

from dataclasses import dataclass
from typing import ClassVar

from atom_data.readers.fields.mapping import Field
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
