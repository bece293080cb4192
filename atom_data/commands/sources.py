"""What `check` says of the sources of a recipe: how the ids of their documents are made."""

from atom_data.graph import Source
from atom_data.readers.jsonl import Jsonl
from atom_data.readers.parquet import Parquet
from atom_data.readers.plain_text import Text
from atom_data.readers.warc import Warc
from atom_data.readers.wet import Wet


def ids_said(source: Source) -> str:
    """Say how a source of files makes ids; nothing of a source that is not ours."""
    if isinstance(source, Jsonl | Parquet | Text | Warc | Wet):
        return f"{source.name} ids: {source.ids_said}"
    return ""
