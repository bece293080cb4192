"""A change to an index is made whole in `INDEX.adding`, then moved into place; one that fails changes nothing.

What the index has is linked there and not copied: every file of a run is written under another name and renamed, so a
link never changes. The change counts from the moment that `index.json` is replaced; what a crash leaves after it is put in
place by the next command (`settle`), what one leaves before it is not part of the index.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from atom_data.dedup.index import Index
from atom_data.storage.partials import sweep
from atom_data.storage.paths import write_errors


def place_beside(folder: Path) -> Path:
    """Return where a change to the index in a folder is made."""
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}.adding")


def begin(folder: Path, changed: Index) -> Index:
    """Return the changed index in the place beside, with all that the one in `folder` has made; it is not in the index yet.

    An earlier attempt at the same change is continued. DataError when the place cannot be written.
    """
    place = place_beside(folder)
    beside = replace(changed, folder=place)
    with write_errors(str(place)):
        if not _is_same(place, beside):
            discard(folder)
            place.mkdir(parents=True)
            if Path(changed.out).exists():
                shutil.copytree(changed.out, beside.out, copy_function=_link)
        sweep(str(place / "out"))
        beside.save()  # only now can the attempt be continued
    return beside


def _is_same(place: Path, wanted: Index) -> bool:
    """Tell whether an attempt at this change is there. The files of the new source may be others: they may have been fixed."""
    if not (place / "index.json").exists():
        return False
    there = Index.load(place)
    *before, last = there.sources or (None,)
    *wanted_before, wanted_last = wanted.sources or (None,)
    if last is None or wanted_last is None:
        return False
    same_source = replace(last, shards=()) == replace(wanted_last, shards=())
    same = replace(there, sources=(), memory="") == replace(wanted, sources=(), memory="")
    return same and same_source and before == wanted_before


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def commit(folder: Path, beside: Index) -> Index:
    """Put a change in its place and return the index."""
    with write_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        _remove(folder / "out.new")
        shutil.move(beside.out, folder / "out.new")
        replace(beside, folder=folder, moving=True).save()
        _remove(beside.folder)
    return settle(Index.load(folder))


def settle(index: Index) -> Index:
    """Finish what a stopped `commit` left, and return the index."""
    out, new, old = (index.folder / name for name in ("out", "out.new", "out.old"))
    if index.moving:
        if new.exists():
            _remove(old)
            if out.exists():
                out.rename(old)
            new.rename(out)
        index = replace(index, moving=False)
        index.save()
    _remove(new)
    _remove(old)
    return index


def discard(folder: Path) -> None:
    """Remove what a failed change left beside an index, its links to documents included."""
    _remove(place_beside(folder))


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
