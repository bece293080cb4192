"""What a receipt and a list of shards say, as frozen dataclasses; how they are read and written: see `receipts`.

`docs/reference/output.md` is made from the docstrings below: the path of each file of an output folder, and what is in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from atom_data.errors import DataError
from atom_data.storage.formats import refuse_other_formats
from atom_data.storage.shards import Input, file_name

FORMAT = 3
"""3: `spans` by file, `etag` of inputs. 2, with one `span` a receipt, is read as well."""
READABLE = (2, 3)
"""Formats of receipts that are read. Of any other the run stops with a sentence; nothing is rebuilt in silence."""


_NOTHING: Mapping[str, Any] = {}
"""One for all: of 100,000 receipts every byte counts."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a task made."""

    path: str
    """Relative to the output folder."""
    bytes: int
    """Its size."""
    sha256: str
    """Of its content, as hexadecimal digits."""
    rows: int = 0
    """Of a table; 0 for other files."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a task took. Nothing of it is part of a result."""

    wall_seconds: float = 0.0
    """From the beginning of the task to its receipt."""
    cpu_seconds: float = 0.0
    """Of the worker, all its threads together."""
    peak_memory_bytes: int = 0
    """The largest resident memory of the worker so far."""
    input_bytes: int = 0
    """Size of the input as it was planned."""
    network: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    """Where files were read from a web server: `requests`, `bytes` received, requests repeated (`again`). Else not there."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a task read, made, counted and took: STAGE/receipts/SHARD.json, written last."""

    stage: str
    """The job, and its folder."""
    shard: str
    """The task, and the name of its files."""
    job: str = ""
    """SHA-256 of all that decides the output besides inputs and code: recipe, cards, files, parameters."""
    code: Mapping[str, str] = field(default_factory=dict)
    """What of the code the job reaches: for each room of this package the first 16 digits of a SHA-256, and versions of libraries
    and of Python. In folders made before, one hash of all."""
    inputs: tuple[Input, ...] = ()
    """What was read, by content: path (below the source's folder, or the output folder), bytes, sha256, modified (ns), and
    `etag` where an object store gave one."""
    outputs: tuple[OutputFile, ...] = ()
    """What was made: the shard first, then ledger and dead letters where there are any."""
    rows_in: int = 0
    """Documents read."""
    rows_out: int = 0
    """Documents written; of a job of a pass, those it looked at."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Documents by the reason for which they were dropped; rows_in = rows_out + their sum."""
    unreadable: Mapping[str, int] = field(default_factory=dict)
    """Records by the reason for which they could not be read: each is a dead letter."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Records that are not documents, by kind."""
    text_bytes: int = 0
    """Of the column `text` as written."""
    tokens: int = 0
    """Written, those that end or begin documents included; 0 for a stage."""
    spans: tuple[tuple[str, int, int], ...] = ()
    """Of each part of a split file that was read: the file, offset of its first record and of the first record after it."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What the job adds for itself."""
    measured: Measured = Measured()
    """Time and memory."""
    accepted: str = ""
    """What the job as a whole refused, where a person accepted it."""
    failed: str = ""
    """Why the shard could not be made, where a run with --allow-failed went on without it: its output is empty, and how many
    documents it would have is not known."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Values of the parameters of the recipe, where it has some. What of them decides the output is part of `job`."""
    output_bytes: int = 0
    """Of all files that were made; not in the file, where they add up to it."""

    @classmethod
    def read(cls, value: Mapping[str, Any], path: str) -> Self:
        """Make one of what stands in a file. DataError for a format that is not known, and for what is not a receipt."""
        refuse_other_formats(value, READABLE, path, "a receipt")
        try:
            outputs = tuple(OutputFile(**item) for item in value["outputs"])
            return cls(
                stage=value["stage"],
                shard=value["shard"],
                job=value["identity"]["job"],
                code=value["identity"]["code"],
                inputs=tuple(Input(**item) for item in value["inputs"]),
                outputs=outputs,
                rows_in=value["rows_in"],
                rows_out=value["rows_out"],
                dropped=value["dropped"] or _NOTHING,
                unreadable=value["unreadable"] or _NOTHING,
                skipped=value["skipped"] or _NOTHING,
                text_bytes=value["text_bytes"],
                tokens=value["tokens"],
                spans=_spans(value),
                notes=value["notes"] or _NOTHING,
                measured=Measured(**value["measured"]),
                accepted=value.get("accepted", ""),
                failed=value.get("failed", ""),
                settings=value.get("settings") or _NOTHING,
                output_bytes=sum(item.bytes for item in outputs),
            )
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{path}: is not a receipt ({error}). Delete it; the next run rebuilds its shard."
            ) from error

    def value(self) -> dict[str, Any]:
        """Return what stands in the file."""
        return {
            "format": FORMAT,
            "stage": self.stage,
            "shard": self.shard,
            "identity": {"job": self.job, "code": dict(self.code)},
            "inputs": [_input(item) for item in self.inputs],
            "outputs": [_output(item) for item in self.outputs],
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "dropped": dict(sorted(self.dropped.items())),
            "unreadable": dict(sorted(self.unreadable.items())),
            "skipped": dict(sorted(self.skipped.items())),
            "text_bytes": self.text_bytes,
            "tokens": self.tokens,
            "spans": [list(span) for span in self.spans],
            "notes": dict(self.notes),
            "measured": _measured(self.measured),
            **({"accepted": self.accepted} if self.accepted else {}),
            **({"failed": self.failed} if self.failed else {}),
            **({"settings": dict(self.settings)} if self.settings else {}),
        }

    def slim(self) -> Self:
        """Return what a job as a whole is accepted by: without identity and inputs, with only the first of its files."""
        return replace(self, job="", code=_NOTHING, inputs=(), outputs=self.outputs[:1], settings=_NOTHING)


def _input(item: Input) -> dict[str, Any]:
    value = {"path": item.path, "bytes": item.bytes, "sha256": item.sha256, "modified": item.modified}
    return value | ({"etag": item.etag} if item.etag else {})


def _output(item: OutputFile) -> dict[str, Any]:
    return {"path": item.path, "bytes": item.bytes, "sha256": item.sha256, "rows": item.rows}


def _measured(measured: Measured) -> dict[str, Any]:
    return {
        "wall_seconds": measured.wall_seconds,
        "cpu_seconds": measured.cpu_seconds,
        "peak_memory_bytes": measured.peak_memory_bytes,
        "input_bytes": measured.input_bytes,
        **({"network": dict(measured.network)} if measured.network else {}),
    }


def _spans(value: Mapping[str, Any]) -> tuple[tuple[str, int, int], ...]:
    if value["format"] == 2:  # one span of the shard itself, or of each shard that a token task read
        old = {**value["notes"].get("spans", {}), **({value["shard"]: value["span"]} if value["span"] else {})}
        return tuple((file_name(shard), *span) for shard, span in old.items())
    return tuple((file, first, after) for file, first, after in value["spans"])


@dataclass(frozen=True, slots=True)
class ShardList:
    """The names of all shards that a job makes: STAGE/plan.json, written before its first task."""

    stage: str
    """The job, and its folder."""
    shards: tuple[str, ...]
    """Sorted by name."""
    identity: Mapping[str, Any] = field(default_factory=dict)
    """What decides the job's output, as far as JSON can say it: the recipe's part of it."""

    @classmethod
    def read(cls, value: Mapping[str, Any], path: str) -> Self:
        """Make one of what stands in a file. DataError for what is none."""
        try:
            return cls(value["stage"], tuple(value["shards"]), value["identity"])
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{path}: is not a list of shards ({error}). Delete it; the next run writes it again."
            ) from error

    def value(self) -> dict[str, Any]:
        """Return what stands in the file."""
        return {"format": FORMAT, "stage": self.stage, "shards": list(self.shards), "identity": dict(self.identity)}
