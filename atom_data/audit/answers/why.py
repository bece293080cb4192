"""`atom-data why`: all that a run knows of a document, by its id, its URL, or a sentence of its text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from atom_data.audit.answers.folders import Folders, open_folders
from atom_data.audit.answers.index import Index, Say, open_index
from atom_data.audit.answers.rows import cell
from atom_data.audit.answers.station import Outcome, Station
from atom_data.audit.answers.tokens import Layout, Read, Tokens, reads_of, tokens_of
from atom_data.audit.answers.way import Ways
from atom_data.audit.difference import Difference, difference
from atom_data.errors import DataError
from atom_data.runner.claims.files import others_at_work
from atom_data.workspace import Workspace

COPIES = 20
"""Copies of a document that are followed."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Another document of the same cluster."""

    id: str
    url: str
    outcome: Outcome
    stage: str
    """Where it is kept last, or was dropped."""
    numbers: dict[str, object]
    """What was measured of the pair."""
    difference: Difference | None = None
    """Where the two texts differ, where both are in the folder."""


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is known of one document or record."""

    id: str
    url: str
    outcome: Outcome
    stage: str
    """Where it is kept last, was dropped, or could not be read."""
    stations: tuple[Station, ...]
    kept_instead: Copy | None
    copies: tuple[Copy, ...]
    """Documents that were dropped because this one was kept."""
    tokens: tuple[Tokens, ...]
    reads: tuple[Read, ...]


class Answers:
    """Answers for the documents of one output folder."""

    def __init__(self, workspace: Workspace, index: Callable[[Folders], Index], recipe: str = "") -> None:
        """Look at what is there. DataError where there is no run."""
        self.workspace, self.folders = workspace, open_folders(workspace)
        self.ways = Ways(self.folders, index(self.folders), recipe)

    def named(self, query: str) -> list[Station]:
        """Return where the documents with this id or URL, or the record of this name, came in."""
        return self.ways.begin(query)

    def answer(self, first: Station, layout: Layout | None = None) -> Answer:
        """Return all that is known of a document, from where it came in."""
        way = self.ways.way(first)
        last = way[-1]
        stop = next((station for station in way if station.outcome != "kept"), last)
        kept = self._kept(stop, way) if stop.kept_instead else None
        tokens = [tokens_of(self.workspace, one) for one in way if one.kind == "tokens" and one.outcome == "kept"]
        reads = [read for one in tokens for read in reads_of(self.workspace, one, layout)] if layout else []
        copies = [self._copy(one) for one in self.ways.copies(first.id)[:COPIES]] if first.outcome == "kept" else []
        url = next((station.url for station in way if station.url), "")
        end = last if tokens else stop  # a part that was held out may keep what another drops
        return Answer(
            first.id, url, end.outcome, end.stage, tuple(way), kept, tuple(copies), tuple(tokens), tuple(reads)
        )

    def text(self, way: tuple[Station, ...] | list[Station]) -> str | None:
        """Return the text of a document as the last stage has it that kept it; None where none of them has it."""
        for station in reversed(way):
            if station.outcome == "kept" and station.kind == "stage":
                found = cell(self.workspace.path(station.file), station.row, "text")
                if found is not None:
                    return str(found)
        return None

    def _copy(self, station: Station) -> Copy:
        return Copy(station.id, station.url, "dropped", station.stage, dict(station.numbers))

    def _kept(self, stop: Station, way: list[Station]) -> Copy:
        """Return the document that was kept instead of one, and where the two differ."""
        mine, identity = self.text(way), stop.kept_instead
        for first in self.named(identity):
            if first.id == identity:
                others = self.ways.way(first)
                end = next((one for one in others if one.outcome != "kept"), others[-1])
                there = [one for one in others if one.stage in {station.stage for station in way[:-1]}]
                text = self.text(there)
                differs = difference(text, mine) if text is not None and mine is not None else None
                return Copy(identity, first.url, end.outcome, end.stage, dict(stop.numbers), differs)
        return Copy(identity, "", "kept", "", dict(stop.numbers))


def open_answers(workspace: Workspace, place: str, recipe: str = "", say: Say = lambda done, whole: None) -> Answers:
    """Open a run's folder for questions, with its index in `place`."""
    return Answers(workspace, lambda folders: open_index(folders, place, workspace.token, say), recipe)


def not_there(answers: Answers, query: str) -> DataError:
    """Return the error for an id or URL that is nowhere, with what is near to it."""
    root = answers.workspace.root
    near = next((name for name in _near(query) if answers.named(name)), "")
    meant = f" Did you mean '{near}'?" if near else ""
    busy = others_at_work(answers.workspace)
    if busy:
        return DataError(
            f"{root}: no document or record '{query}' in the shards that are finished; {busy[0].what} is at work there "
            f"({busy[0].who}).{meant} Ask again when it is done."
        )
    documents = "kept, dropped or unread" if answers.folders.texts else "in its tokens"
    return DataError(
        f"{root}: no document or record '{query}', {documents}; ids stand in every stage, unread records are called "
        f"SHARD:POSITION.{meant} Give an id, a URL as it was crawled, or some words of the text in quotes."
    )


def _near(query: str) -> Iterator[str]:
    """Yield other spellings of an id or URL: another scheme, with or without www, fragment, and slash at the end."""
    text = query.strip()
    yield from (name for name in (text, text.lower()) if name != query)
    if "://" not in text:
        return
    parts = urlsplit(text)._replace(fragment="")
    hosts = (parts.netloc, parts.netloc.removeprefix("www."), f"www.{parts.netloc}")
    for scheme in ("https", "http"):
        for host in dict.fromkeys(hosts):
            for path in dict.fromkeys((parts.path, parts.path.rstrip("/"), f"{parts.path.rstrip('/')}/")):
                yield parts._replace(scheme=scheme, netloc=host.lower(), path=path).geturl()


def run_folder(output: str) -> str:
    """Return the output folder of a run where a folder of its tokens was given; what was given for anything else."""
    path = Path(output)
    inside = (path / "plan.json").is_file()
    return str(path.absolute().parent) if inside else output
