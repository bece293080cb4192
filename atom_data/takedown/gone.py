"""`verify --gone`: whether a folder still names documents that were taken down, or holds passages of their texts.

Every file is looked into: tables and pieces by their columns of text, JSON by its words, tokens decoded. A passage of 13 words
that a document of the corpus has itself is a quotation, and listed; anywhere else it is a fault.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import AtomDataError, ConfigError, DataError
from atom_data.runner.claims.takedowns import numbers, passages_path
from atom_data.runner.settings.remembered import recipe_for
from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.storage.pieces import read_pieces
from atom_data.storage.removals import plain_url
from atom_data.takedown.folder import Folder, Job, data_file
from atom_data.takedown.passages import Hashes, hits, passages
from atom_data.takedown.search import Note, plain_urls
from atom_data.takedown.tokens import token_files
from atom_data.tokens.megatron import read_pair
from atom_data.tokens.tokenize import Tokenize
from atom_data.tokens.tokenizer.encode import load_encoder
from atom_data.tokens.tokenizer.reference import Reference
from atom_data.workspace import Workspace

TEXTS = ("text", "title", "markdown")
"""Columns that are looked at by passages, not by names."""
URLS = ("url", "canonical_url")
PIECES = (".hashes", ".found", ".candidates")
"""Endings of files of pieces with ids in them."""
DECODED = 256
"""Documents that are decoded at a time."""
_WORDS = re.compile(r"[^\s\"'<>,;()\\]+")


@dataclass(slots=True)
class Gone:
    """What was found of documents that are to be gone."""

    files: int = 0
    passages: int = 0
    """Passages that were looked for."""
    faults: list[str] = field(default_factory=list)
    quoted: dict[str, int] = field(default_factory=dict)
    """Documents of the corpus with passages of theirs that went as well, and how many."""
    undecoded: list[str] = field(default_factory=list)
    """Token folders whose tokenizer is not known."""


def gone(workspace: Workspace, lines: Sequence[str], tokenizer: Path | None, note: Note = lambda said: None) -> Gone:
    """Look for ids and URLs, and for passages of all takedowns of the folder. It reads everything there is.

    Memory: a batch, 8 bytes a passage, and the ids of documents that quote.
    """
    found, folder = Gone(), Folder(workspace)
    names = _Names(lines)
    for path in sorted(workspace.local().rglob("*")):
        if path.is_file():
            found.files += 1
            if any(names.is_in(column, values) for column, values in _values(path)):
                found.faults.append(
                    f"{path.relative_to(workspace.local()).as_posix()}: names a document that is to be gone"
                )
    known = [np.load(workspace.local(passages_path(number))) for number in numbers(workspace)]
    hashes = np.unique(np.concatenate([np.zeros(0, np.uint64), *known]))
    found.passages = len(hashes)
    if len(hashes):
        for job in folder.jobs:
            note(f"{job.name}: passages")
            if job.kind == "stage":
                _texts(folder, job, hashes, found)
        for job in folder.jobs:
            if job.kind == "tokens":
                _tokens(folder, job, hashes, tokenizer, found)
    return found


class _Names:
    """Ids and URLs that shall stand nowhere."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.words = frozenset(lines)
        self.all = pa.array(sorted(self.words), pa.string())
        self.plain = pa.array(sorted({plain_url(line) for line in lines if "://" in line}), pa.string())

    def is_in(self, column: str, values: pa.Array) -> bool:
        if pa.types.is_list(values.type):
            values = values.flatten()
        if pa.types.is_binary(values.type):
            return any(self._in_words(raw.decode("latin-1")) for raw in values.to_pylist() if raw)
        if not pa.types.is_string(values.type):
            return False
        if pc.any(pc.is_in(values, self.all)).as_py():
            return True
        if column in URLS:
            return bool(len(self.plain) and pc.any(pc.is_in(plain_urls(values), self.plain)).as_py())
        if column in ("id", "shard", "source", "language", "reason"):
            return False
        return any(self._in_words(text) for text in pc.unique(values).to_pylist() if text)

    def _in_words(self, text: str) -> bool:
        return not self.words.isdisjoint(_WORDS.findall(text))


def _values(path: Path) -> Iterator[tuple[str, pa.Array]]:
    """Yield columns of names from whatever a file is; nothing of tokens and numbers."""
    if path.suffix in (".parquet", ".pq"):
        names = [item.name for item in open_parquet(str(path)).schema_arrow if item.name not in TEXTS]
        for batch in read_parquet(str(path), names):
            yield from zip(batch.schema.names, batch.columns, strict=True)
    elif path.suffix in (".json", ".py", ".log", ".txt"):
        yield "file", pa.array([path.read_text("utf-8", "replace")], pa.string())
    elif path.name.endswith(PIECES):
        for batch in read_pieces(str(path)):
            yield from zip(batch.schema.names, batch.columns, strict=True)


def _texts(folder: Folder, job: Job, hashes: Hashes, found: Gone) -> None:
    """Count the passages in the texts of a stage, by document."""
    for receipt in folder.receipts(job, frozenset(job.shards)):
        item = data_file(receipt)
        path = folder.workspace.path(item.path) if item else ""
        if item is None or "text" not in open_parquet(path).schema_arrow.names:
            continue
        for batch in read_parquet(path, ("id", "text")):
            counts = hits(passages(batch.column("text")), hashes)
            for row in np.flatnonzero(counts).tolist():
                identity = batch.column("id")[row].as_py()
                found.quoted[identity] = max(found.quoted.get(identity, 0), int(counts[row]))


def _tokens(folder: Folder, job: Job, hashes: Hashes, tokenizer: Path | None, found: Gone) -> None:
    """Decode all tokens; a passage in a document that does not have it in its text is a fault, and so is a mask with ids in it."""
    reference = _reference(folder.workspace, job.name, tokenizer)
    if reference is None:
        found.undecoded.append(job.name)
        return
    for receipt in folder.receipts(job, frozenset(job.shards)):
        prefix = folder.workspace.path(job.name, receipt.shard)
        index, eos_id = read_pair(prefix), int(receipt.notes["eos_id"])
        around = {eos_id, receipt.notes.get("bos_id")}
        docs = folder.workspace.path(token_files(receipt)["docs.parquet"].path)
        ids = [one for batch in read_parquet(docs, ("id",)) for one in batch.column("id").to_pylist()]
        all_ids = np.fromfile(f"{prefix}.bin", index.dtype)
        for start in range(0, len(ids), DECODED):
            rows = range(start, min(start + DECODED, len(ids)))
            parts = [all_ids[index.starts[row] : index.starts[row] + index.lengths[row]].tolist() for row in rows]
            texts = [reference.decode([one for one in part if one not in around]) for part in parts]
            counts = hits(passages(pa.array(texts, pa.string())), hashes)
            for place, row in enumerate(rows):
                where = f"{job.name}/{receipt.shard}: document {row:,}"
                if ids[row] is None and set(parts[place]) != {eos_id}:
                    found.faults.append(f"{where} is masked, and holds other ids than the end token")
                elif counts[place] and ids[row] not in found.quoted:
                    found.faults.append(
                        f"{where} ({ids[row]}) holds {counts[place]:,} passages that its text does not have"
                    )


def _reference(workspace: Workspace, name: str, tokenizer: Path | None) -> Reference | None:
    """Return what decodes the tokens of a job: the tokenizer given, or that of the recipe where it can be loaded."""
    if tokenizer is not None:
        return load_encoder(tokenizer, None, "tokenizers").reference
    try:
        jobs = [job for job in recipe_for(workspace.recipe, workspace).jobs if job.name == name]
    except AtomDataError:
        return None
    return jobs[0].asked().encoder().reference if jobs and isinstance(jobs[0], Tokenize) else None


def require_gone(workspace: Workspace, found: Gone) -> None:
    """Raise DataError where something is left; ConfigError where tokens could not be looked into."""
    if found.faults:
        raise DataError(
            f"{workspace.root}: {len(found.faults):,} places still have something of what is to be gone; they stand above. Take it "
            "down with atom-data takedown, or look at these files."
        )
    if found.undecoded:
        raise ConfigError(
            f"{workspace.root}: the tokens of {', '.join(found.undecoded)} were not looked into, for the recipe that names their "
            "tokenizer cannot be loaded. Give it by --tokenizer."
        )


def as_json(found: Gone) -> str:
    """Return what was found as JSON."""
    value = {"files": found.files, "passages": found.passages, "faults": found.faults, "quoted": found.quoted}
    return json.dumps(value, indent=1)
