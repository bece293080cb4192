"""Where a document's tokens lie, and which samples of a training run read them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atom_data.audit.answers.folders import DOCS
from atom_data.audit.answers.station import Station
from atom_data.errors import ConfigError
from atom_data.tokens.megatron import read_index
from atom_data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a document: [start, stop) of a shard, those that begin and end it included."""

    folder: str
    shard: str
    document: int
    """Its number in the shard."""
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Read:
    """A sample of a training run that reads tokens [start, stop) of a document, counted from its first."""

    sample: int
    epoch: int
    start: int
    stop: int
    seen: bool
    """Whether the run had read it when its state was saved."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a training run reads tokens: what a mix file or a saved state of the loader says, or length and seed."""

    length: int
    seed: int = 0
    mix: Path | None = None
    state: Path | None = None
    epochs: int = 1


def tokens_of(workspace: Workspace, station: Station) -> Tokens:
    """Return where the tokens of a document are. Memory: 20 bytes per document of its shard."""
    index = read_index(workspace.path(f"{station.file.removesuffix(DOCS)}.idx"))
    start, length = int(index.starts[station.row]), int(index.lengths[station.row])
    return Tokens(station.stage, station.shard, station.row, start, start + length)


def reads_of(workspace: Workspace, found: Tokens, layout: Layout) -> list[Read]:
    """Return the samples that read a document. ConfigError where the mix does not have its folder."""
    from atom_data.audit.training_run import open_run  # noqa: PLC0415 - the loader

    folder = str(workspace.local(found.folder).absolute())
    run = open_run(str(layout.mix or folder), length=layout.length, seed=layout.seed, state=layout.state)
    names = [
        name for name, source in run.samples.sources.items() if Path(source.folder).resolve() == Path(folder).resolve()
    ]
    if not names:
        there = ", ".join(source.folder for source in run.samples.sources.values())
        raise ConfigError(f"{layout.mix}: does not read {folder}; it reads {there}. Give the mix of this run.")
    source: Any = run.samples.sources[names[0]]
    number = next(place for place, shard in enumerate(source.shards) if shard["name"] == found.shard)
    row = {"first_token": found.start, "stop_token": found.stop}
    return list(run.reads(names[0], number, row, layout.epochs))
