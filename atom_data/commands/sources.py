"""What `check` says of the sources of a recipe: how the ids of their documents are made."""

from atom_data.graph import Source
from atom_data.readers.source import FileSource


def ids_said(source: Source) -> str:
    """Say how a source of files makes ids; nothing of a source that is not ours."""
    return f"{source.name} ids: {source.ids_said}" if isinstance(source, FileSource) else ""
