"""The pass that turns documents into token shards: .bin and .idx as Megatron reads them, and docs.parquet beside them."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import visible
from atom_data.errors import ConfigError, DataError
from atom_data.graph import Job, Source, check_name, check_source, reference, rows_of
from atom_data.identity import describe
from atom_data.job import Progress, Table, Task, Work
from atom_data.ledger import DEAD, LEDGER, intake_of, ledger_lines, note_removed, refuse_unreadable, removals_in
from atom_data.storage.ahead import ahead
from atom_data.storage.paths import join
from atom_data.storage.receipts import Receipt, summary_path
from atom_data.storage.shards import Input, Intake, Shard, parts_meet
from atom_data.tokens.documents import Documents, Lost
from atom_data.tokens.manifest import manifest_of_receipts
from atom_data.tokens.tokenizer.checked import Asked
from atom_data.tokens.tokenizer.definition import configured_end, definition_files
from atom_data.tokens.tokenizer.encode import (
    BACKENDS,
    Texts,
    backend_identity,
    pieces,
    texts_of,
)
from atom_data.tokens.unique import is_checked, refuse_repeated_ids
from atom_data.workspace import Workspace

KEEPS = ("url", "source", "date", "language", "file", "offset")
"""Columns copied beside the tokens where the source has them and the recipe names none."""

OWN = (
    pa.field("id", pa.string()),
    pa.field("tokens", pa.int32()),
    pa.field("text_bytes", pa.int64()),
    pa.field("shard", pa.string()),
    pa.field("row", pa.int64()),
)
"""The first columns of docs.parquet: document i of the .bin is row i. `row` counts in `shard` of the source, from 0."""


BYTES_PER_TOKEN = 4
ENCODED_BYTES = 1 << 20
"""Of text that are encoded at a time: what a core's cache holds, a quarter faster than 8 MB."""

AHEAD = 8
"""Pieces that are ready before they are needed: a batch is decoded at once, while two of its eight pieces are encoded."""


@dataclass(frozen=True, kw_only=True)
class Tokenize:
    """Token shards of about `target_tokens`, each of whole, consecutive shards of the source.

    Reads `id`, `text` and the columns it keeps. Within a shard the documents stand in the order of a hash of (seed, id),
    so that neighbors in the crawl are not neighbors in training. Each ends with the end token, which stands nowhere
    else; with `bos` each also begins with that one. Documents without text are dropped as `tokens.empty_text`, those
    that are not UTF-8 as `tokens.broken_text`, those of which the tokenizer leaves no token as `tokens.no_tokens`.
    DataError when an id repeats: a token's address goes by it.

    A task reads ahead, checks and holds while it encodes, where there is a second core. Its memory: its ids (2 bytes
    each below 65,500 ids, 4 above), its rows of docs.parquet twice, six batches of text or twelve longer documents, and
    the encoder's cache (about 450 MB). It is never smaller than one shard of the source.
    """

    name: str = "tokens"
    """The folder below the output folder."""
    reads: Source
    tokenizer: Path | str
    """A tokenizer.json, a folder as model hubs lay it out, or a .tiktoken file with its `encoding`."""
    encoding: str | None = None
    """What tiktoken calls the encoding of a .tiktoken file: "gpt2", "r50k", "p50k", "cl100k" or "o200k"."""
    eos: str | None = None
    """The token that ends every document; the usual names are tried when it is None."""
    bos: str | None = None
    """A token that begins every document as well, as Llama 3 was trained; none when it is None."""
    backend: str = "fastokens"
    """The encoder: "fastokens", "gigatoken" (an extra), or "tokenizers", the slow reference, which knows every kind."""
    seed: int = 0
    target_tokens: int = 2**28
    """1 GiB of four-byte ids."""
    keeps: tuple[str, ...] | None = None
    """Columns to copy into docs.parquet; those of `KEEPS` that there are when it is None."""
    allow_unreadable: float = 0.05
    """The share of records that may be unreadable, where it reads files itself, before the pass fails."""

    def __post_init__(self) -> None:
        """Validate the name, which becomes a folder, and the size."""
        check_name("pass", self.name)
        check_source(f"pass '{self.name}'", self.reads)
        if self.backend not in BACKENDS:
            raise ConfigError(
                f"pass '{self.name}': no backend '{self.backend}'; there are {', '.join(BACKENDS)}. Name one."
            )
        if self.target_tokens < 1:
            raise ConfigError(f"pass '{self.name}': target_tokens is {self.target_tokens}. Give a number above 0.")

    def jobs(self) -> tuple[Job, ...]:
        """One job."""
        return (self,)

    @property
    def task_tokens(self) -> int:
        """Its tasks are cut by tokens."""
        return self.target_tokens

    @property
    def a_task_a_shard(self) -> bool:
        """Its tasks hold several shards."""
        return False

    def sources(self) -> tuple[Source, ...]:
        """What it reads."""
        return (self.reads,)

    def with_sources(self, sources: tuple[Source, ...]) -> "Tokenize":
        """The same over another source."""
        return replace(self, reads=sources[0])

    def upstream(self) -> tuple[Job, ...]:
        """The jobs behind what it reads."""
        return self.reads.jobs()

    def check(self) -> pa.Schema:
        """Look for the columns, check the tokenizer, and say what text it loses; return the schema of docs.parquet."""
        schema = self._schema()
        self.asked().check()
        return schema

    def asked(self) -> Asked:
        """The tokenizer as it is named here."""
        return Asked(Path(self.tokenizer), self.eos, self.backend, self.bos, self.encoding)

    def _schema(self) -> pa.Schema:
        schema = self.reads.schema()
        there = ", ".join(visible(schema.names)) or "none"
        for name in ("id", "text", *(self.keeps or ())):
            if name not in schema.names:
                raise ConfigError(
                    f"pass '{self.name}': no column '{name}'; columns there: {there}. Let the stage before write it."
                )
        for name in ("id", "text"):
            kind = schema.field(name).type
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
                raise ConfigError(f"pass '{self.name}': column '{name}' is {kind}. It must be string.")
        own = [field.name for field in OWN]
        double = [name for name in self.keeps or () if name in own or name == "text"]
        if double:
            raise ConfigError(f"pass '{self.name}': keeps names '{double[0]}', a column of its own. Take it out.")
        return pa.schema(
            [*OWN, *(schema.field(name).with_nullable(True).remove_metadata() for name in self._kept(schema))]
        )

    def _kept(self, schema: pa.Schema) -> tuple[str, ...]:
        return self.keeps if self.keeps is not None else tuple(name for name in KEEPS if name in schema.names)

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """Put consecutive shards of the source together, up to about `target_tokens` by their bytes of text.

        The grouping follows from the source's shards alone. DataError when a stage before is not finished.
        """
        target, sizes = self.target_tokens * BYTES_PER_TOKEN, self._sizes(workspace)
        groups: list[list[tuple[Shard, int]]] = []
        filled = 0
        for shard, size in sizes:
            if not groups or filled + size // 2 >= target:
                groups.append([])
                filled = 0
            groups[-1].append((shard, size))
            filled += size
        digits = max(5, len(str(len(groups))))
        return tuple(
            Task(f"shard-{number:0{digits}}", sum(size for _, size in group), tuple(shard for shard, _ in group))
            for number, group in enumerate(groups)
        )

    def _sizes(self, workspace: Workspace) -> Iterator[tuple[Shard, int]]:
        """Yield every shard with its bytes of text: as its receipt says; for files, which have none, their size.

        A remote file, whose size is not known, is a task of its own.
        """
        made = bool(self.reads.jobs())
        for shard in self.reads.shards(workspace):
            size = int(self.reads.text_bytes(shard, workspace))
            yield shard, size if made else size or self.target_tokens * BYTES_PER_TOKEN

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """The inputs of all shards of a task as they are now."""
        return tuple(item for shard in task.shards for item in self.reads.current(shard, workspace))

    def identity(self) -> dict[str, object]:
        """Source, tokenizer by its bytes, end token, seed, size and columns."""
        end = configured_end(Path(self.tokenizer)) if self.eos is None else None
        return {
            "reads": reference(self.reads),
            **({} if end is None else {"end": end}),
            "tokenizer": [describe(path) for path in definition_files(Path(self.tokenizer))],
            "encoding": self.encoding,
            "eos": self.eos,
            "bos": self.bos,
            "backend": backend_identity(self.backend),
            "seed": self.seed,
            "target_tokens": self.target_tokens,
            "keeps": None if self.keeps is None else list(self.keeps),
        }

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Encode the documents of a task and write its shard. DataError when the encoder differs from the reference."""
        work, schema = Work(), self._schema()
        with ExitStack() as stack:
            beside = stack.enter_context(ThreadPoolExecutor(1))
            documents = Documents(self.asked().encoder(), self.seed, schema, f"{self.name}/{task.name}", beside)
            ledger = Table(join(self.name, "drops", f"{task.name}.parquet"), LEDGER, workspace, stack, work)
            dead = Table(join(self.name, "dead", f"{task.name}.parquet"), DEAD, workspace, stack, work)
            done, removed = 0, list[str]()
            for shard in task.shards:
                intake, row = intake_of(shard, dead, work, removals_in(workspace)), 0
                for piece, texts in ahead(self._pieces(shard, workspace, intake), AHEAD):
                    kept, numbers = self._with_text(piece, texts, (shard.name, row), ledger, work)
                    documents.add(kept, [text for text in texts if text], row + numbers, shard.name)
                    row += piece.num_rows
                    progress(work.rows_in + dead.rows, done + intake.bytes_read, documents.count)
                done += intake.bytes_read
                work.take(shard, intake)
                removed += intake.removed
            outputs = documents.write(join(self.name, task.name), workspace)
            for lost in documents.lost:
                work.dropped["tokens.no_tokens"] += len(lost.sizes)
                ledger.write(_ledger_lines(lost, ["tokens.no_tokens"] * len(lost.sizes)))
            note_removed(removed, ledger, work)
        # Reading goes on ahead of encoding, so which of the two tables was opened first says nothing.
        work.outputs = [*outputs, *sorted(work.outputs, key=lambda output: output.path)]
        work.rows_out, work.dropped_rows = documents.count, ledger.rows
        work.tokens, work.text_bytes = documents.tokens, documents.text_bytes
        work.notes.update(documents.notes())
        return work

    def summary(self, workspace: Workspace) -> dict[str, Any] | None:
        """The manifest that readers of the tokens open.

        DataError when two documents have one id, unless a pass before has looked at all ids.
        """
        found = manifest_of_receipts(workspace.root, self.name)
        if not is_checked(self.reads) and workspace.read_json(summary_path(self.name)) != found:
            refuse_repeated_ids(workspace, found)
        return found

    def _columns(self) -> tuple[str, ...]:
        schema = self.reads.schema()
        return tuple(dict.fromkeys(("id", "text", *(("url",) if "url" in schema.names else ()), *self._kept(schema))))

    def _pieces(self, shard: Shard, workspace: Workspace, intake: Intake) -> Iterator[tuple[pa.RecordBatch, Texts]]:
        for batch in rows_of(self.reads, shard, workspace, self._columns(), intake):
            for piece in pieces(batch, ENCODED_BYTES):
                yield piece, texts_of(piece.column("text"))

    def _with_text(
        self, batch: pa.RecordBatch, texts: Texts, at: tuple[str, int], ledger: Table, work: Work
    ) -> tuple[pa.RecordBatch, npt.NDArray[np.int64]]:
        """Return the rows that have text, and their places in the batch, which begins `at` a row of a shard; others are dropped."""
        work.rows_in += batch.num_rows
        good = np.array([bool(text) for text in texts], bool)
        if not good.all():
            gone = batch.filter(pa.array(~good))
            sizes = pc.fill_null(pc.binary_length(gone.column("text")), 0).to_pylist()
            reasons = ["tokens.broken_text" if size else "tokens.empty_text" for size in sizes]
            work.dropped.update(reasons)
            rows = (np.flatnonzero(~good) + at[1]).tolist()
            ledger.write(_ledger_lines(Lost(gone, sizes, at[0], rows), reasons))
            batch = batch.filter(pa.array(good))
        return batch, np.flatnonzero(good)

    def accept(self, receipts: Sequence[Receipt]) -> None:
        """Refuse a corpus without one token, too many unreadable records, and parts of a file that do not meet."""
        read = sum(receipt.rows_in for receipt in receipts)
        refuse_unreadable(f"pass '{self.name}'", self.name, receipts, self.allow_unreadable)
        if not sum(receipt.tokens for receipt in receipts):
            raise DataError(
                f"pass '{self.name}': no token came out of {read:,} documents: there is nothing to train on. "
                "Look into the stages before, and into the ledger of this one."
            )
        parts_meet(span for receipt in receipts for span in receipt.spans)


def _ledger_lines(lost: Lost, reasons: list[str]) -> pa.RecordBatch:
    """Return the ledger's lines; their numbers say where each stood, as docs.parquet does of the others."""
    places = zip(lost.sizes, lost.rows, strict=True)
    numbers = [json.dumps({"text_bytes": size, "shard": lost.shard, "row": row}) for size, row in places]
    return ledger_lines(lost.batch, pa.array(reasons), pa.array([[reason] for reason in reasons]), pa.array(numbers))
