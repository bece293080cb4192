"""What `check` says of the sources of a recipe: how the ids of their documents are made."""

from collections.abc import Iterator

from atom_data.dedup.documents import Measures
from atom_data.dedup.rounds import CutPieces
from atom_data.extract.jsonl import Jsonl
from atom_data.extract.parquet import Parquet
from atom_data.extract.text import Text
from atom_data.extract.warc import Warc
from atom_data.extract.wet import Wet
from atom_data.job import Job
from atom_data.mix.parts import Part
from atom_data.stage import Stage
from atom_data.tokens.tokenize import Tokenize


def ids_said(job: Job) -> Iterator[str]:
    """Yield how ids are made where a job reads files."""
    source: object = None
    if isinstance(job, Stage | Tokenize):
        source = job.reads
    elif isinstance(job, Measures | CutPieces):
        source = job.of
    while isinstance(source, Part):
        source = source.of
    if isinstance(source, Jsonl | Parquet | Text | Warc | Wet):
        yield f"ids: {source.ids_said} ({source.name})"
