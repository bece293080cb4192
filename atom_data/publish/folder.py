"""A folder ready for a hub: the data by link or copy, the papers, checksums and the root.

FOLDER/README.md         the hub card            FOLDER/croissant.json    Croissant 1.1
FOLDER/eu-summary.md     the EU summary          FOLDER/eu-summary.html   the same to read and to print
FOLDER/CITATION.cff      how to cite it          FOLDER/facts.json        every number, and where it is from
FOLDER/domains.csv       all domains by bytes    FOLDER/ROOT              the Merkle root
FOLDER/SHA256SUMS        of all of these         FOLDER/data/STAGE/*      the shards
FOLDER/atom-data.json    what was made, so that the folder can be published into again (storage/made.py)
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from atom_data.errors import ConfigError, DataError
from atom_data.publish.facts.facts import DataFile, Facts
from atom_data.publish.facts.gather import DOMAINS, Ask, gather
from atom_data.publish.papers.card import card
from atom_data.publish.papers.citation import citation
from atom_data.publish.papers.croissant import croissant
from atom_data.publish.papers.words import data_path
from atom_data.publish.passport.passport import Passport
from atom_data.publish.passport.read import require
from atom_data.publish.summary.fields import fields_of, parts_of
from atom_data.publish.summary.known import Known
from atom_data.publish.summary.markdown import summary_markdown
from atom_data.publish.summary.page import summary_page
from atom_data.runner.claims.takedowns import refuse_begun
from atom_data.storage.made import Made, link_file, making, refuse_place, write_file
from atom_data.storage.paths import Hashed, create, is_remote, local
from atom_data.takedown.published import BY, note_published
from atom_data.tokens.exports import refuse_inside_run
from atom_data.workspace import Workspace

TOKEN = "publish"
SUMS = "SHA256SUMS"
ROOT = "ROOT"


@dataclass(frozen=True, slots=True)
class Published:
    """What was published."""

    facts: Facts
    files: int
    """Shards of documents."""
    withheld: int
    papers: tuple[str, ...]
    copied_bytes: int
    noted: bool
    """The run's folder knows of it; not where that folder may not be written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class How:
    """What the caller chooses, beside what the passport says."""

    stages: tuple[str, ...] = ()
    memory: int = 2_000_000_000
    scratch: str | None = None
    copy: bool = False
    """Copy the shards; else they are links, hard ones where the file system has them."""


def refuse_remote(workspace: Workspace) -> None:
    """Refuse a run on an object store. ConfigError."""
    if workspace.is_remote:
        raise ConfigError(f"{workspace.root}: is published from folders only. Copy the run to one, or mount it.")


@contextmanager
def known_of(workspace: Workspace, passport: Passport, how: How) -> Iterator[tuple[Known, Path]]:
    """Yield facts and passport of a finished run, and a folder in which the list of all domains lies meanwhile."""
    refuse_remote(workspace)
    refuse_begun(workspace)
    named = [row.text("name") for row in passport.rows("source")]
    ask = Ask(
        stages=how.stages,
        hidden=passport.hidden,
        crawled=passport.named("crawled"),
        only=named[0] if len(named) == 1 else "",
        small=bool(passport.yes("provider.small_company")),
        memory=how.memory,
    )
    with TemporaryDirectory(prefix="atom-data-publish-", dir=how.scratch) as folder:
        yield Known(gather(workspace, ask, Path(folder)), passport), Path(folder)


def publish(
    workspace: Workspace,
    target: str,
    passport: Passport,
    how: How,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Published:
    """Write the folder. A folder that holds this corpus already is brought up to date, any other that is not empty refused.

    ConfigError for a target that is remote, in the run, or holds something else; DataError for a run that is not finished,
    and for a shard whose copy has another hash than its receipt. Every file appears whole; SHA256SUMS comes last.
    Memory: that of `gather`, and the papers.
    """
    if is_remote(target):
        raise ConfigError(f"--to: {target}: is not a folder of this machine. Publish into one, and upload that.")
    require(passport)
    place = local(target).absolute()
    refuse_place(place)
    refuse_inside_run(BY, target, workspace.local("any").absolute())
    with known_of(workspace, passport, how) as (known, folder):
        return _write(workspace, place, known, folder, how, progress)


def papers(known: Known) -> dict[str, bytes]:
    """Return the papers by their names."""
    facts, corpus = known.facts, known.passport.table("corpus")
    fields = list(fields_of(parts_of(known)))
    name = f"{corpus.text('name')} {corpus.text('version')}"
    about = (
        f"By atom-data {facts.version}, from the receipts of the corpus and answers of its makers. Root: {facts.root}"
    )
    texts = {
        "README.md": card(known),
        "croissant.json": croissant(known),
        "eu-summary.md": summary_markdown(fields, name, about),
        "eu-summary.html": summary_page(fields, name, about),
        "CITATION.cff": citation(facts, known.passport),
        "facts.json": json.dumps(facts.value(), indent=1, ensure_ascii=False) + "\n",
        ROOT: f"{facts.root}\n",
    }
    return {name: text.encode("utf-8", "replace") for name, text in texts.items()}


def _write(
    workspace: Workspace, place: Path, known: Known, folder: Path, how: How, progress: Callable[[int, int], None]
) -> Published:
    facts, made_papers = known.facts, papers(known)
    domains = folder / DOMAINS
    names = [*made_papers, *([DOMAINS] if domains.exists() else []), SUMS]
    data = {data_path(file.stage, file.name): file for file in facts.published}
    claim = Made(
        by=BY,
        of=f"corpus {known.passport.text('corpus.name')}",
        fingerprint=facts.root,
        options={"copy": how.copy},
        files=tuple({"path": name} for name in [*names, *data]),
    )
    copied = 0
    with making(place, claim) as made:
        noted = note_published(workspace, place)
        for number, (name, file) in enumerate(data.items()):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            made.files.append(_put(workspace, place / name, name, file, how.copy))
            copied += file.bytes if how.copy else 0
            progress(number + 1, len(data))
        made.files += [write_file(place, name, text, TOKEN) for name, text in made_papers.items()]
        if domains.exists():
            made.files.append(_copied(domains, place / DOMAINS, DOMAINS))
        listed = sorted(made.files, key=lambda item: str(item["path"]))
        sums = "".join(f"{item['sha256']}  {item['path']}\n" for item in listed)
        made.files.append(write_file(place, SUMS, sums.encode(), TOKEN))
    withheld = len(facts.files) - len(data)
    return Published(facts, len(data), withheld, tuple(sorted(names)), copied, noted)


def _put(workspace: Workspace, target: Path, name: str, file: DataFile, copy: bool) -> dict[str, Any]:
    source = workspace.local(file.path)
    if not copy:
        link_file(source, target, TOKEN)
        return {"path": name, "bytes": file.bytes, "sha256": file.sha256}
    line = _copied(source, target, name)
    if line["sha256"] != file.sha256:
        target.unlink(missing_ok=True)
        raise DataError(
            f"{file.path}: is not what its receipt says (another SHA-256). Run atom-data verify {workspace.root} --repair first."
        )
    return line


def _copied(source: Path, target: Path, name: str) -> dict[str, Any]:
    with create(str(target), TOKEN) as stream, source.open("rb") as given:
        hashed = Hashed(stream)
        while data := given.read(1 << 20):
            hashed.write(data)
    return {"path": name, "bytes": hashed.bytes, "sha256": hashed.hexdigest()}
