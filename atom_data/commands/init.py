"""`init`: a folder with a recipe that runs, a few real documents to try it on, and what to do next."""

import csv
import gzip
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from atom_data.assets import templates_folder
from atom_data.commands.screen import console
from atom_data.errors import ConfigError
from atom_data.terminal.called import called

RECIPE = "recipe.py"
DOCUMENTS = "documents.jsonl.gz"
PAGES, SAMPLE = "pages.warc.gz", "sample-00003.warc.gz"


def _as_jsonl(folder: Path) -> None:
    (folder / "documents.jsonl").write_bytes(gzip.decompress((templates_folder() / DOCUMENTS).read_bytes()))


def _as_parquet(folder: Path) -> None:
    pq.write_table(pa.Table.from_pylist(_documents()), folder / "documents.parquet")


def _as_csv(folder: Path) -> None:
    documents = _documents()
    with (folder / "documents.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(documents[0]))
        writer.writeheader()
        writer.writerows(documents)


def _as_text(folder: Path) -> None:
    for document in _documents():
        (folder / f"{document['id']}.txt").write_text(document["text"], "utf-8")


def _as_warc(folder: Path) -> None:
    packed = templates_folder() / PAGES
    # In a checkout the pages are a file of the sample.
    shutil.copyfile(packed if packed.exists() else templates_folder().parent / "sample" / SAMPLE, folder / PAGES)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of input: how the documents of the template are written in it, and what its recipe says instead."""

    write: Callable[[Path], None]
    template: str = "jsonl"
    """The recipe that it is made of."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """What stands in that recipe, and what in this kind's."""


def _instead(files: str, says: str, source: str, pattern: str, columns: str) -> dict[str, str]:
    """Return what a recipe over files says where that over JSON lines says something else."""
    imported = ", ".join(sorted(("Copies", "MinHash", "SameText", "Stage", source)))
    return {
        "JSON lines": files,
        "the files; each line is an object with a `text`, and an `id` and `url` if there are any.": says,
        "Copies, Jsonl, MinHash, SameText, Stage": imported,
        'Jsonl(str(HERE / "data" / "*.jsonl")': f'{source}(str(HERE / "data" / "{pattern}")',
        '"id", "url", "date", "source", "file", "offset"': columns,
    }


_COLUMN = "the files; they need a column of texts, `text` unless you say which:"
_ROW = '"id", "url", "date", "source", "file", "row"'
_TABLES = f'{_COLUMN} Tables(..., text="content").\nTSV, Arrow and arrays of JSON are read in the same way.'
_TEXTS = 'the files, a document each; Text(..., unit="block") or unit="line" cuts them.'
KINDS = {
    "jsonl": Kind(_as_jsonl),
    "csv": Kind(_as_csv, instead=_instead("CSV", _TABLES, "Tables", "*.csv", _ROW)),
    "parquet": Kind(
        _as_parquet,
        instead=_instead("Parquet", f'{_COLUMN} Parquet(..., text="content").', "Parquet", "*.parquet", _ROW),
    ),
    "text": Kind(_as_text, instead=_instead("text files", _TEXTS, "Text", "*.txt", '"id", "source", "file", "offset"')),
    "warc": Kind(_as_warc, "warc"),
}


def _documents() -> list[dict[str, Any]]:
    lines: Iterable[bytes] = gzip.decompress((templates_folder() / DOCUMENTS).read_bytes()).splitlines()
    return [json.loads(line) for line in lines]


def init(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"Kind of input: {', '.join(KINDS)}.")] = "jsonl",
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Output folder; new or empty.")] = Path("my_corpus"),
) -> None:
    """Write a recipe that runs, with 40 real documents to try it on.

    The recipe is a Python file of some 30 lines to read and change: name your own files in it, other cards, other steps.

    Example: atom-data init jsonl my_corpus
    """
    if kind not in KINDS:
        raise ConfigError(f"init: there is no template '{kind}'; there are {', '.join(KINDS)}. Take one.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder}: is not empty. Give a new or an empty folder.")
    (folder / "data").mkdir(parents=True)
    made = KINDS[kind]
    made.write(folder / "data")
    recipe, output = folder / RECIPE, folder / "out"
    words = {"{command}": called(), "{recipe}": str(recipe), "{output}": str(output)}
    page = (templates_folder() / f"{made.template}.py").read_text("utf-8")
    for name, word in {**made.instead, **words}.items():
        page = page.replace(name, word)
    recipe.write_text(page, "utf-8")
    files = sorted((folder / "data").iterdir())
    shown = f"{files[0]}" if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    screen = console()
    screen.prose(f"{recipe}: a recipe to read and change\n{shown}: real documents to try it on\n\nNext:")
    for line in (
        f"check {recipe}",
        f"run {recipe} -o {output}",
        f"peek {output} --stage clean --reason gopher_multilingual",
    ):
        screen.print(f"  {called()} {line}", soft_wrap=True)
