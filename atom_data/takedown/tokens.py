"""A token shard without some documents: written anew, or with their ids replaced by the end token.

Of a masked document docs.parquet keeps the number of tokens, so that offsets and order are as they were; all else in its
row is null. SHARD.masked (int64, two columns: first token, token after the last) has the ranges for loaders that are
not ours, and the receipt's notes `masked` the same, with `unmasked`, the SHA-256 of the .bin before: the fingerprint of the
tokens goes by it, so that the state of a run stays valid.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import DataError
from atom_data.storage.parquet import Output, create_parquet, read_parquet, schema_of
from atom_data.storage.paths import Hashed, create
from atom_data.storage.receipts import OutputFile, Receipt
from atom_data.takedown.rows import Values, output_of, patched, renumbered, staged
from atom_data.tokens.megatron import Index, create_megatron, read_pair
from atom_data.workspace import Workspace

ENDINGS = ("docs.parquet", "bin", "idx")
SIDECAR = "masked"
PIECE_TOKENS = 1 << 22
Bools = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Shard:
    """A token shard as it is to be."""

    files: list[OutputFile] = field(default_factory=list)
    """docs.parquet, .bin, .idx, and the sidecar of masks where there are any."""
    ids: tuple[str, ...] = ()
    """Of the documents that went."""
    documents: int = 0
    """How many they are."""
    rows: dict[str, list[int]] = field(default_factory=dict)
    """The rows of the source that go, by its shards."""
    tokens: int = 0
    text_bytes: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


def token_files(receipt: Receipt) -> dict[str, OutputFile]:
    """Return the files of a token shard by their endings."""
    start = f"{receipt.stage}/{receipt.shard}."
    return {item.path.removeprefix(start): item for item in receipt.outputs if item.path.startswith(start)}


def tokens_without(
    receipt: Receipt, ids: pa.Array, values: Values, mask: bool, lost: Mapping[str, Sequence[int]], workspace: Workspace
) -> Shard:
    """Write a token shard without documents, or masked; `lost` are rows of others that go, which have no tokens.

    DataError where its files do not fit. Memory: its docs.parquet.
    """
    files, prefix = token_files(receipt), f"{receipt.stage}/{receipt.shard}"
    path = workspace.path(files["docs.parquet"].path)
    schema = schema_of(path)
    table = pa.Table.from_batches(read_parquet(path, schema.names), schema)
    index = read_pair(workspace.path(prefix))
    if table.column("tokens").to_pylist() != index.lengths.tolist():
        raise DataError(f"{path}: its rows are not the documents of the .idx beside it. Make the shard again.")
    gone = np.asarray(pc.fill_null(pc.is_in(table.column("id"), ids), False))
    found = Shard(
        ids=tuple(table.column("id").filter(pa.array(gone)).to_pylist()),
        documents=int(gone.sum()),
        tokens=int(index.lengths[gone].sum()),
        text_bytes=int(pc.sum(table.column("text_bytes").filter(pa.array(gone))).as_py() or 0),
    )
    found.rows = _rows_gone(table, gone, lost)
    table = _renumbered(table, found.rows)
    if mask:
        table = _blanked(table, gone)
        found.files = [files["bin"], files["idx"]]
        if found.documents:
            found.files[0] = _masked(files["bin"], index, gone, int(receipt.notes["eos_id"]), workspace)
    else:
        table = table.filter(pa.array(~gone))
        found.files = _rewritten(prefix, index, gone, workspace) if found.documents else [files["bin"], files["idx"]]
    found.files.insert(0, _documents(files["docs.parquet"], table, values, workspace))
    _note_masks(found, receipt, table, files, workspace)
    return found


def _rows_gone(table: pa.Table, gone: Bools, lost: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """Return the rows of the source that go, sorted, by its shards."""
    own = table.select(["shard", "row"]).filter(pa.array(gone)).to_pylist()
    found = {shard: list(rows) for shard, rows in lost.items()}
    for line in own:
        found.setdefault(line["shard"], []).append(line["row"])
    return {shard: sorted(rows) for shard, rows in found.items()}


def _renumbered(table: pa.Table, gone: Mapping[str, Sequence[int]]) -> pa.Table:
    """Return docs.parquet with the row numbers that documents have once those that go are out of the source."""
    rows, shards = table.column("row").fill_null(-1).to_numpy().copy(), table.column("shard")
    for shard, out in gone.items():
        mine = np.asarray(pc.fill_null(pc.equal(shards, shard), False))
        rows[mine] = renumbered(rows[mine], out)
    place = table.schema.get_field_index("row")
    return table.set_column(place, table.schema.field(place), pa.array(rows, pa.int64(), mask=rows < 0))


def _blanked(table: pa.Table, gone: Bools) -> pa.Table:
    """Return docs.parquet with nothing but the tokens in the rows of documents that are masked."""
    keep = pa.array(~gone)
    columns = [
        table.column(item.name)
        if item.name == "tokens"
        else pc.if_else(keep, table.column(item.name), pa.scalar(None, item.type))
        for item in table.schema
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _documents(item: OutputFile, table: pa.Table, values: Values, workspace: Workspace) -> OutputFile:
    new = Output(staged(item.path))
    with create_parquet(workspace.path(new.path), table.schema, workspace.token, new) as written:
        for batch in table.combine_chunks().to_batches():
            written.write(patched(batch, values))
    return output_of(new, item.path)


def _rewritten(prefix: str, index: Index, gone: Bools, workspace: Workspace) -> list[OutputFile]:
    binary, rest = Output(staged(f"{prefix}.bin")), Output(staged(f"{prefix}.idx"))
    dtype = np.dtype(index.dtype).newbyteorder("<")
    with create_megatron(workspace.path(staged(prefix)), dtype, workspace.token, binary, rest) as shard:
        for first, last in _runs(index, ~gone):
            ids = _ids(workspace.path(f"{prefix}.bin"), index, int(index.starts[first]), _end(index, last))
            shard.write(ids, index.lengths[first:last].astype(np.int64))
    return [output_of(binary, f"{prefix}.bin"), output_of(rest, f"{prefix}.idx")]


def _end(index: Index, last: int) -> int:
    return int(index.starts[last - 1] + index.lengths[last - 1])


def _ids(path: str, index: Index, start: int, stop: int) -> npt.NDArray[Any]:
    size = index.dtype.itemsize
    return np.fromfile(path, index.dtype, stop - start, offset=start * size)


def _runs(index: Index, keep: Bools) -> Iterator[tuple[int, int]]:
    """Yield ranges of neighboring documents that stay, of about PIECE_TOKENS."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], keep, [False]]).astype(np.int8)))
    ends = index.starts + index.lengths
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        first = start
        while first < stop:
            last = int(np.searchsorted(ends[:stop], int(index.starts[first]) + PIECE_TOKENS, "right"))
            last = max(first + 1, last)
            yield first, last
            first = last


def _masked(item: OutputFile, index: Index, gone: Bools, eos_id: int, workspace: Workspace) -> OutputFile:
    new, dtype = Output(staged(item.path)), index.dtype
    begins, stops = index.starts[gone], (index.starts + index.lengths)[gone]
    with create(workspace.path(new.path), workspace.token) as stream:
        hashed = Hashed(stream)
        for start in range(0, index.tokens, PIECE_TOKENS):
            ids = _ids(workspace.path(item.path), index, start, min(start + PIECE_TOKENS, index.tokens))
            first, last = np.searchsorted(stops, start, "right"), np.searchsorted(begins, start + len(ids), "left")
            for begin, stop in zip(begins[first:last].tolist(), stops[first:last].tolist(), strict=True):
                ids[max(begin - start, 0) : stop - start] = eos_id
            hashed.write(np.ascontiguousarray(ids, dtype).view(np.uint8).data)
    new.bytes, new.sha256, new.rows = hashed.bytes, hashed.hexdigest(), item.rows
    return output_of(new, item.path)


def masked_ranges(tokens: pa.ChunkedArray, ids: pa.ChunkedArray) -> list[list[int]]:
    """Return the range of tokens of each document that is masked: those of docs.parquet without an id."""
    lengths = tokens.to_numpy().astype(np.int64)
    rows, stops = np.flatnonzero(np.asarray(pc.is_null(ids))), np.cumsum(lengths)
    ranges: list[list[int]] = np.stack([stops[rows] - lengths[rows], stops[rows]], axis=1).tolist()
    return ranges


def _note_masks(
    found: Shard, receipt: Receipt, table: pa.Table, files: Mapping[str, OutputFile], workspace: Workspace
) -> None:
    """Note what is masked by now, of this takedown and of those before, and write the sidecar."""
    ranges = masked_ranges(table.column("tokens"), table.column("id"))
    found.notes = {key: value for key, value in receipt.notes.items() if key not in ("masked", "unmasked")}
    if not ranges:
        return
    was, now = files["bin"].sha256, found.files[1].sha256
    is_same_order = len(table) == files["docs.parquet"].rows
    found.notes["masked"] = ranges
    found.notes["unmasked"] = receipt.notes.get("unmasked", was) if is_same_order else now
    path, stream = f"{receipt.stage}/{receipt.shard}.{SIDECAR}", io.BytesIO()
    np.save(stream, np.array(ranges, "<i8"))
    with create(workspace.path(staged(path)), workspace.token) as raw:
        hashed = Hashed(raw)
        hashed.write(stream.getvalue())
    found.files.append(OutputFile(path, hashed.bytes, hashed.hexdigest(), len(ranges)))
