"""What atom-data made in a folder that a user names with --to: the record beside it says who made it, of what, and every file.

FOLDER/atom-data.json

    {"format": 1, "made": [{"by": "export olmo", "of": "/data/out/tokens", "fingerprint": "...", "options": {}, "about": {},
     "reads": ".npy", "shared": [], "whole": true, "files": [{"path": "shard-00000.npy", "bytes": 1, "sha256": "..."}]}]}

It is written twice: before anything else with the names of all files, old and new, and "whole" false, so that whatever a
crash leaves is known to be ours; and last, with sizes and hashes. Files that no record names are never touched.
"""

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from atom_data.errors import ConfigError, DataError
from atom_data.storage.paths import PARTIAL, Hashed, create, local, write_errors
from atom_data.storage.receipts import read_json, write_json

RECORD = "atom-data.json"
FORMAT = 1
NAMED = 3
"""How many names an error lists."""
STAGES = ("*/plan.json", "*/*/plan.json")
"""Where an output folder has the plans of stages, and those of the jobs of a pass."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What one command made of one source in a folder."""

    by: str
    """The command, with what tells its outputs apart: `merge`, `export olmo`."""
    of: str
    """Absolute path of the source."""
    fingerprint: str
    """Of the source's content."""
    options: dict[str, Any] = field(default_factory=dict)
    """What else decides the bytes."""
    about: dict[str, Any] = field(default_factory=dict)
    """What the command wants to know again."""
    reads: str = ""
    """The ending of files of which a loader takes all in the folder; empty when it follows our list."""
    shared: tuple[str, ...] = ()
    """Files that speak of all sources of the same command."""
    whole: bool = False
    files: tuple[dict[str, Any], ...] = ()
    """`path` below the folder; when whole, `bytes` and `sha256` too."""

    @property
    def names(self) -> set[str]:
        """The paths of its files."""
        return {item["path"] for item in self.files}


@dataclass(slots=True)
class Making:
    """An output in the making: what is beside it, and what has been made so far."""

    place: Path
    claim: Made
    files: list[dict[str, Any]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def others(self) -> tuple[Made, ...]:
        """What the record says of others now."""
        found = (item for item in read_made(str(self.place)) if _left(self.place, item))
        return tuple(item for item in found if not _replaces(self.claim, item))


def read_made(folder: str) -> tuple[Made, ...]:
    """Return what the record of a folder says, nothing where there is none. DataError for a record that is not of ours."""
    path = str(local(folder) / RECORD)
    page = read_json(path)
    if page is None:
        return ()
    if page.get("format") != FORMAT:
        raise DataError(
            f"{path}: is of format {page.get('format')}, this version knows {FORMAT}. Give another folder, or the "
            "version of atom-data that made it."
        )
    try:
        made = tuple(
            Made(**{**item, "shared": tuple(item["shared"]), "files": tuple(item["files"])}) for item in page["made"]
        )
        paths = [Path(name) for item in made for name in item.names]
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{path}: is not a record of atom-data ({type(error).__name__}: {error}). Give another folder."
        ) from error
    for name in paths:
        if name.is_absolute() or ".." in name.parts:
            raise DataError(f"{path}: names {name}, which is not below its folder. It was edited: give another folder.")
    return made


@contextlib.contextmanager
def making(place: Path, claim: Made, *, together: bool = False, keep: bool = False) -> Iterator[Making]:
    """Claim the files of `claim` in a folder, clear away what they replace, and note what was made when all is done.

    A folder that the same command filled from the same source (the same path, or the same content under another) is
    filled again: files that are no longer made are removed, and where the content changes, the others before the first
    new one appears, so that old and new never stand side by side; with `keep` files of the same name stay, for a command
    that looks at each. `together`: sources of this command may share a folder.
    ConfigError, with nothing touched: a folder with files that no record speaks of, one of another source, one whose
    files would be replaced or read together with the new ones, and the folder of a run or a stage.
    """
    refuse_place(place)
    there = [item for item in read_made(str(place)) if _left(place, item)]
    mine = [item for item in there if _replaces(claim, item)]
    others = tuple(item for item in there if item not in mine)
    old = {name for item in mine for name in item.names}
    _refuse_foreign(place, claim, there)
    _refuse_others(place, claim, others, together)
    _refuse_changed(place, mine, old - claim.names)
    token = f"{claim.by.replace(' ', '-')}-{os.getpid()}"
    with write_errors(str(place)):
        place.mkdir(parents=True, exist_ok=True)
        open_claim = replace(claim, whole=False, files=tuple({"path": name} for name in sorted(old | claim.names)))
        _write(place, [*others, open_claim], token)
        same = all(item.whole and _same_bytes(item, claim) for item in mine)
        shared = {name for item in mine for name in item.shared}
        gone = old - claim.names if same else old - (claim.names - shared if keep else set())
        _remove(place, gone, old | claim.names)
    made = Making(place, claim)
    yield made
    files = tuple(sorted(made.files, key=lambda item: str(item["path"])))
    lists = [item for item in files if item["path"] in claim.shared]
    beside = [_with(item, lists) if item.by == claim.by else item for item in made.others]
    _write(place, [*beside, replace(claim, about=made.about, whole=True, files=files)], token)


def _with(made: Made, lists: Sequence[dict[str, Any]]) -> Made:
    """Return what another source made with the lists as they are now."""
    names = {item["path"] for item in lists}
    own = [item for item in made.files if item["path"] not in names]
    return replace(made, files=(*own, *(lists if made.whole else [{"path": name} for name in sorted(names)])))


def _same_bytes(one: Made, other: Made) -> bool:
    return one.fingerprint == other.fingerprint and one.options == other.options


def _write(place: Path, made: Sequence[Made], token: str) -> None:
    ordered = sorted(made, key=lambda item: (item.by, item.of))
    write_json(str(place / RECORD), {"format": FORMAT, "made": [asdict(item) for item in ordered]}, token)


def write_file(place: Path, name: str, data: bytes, token: str) -> dict[str, Any]:
    """Write a small file whole or not at all; return its path, bytes and SHA-256, as a record has them."""
    with create(str(place / name), token) as stream:
        hashed = Hashed(stream)
        hashed.write(data)
    return {"path": name, "bytes": hashed.bytes, "sha256": hashed.hexdigest()}


def link_file(source: Path, target: Path, token: str) -> None:
    """Make `target` another name of `source`, a symbolic one where need be; what stood there is replaced at once."""
    if target.exists() and target.samefile(source):
        return
    partial = target.with_name(f"{target.name}.{token}{PARTIAL}")
    partial.unlink(missing_ok=True)
    try:
        os.link(source, partial)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            raise
        partial.symlink_to(source)
    partial.replace(target)


def refuse_place(place: Path) -> None:
    """Refuse a folder that is a file, that belongs to a stage, or that holds a run. ConfigError."""
    if place.exists() and not place.is_dir():
        raise ConfigError(f"{place}: is a file, not a folder. Give another folder.")
    stage = stage_around(place)
    if stage is not None:
        raise ConfigError(
            f"{place}: belongs to the stage '{stage.name}' of the run in {stage.parent}, whose shards would be replaced. "
            "Give a folder of its own."
        )
    if place.is_dir() and any(is_stage(path.parent) for end in STAGES for path in sorted(place.glob(end))):
        raise ConfigError(
            f"{place}: is the output folder of a run, where verify calls all else an orphan. Give another."
        )


def stage_around(place: Path) -> Path | None:
    """Return the folder of a stage that `place` is, or is in; None when it is in none."""
    place = Path(os.path.realpath(place))
    return next((folder for folder in (place, *place.parents) if is_stage(folder)), None)


def is_stage(folder: Path) -> bool:
    """Tell whether a folder has the plan and the receipts of a stage."""
    return (folder / "plan.json").is_file() and (folder / "receipts").is_dir()


def refuse_file(path: Path, option: str) -> None:
    """Refuse to write a single file over a shard, an export, or what else a record speaks of. ConfigError."""
    if path.is_dir():
        raise ConfigError(f"{option}: {path} is a folder. Give the name of a file.")
    stage = stage_around(path.parent)
    if stage is not None:
        raise ConfigError(f"{option}: {path} is in the folder of the stage '{stage.name}' of a run. Give another.")
    for made in read_made(str(path.parent)):
        if path.name in made.names or path.name == RECORD:
            raise ConfigError(f"{option}: {path} was made by atom-data {made.by} of {made.of}. Give another name.")


def _same_source(one: Made, other: Made) -> bool:
    return one.of == other.of or one.fingerprint == other.fingerprint


def _replaces(claim: Made, there: Made) -> bool:
    return claim.by == there.by and _same_source(claim, there)


def _left(place: Path, made: Made) -> bool:
    """Tell whether any file of an output is there: one that was removed by hand, or never begun, stands in no way."""
    return any(os.path.lexists(place / name) for name in made.names)


def _refuse_foreign(place: Path, claim: Made, there: Sequence[Made]) -> None:
    """Refuse a folder full of files that we did not make, and, beside ours, those that would be replaced or read."""
    known = {name for item in there for name in item.names}
    found = _visible(place)
    if not (place / RECORD).exists():
        strange = sorted(found)
        why = f"and no {RECORD} says that atom-data made them"
    else:
        taken = {name for name in claim.names - known if os.path.lexists(place / name)}
        read = {name for name in found - known if claim.reads and name.endswith(claim.reads)}
        strange = sorted(taken | read)
        why = f"which atom-data did not make, and which would be replaced, or read by what reads {claim.by}"
    if strange:
        more = f" and {len(strange) - NAMED:,} more" if len(strange) > NAMED else ""
        raise ConfigError(
            f"{place}: holds {', '.join(strange[:NAMED])}{more}, {why}. Give an empty folder, or remove them."
        )


def _visible(place: Path) -> set[str]:
    """Return what is in a folder but for hidden files, half-written ones, and the record."""
    if not place.is_dir():
        return set()
    names = {path.name for path in place.iterdir()}
    return {name for name in names if name != RECORD and name[0] != "." and not name.endswith(PARTIAL)}


def _refuse_others(place: Path, claim: Made, others: Sequence[Made], together: bool) -> None:
    for other in others:
        state = "" if other.whole else "an unfinished "
        what = f"{place}: holds {state}{other.by} of {other.of}"
        if not _same_source(other, claim) and not (together and other.by == claim.by):
            raise ConfigError(
                f"{what}; {claim.by} of {claim.of} would be mixed with it. Give each a folder of its own."
            )
        both = (other.names & claim.names) - set(claim.shared)
        if both:
            raise ConfigError(f"{what}; its {min(both)} would be replaced. Give each a folder of its own.")
        for ending, names in ((claim.reads, other.names), (other.reads, claim.names)):
            read = [name for name in sorted(names) if ending and name.endswith(ending)]
            if read:
                raise ConfigError(
                    f"{what}; who reads all *{ending} of the folder would take {read[0]} for one more. "
                    "Give each a folder of its own."
                )


def _refuse_changed(place: Path, mine: Sequence[Made], stale: set[str]) -> None:
    """Refuse to remove a file that is not the one we made under its name."""
    for item in (item for made in mine if made.whole for item in made.files if item["path"] in stale):
        path = place / item["path"]
        if path.exists() and (path.is_dir() or path.stat().st_size != item["bytes"]):
            raise ConfigError(
                f"{path}: is no longer made, and would be removed; but it is not the file of {item['bytes']:,} bytes that was "
                "made, so it is yours. Move it away."
            )


def _remove(place: Path, names: set[str], known: set[str]) -> None:
    """Remove files, what attempts that were killed left of them, and folders that are empty then."""
    for name in sorted(names):
        (place / name).unlink(missing_ok=True)
    for folder in sorted({(place / name).parent for name in known}, reverse=True):
        with contextlib.suppress(OSError):
            for path in list(folder.iterdir()):
                original = path.relative_to(place).as_posix().rpartition(".")[0].rpartition(".")[0]
                if path.name.endswith(PARTIAL) and original in known:
                    path.unlink(missing_ok=True)
            if folder != place:
                folder.rmdir()
