"""A block of datatrove's as a recipe names it: a class and its options. Made once in a process, at the first batch.

A recipe holds the class and the options, not the made block: so that they count in a stage's identity, travel to workers,
and nothing is loaded before it is needed.
"""

import contextlib
import importlib.metadata
import inspect
import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from atom_data.batch import column
from atom_data.errors import ConfigError, DataError
from atom_data.text.clean import clean

DETAIL_CHARACTERS = 200
NO_TEXT = "no_text"


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of a block, which are the same when they read the same."""

    said: str
    values: Mapping[str, Any] = field(compare=False)


def versions_of(kind: type) -> tuple[str, ...]:
    """Return the versions that decide a block's results: of datatrove, what the block requires, and the word splitter."""
    needed = {"datatrove", "spacy"}
    for above in kind.mro():
        needed |= {one if isinstance(one, str) else one[1] for one in getattr(above, "_requires_dependencies", ())}
    found = []
    for name in sorted(needed):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError, ValueError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    return tuple(found)


def check_block(step: str, kind: object, wanted: type, options: Mapping[str, Any]) -> None:
    """Refuse what is no such block, options it does not take, and blocks whose answers hang on the order of documents."""
    if not (isinstance(kind, type) and issubclass(kind, wanted)):
        raise ConfigError(
            f"{step}: block is {kind!r}. Give a class made from datatrove's {wanted.__name__}, and its arguments as options."
        )
    if "exclusion_writer" in options:
        raise ConfigError(
            f"{step}: {kind.__name__} writes no dropped documents here; the ledger holds them. Leave it out."
        )
    try:
        bound = inspect.signature(kind).bind(**options)
    except TypeError as error:
        takes = ", ".join(inspect.signature(kind).parameters)
        raise ConfigError(f"{step}: {kind.__name__}: {error}. It takes: {takes}.") from error
    bound.apply_defaults()
    _refuse_order(step, kind.__name__, bound.arguments)


def _refuse_order(step: str, name: str, arguments: Mapping[str, Any]) -> None:
    why = ""
    if name == "SamplerFilter":
        why = "it draws in the order of the documents. Take atom_data.signals.SampleUnit and a card"
    if name == "C4BadWordsFilter" and arguments.get("keep_fraction"):
        why = "with keep_fraction it draws in the order of the documents. Set it to 0"
    if name == "Trafilatura" and arguments.get("deduplicate"):
        why = 'it remembers paragraphs of other pages. Set options={"deduplicate": False}'
    if why:
        raise ConfigError(f"{step}: {name} gives other answers in another order: {why}.")


def name_of(kind: type) -> str:
    """Return `gopher_quality` for GopherQualityFilter."""
    name = re.sub(r"(Filter|Formatter|Extractor)$", "", kind.__name__) or kind.__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def made(kind: type, options: Mapping[str, Any]) -> PipelineStep:
    """Return the block of this process. ConfigError when it cannot be made: a package or a file it needs is missing."""
    return _made(kind, _Options(repr(sorted(options.items())), options))


@cache
def _made(kind: type, options: _Options) -> PipelineStep:
    try:
        block: PipelineStep = kind(**options.values)
    except Exception as error:
        raise ConfigError(f"{kind.__name__} cannot be made: {one_line(error)}. See its documentation.") from error
    return block


def fresh(kind: type, options: Mapping[str, Any]) -> Callable[[], Any]:
    """Return what gives the block as its constructor left it, each time; the same one where it cannot be copied."""
    block = made(kind, options)
    try:
        state = pickle.dumps(block)
    except Exception:  # pickle raises what it likes of a model, a lock, a lambda
        return lambda: block
    return lambda: pickle.loads(state)


def documents(batch: pa.RecordBatch, reads: Sequence[str]) -> Iterator[Document | None]:
    """Yield each row as datatrove has it; None for a row without text. A null in `reads` is a key that is not there."""
    identifiers, texts = (column(batch, name).to_pylist() for name in ("id", "text"))
    metadata = [column(batch, name).to_pylist() for name in reads]
    for row, (identity, text) in enumerate(zip(identifiers, texts, strict=True)):
        known = {name: values[row] for name, values in zip(reads, metadata, strict=True) if values[row] is not None}
        yield None if text is None else Document(text=text, id=str(identity), metadata=known)


def failure(kind: type, error: Exception) -> str:
    """Return what a block's exception is called in a column. One that no document is to blame for is raised instead."""
    if isinstance(error, MemoryError):
        raise error
    if isinstance(error, (ImportError, OSError)):
        _lacks(kind, error)
    return f"error: {one_line(error)}"


def _lacks(kind: type, error: Exception) -> NoReturn:
    sort = ConfigError if isinstance(error, ImportError) else DataError
    raise sort(f"{kind.__name__} lacks what it needs to work: {one_line(error)}. Install or fetch it first.") from error


def one_line(error: Exception) -> str:
    """Return an exception as one short line."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return clean(text)[:DETAIL_CHARACTERS].rstrip(".: ")


def array_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return what Python holds as a column of that type, null where a value is of another."""
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.concat_arrays([_one(value, kind) for value in values])


def _one(value: object, kind: pa.DataType) -> pa.Array:
    try:
        return pa.array([clean(value) if isinstance(value, str) else value], kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.nulls(1, kind)
