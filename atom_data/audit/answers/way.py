"""The way of one document through all folders of a run, from where it came in to where it is kept or was dropped."""

from collections.abc import Iterator, Sequence

from atom_data.audit.answers.cards import Cards, cards_of
from atom_data.audit.answers.folders import Folder, Folders
from atom_data.audit.answers.index import Index, Place
from atom_data.audit.answers.keys import COPY, escaped
from atom_data.audit.answers.station import Station, copies_in, only, stations_in


class Ways:
    """Follows documents through the folders of one run; cards are read once."""

    def __init__(self, folders: Folders, index: Index, recipe: str = "") -> None:
        """Take the folders of a run and their index; `recipe`: next to which cards may lie."""
        self.folders, self.index, self._recipe = folders, index, recipe
        self._cards: dict[str, Cards] = {}

    def cards(self, folder: Folder) -> Cards:
        """Return the cards of a stage."""
        if folder.name not in self._cards:
            self._cards[folder.name] = cards_of(self.folders.workspace, folder.identity, self._recipe)
        return self._cards[folder.name]

    def begin(self, query: str) -> list[Station]:
        """Return where documents with this id or URL, or records of this name, came in."""
        found: list[Station] = []
        for place in self.index.find(query):
            folder = self.folders.found.get(place.folder)
            if folder is not None and not folder.reads:
                found += self._in(folder, place.shard, {"id": query, "url": query})
        return found

    def way(self, first: Station) -> list[Station]:
        """Return all stations of a document, the first one given: in each folder after those that it reads."""
        passed = {first.stage: first}
        if first.outcome == "kept":
            for folder in self.folders.found.values():
                if folder.name not in passed and any(self._kept(passed, before) for before in folder.reads):
                    station = self._next(folder, first)
                    if station is not None:
                        passed[folder.name] = station
        return list(passed.values())

    @staticmethod
    def _kept(passed: dict[str, Station], name: str) -> bool:
        return name in passed and passed[name].outcome == "kept"

    def _next(self, folder: Folder, first: Station) -> Station | None:
        if folder.kind == "stage":
            places: Sequence[Place] = (Place(folder.name, first.shard),)
        else:
            places = [place for place in self.index.find(first.id) if place.folder == folder.name]
        found = [station for place in places for station in self._in(folder, place.shard, {"id": first.id})]
        if folder.kind == "tokens":  # two sources may have documents of one id
            found = [station for station in found if station.columns["shard"] == first.shard]
        return only(found, f"{folder.name}/{first.shard}", first.id)

    def _in(self, folder: Folder, shard: str, names: dict[str, str]) -> Iterator[Station]:
        return stations_in(self.folders.workspace, folder, shard, names, self.cards(folder))

    def copies(self, identity: str) -> list[Station]:
        """Return the stations of documents that were dropped as copies of this one."""
        found: list[Station] = []
        for place in self.index.find(f"{COPY}{escaped(identity)}"):
            folder = self.folders.found[place.folder]
            found += copies_in(self.folders.workspace, folder, place.shard, identity, self.cards(folder))
        return found
