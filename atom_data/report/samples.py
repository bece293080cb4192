"""Documents that a report shows: kept ones, those dropped for each reason, and dead letters, chosen by a hash of their ids.

They come from a few shards of each stage, which a hash of their names chooses: of a large run a sample of its shards is read
and never all of it. Ledgers say why; the text of a dropped document is that of the stage before, or rebuilt from the source.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from atom_data.audit.answers.cards import Cards, cards_of
from atom_data.audit.answers.folders import DEAD, DROPS, Folder
from atom_data.audit.answers.rows import find_rows, rows_at
from atom_data.audit.difference import difference
from atom_data.audit.sights import kept_instead, place, texts_of
from atom_data.charts.text import plain
from atom_data.errors import AtomDataError
from atom_data.report.choice import Line, least_of
from atom_data.report.facts import Facts, Shards
from atom_data.stage import Stage
from atom_data.storage.paths import exists

SHARDS = 4
"""Shards of a stage that samples come from."""
RARE = 4
"""Shards more, for reasons that these have not."""
KEPT_IN = 16
"""Shards in which the documents are looked for that were kept instead of copies."""
NUMBERS, NUMBER_CHARACTERS = 12, 200
COMPARED = 6000
"""Characters of a copy, and of what was kept, that are compared."""
CHANGES, CHANGE_CHARACTERS = 12, 300
SHORT = 300
"""Characters of an id, a title, a URL."""


@dataclass(slots=True)
class Sample:
    """One document or record."""

    stage: str
    reason: str
    """Empty where it was kept."""
    id: str
    url: str = ""
    title: str = ""
    missed: list[str] = field(default_factory=list)
    """What decided: `word_count is 12: min 50`."""
    numbers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    left_out: int = 0
    """Characters of the text that are not shown."""
    kept: str = ""
    """Of a copy: the id of the document that was kept instead."""
    changes: list[list[str]] = field(default_factory=list)
    """Where the texts differ: words before, what the kept one has, what this one has, words after."""
    compared: str = ""
    """What the comparison came to."""


@dataclass(slots=True)
class Drawing:
    """How samples are drawn from one run."""

    facts: Facts
    stages: Mapping[str, Stage]
    """The stages of the recipe by name, where it could be loaded: they rebuild texts of documents that no stage wrote."""
    count: int
    characters: int
    beside: str = ""
    """The recipe, next to which cards may lie."""


def draw(drawing: Drawing) -> list[Sample]:
    """Return the samples of all stages. Memory: these, and the ids of one shard."""
    found: list[Sample] = []
    for folder in drawing.facts.folders.found.values():
        if folder.kind == "stage" and not drawing.facts.workspace.is_cleaned(folder.name):
            found += _of_stage(drawing, folder, drawing.facts.shards[folder.name])
    return found


def _of_stage(drawing: Drawing, folder: Folder, shards: Shards) -> list[Sample]:
    some = _chosen(shards)
    cards = cards_of(drawing.facts.workspace, folder.identity, drawing.beside)
    dropped = _dropped(drawing, folder, some, cards)
    texts = _texts(drawing, folder, dropped)
    instead = _kept_texts(drawing, folder, [sample.kept for _, sample in dropped if sample.kept], some)
    for shard, sample in dropped:
        title, text = texts.get((shard, sample.id), ("", ""))
        sample.title = plain(title[:SHORT])
        if sample.kept:
            _compare(sample, instead.get(sample.kept), text)
        _set_text(sample, text, drawing.characters)
        _clean(sample)
    kept = _kept(drawing, folder, shards, some)
    return [*kept, *(sample for _, sample in dropped), *_dead(drawing, folder, some)]


def _chosen(shards: Shards) -> list[str]:
    """Return the shards to look into: a few by a hash of their names, and for each reason that these have not, one more."""
    order = sorted(range(len(shards.names)), key=lambda number: place(shards.names[number]))
    chosen, seen = order[:SHARDS], set[str]()
    for number in chosen:
        seen |= _reasons(shards, number)
    rare = 0
    for number in order[SHARDS:]:
        if rare < RARE and (shards.dropped[number] != "{}" or shards.unreadable[number] != "{}"):
            new = _reasons(shards, number) - seen
            if new:
                chosen, seen, rare = [*chosen, number], seen | new, rare + 1
    return [shards.names[number] for number in chosen]


def _reasons(shards: Shards, number: int) -> set[str]:
    return {*json.loads(shards.dropped[number]), *json.loads(shards.unreadable[number])}


def _dropped(drawing: Drawing, folder: Folder, some: Sequence[str], cards: Cards) -> list[tuple[str, Sample]]:
    paths = _there(drawing, some, folder.name, DROPS)
    lines = least_of(paths, ("id",), drawing.count, "reason")
    rows = _rows_of(paths, lines)
    return [
        (line.shard, _sample(folder.name, reason, line.name, rows[line.shard, line.row], cards))
        for reason in sorted(lines)
        for line in lines[reason]
    ]


def _there(drawing: Drawing, shards: Sequence[str], *folders: str) -> dict[str, str]:
    """Return the files of shards in a folder that are there."""
    paths = {shard: drawing.facts.workspace.path(*folders, f"{shard}.parquet") for shard in shards}
    return {shard: path for shard, path in paths.items() if exists(path)}


def _rows_of(
    paths: Mapping[str, str], lines: Mapping[str, Sequence[Line]], without: Collection[str] = ()
) -> dict[tuple[str, int], dict[str, Any]]:
    """Return what stands in lines, by shard and row."""
    rows: dict[str, set[int]] = {}
    for line in (line for some in lines.values() for line in some):
        rows.setdefault(line.shard, set()).add(line.row)
    return {
        (shard, number): row
        for shard, numbers in rows.items()
        for number, row in zip(sorted(numbers), rows_at(paths[shard], numbers, without), strict=True)
    }


def _sample(stage: str, reason: str, identity: str, line: Mapping[str, Any], cards: Cards) -> Sample:
    numbers = json.loads(line["numbers"] or "{}")
    missed = [cards.missed(rule, numbers) for rule in line["rules"] or ()]
    return Sample(
        stage, reason, identity, line["url"] or "", missed=missed, numbers=_numbers(numbers), kept=kept_instead(numbers)
    )


def _numbers(values: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in values.items():
        if value is not None and len(found) < NUMBERS and not isinstance(value, (list, dict, bytes)):
            said = f"{value:.4g}" if isinstance(value, float) else str(value)
            found[name] = plain(said[:NUMBER_CHARACTERS])
    return found


def _texts(
    drawing: Drawing, folder: Folder, dropped: Sequence[tuple[str, Sample]]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return title and text of dropped documents: from the stage before, else rebuilt by the steps of the recipe."""
    wanted: dict[str, dict[str, str]] = {}
    for shard, sample in dropped:
        wanted.setdefault(shard, {})[sample.id] = sample.url
    found: dict[tuple[str, str], tuple[str, str]] = {}
    workspace, job = drawing.facts.workspace, drawing.stages.get(folder.name)
    for shard, ids in wanted.items():
        before = next((name for name in folder.reads if exists(workspace.path(name, f"{shard}.parquet"))), None)
        if before is not None:
            rows = _rows(workspace.path(before, f"{shard}.parquet"), ids, ("title", "text"))
            found |= {(shard, row["id"]): (str(row.get("title") or ""), row.get("text") or "") for row in rows}
        elif job is not None:
            try:
                sources = {source.name: source for source in job.reads.shards(workspace)}
                if shard in sources:
                    texts = texts_of(job, sources[shard], workspace, ids)
                    found |= {(shard, identity): ("", text) for identity, text in texts}
            except (AtomDataError, OSError):  # the input is not here any more: the numbers are
                continue
    return found


def _rows(path: str, ids: Collection[str], columns: Collection[str]) -> Iterator[dict[str, Any]]:
    for _, row in find_rows(path, {"id": [*ids]}, (), ("id", *columns)):
        yield row


def _kept_texts(drawing: Drawing, folder: Folder, ids: Sequence[str], some: Sequence[str]) -> dict[str, str]:
    """Return the texts of documents that were kept instead of copies, as far as they lie in the shards that are looked into."""
    shards, missing, found = drawing.facts.shards[folder.name], {*ids}, dict[str, str]()
    order = sorted(shards.names, key=lambda name: (name not in some, place(name)))
    for shard in order[:KEPT_IN]:
        if not missing:
            break
        path = drawing.facts.workspace.path(folder.name, f"{shard}.parquet")
        for row in _rows(path, missing, ("text",)) if exists(path) else ():
            found[row["id"]] = row.get("text") or ""
        missing -= found.keys()
    return found


def _compare(sample: Sample, kept: str | None, text: str) -> None:
    if kept is None:
        sample.compared = "the text of the kept one is in a shard that this report has not read"
        return
    both = difference(kept[:COMPARED], text[:COMPARED])
    cut = both.cut or max(len(kept), len(text)) > COMPARED
    which = " of those compared, the first ones of each," if cut else ""
    sample.compared = (
        f"{both.differing:,} of {both.words:,} words{which} differ" if both.changes else f"the same words{which}"
    )
    sample.changes = [[plain(part[:CHANGE_CHARACTERS]) for part in change] for change in both.changes[:CHANGES]]
    if len(both.changes) > CHANGES:
        sample.compared += f"; the first {CHANGES} of {len(both.changes):,} places"


def _kept(drawing: Drawing, folder: Folder, shards: Shards, some: Sequence[str]) -> list[Sample]:
    rows_out = dict(zip(shards.names, shards.rows_out, strict=True))
    paths = _there(drawing, [shard for shard in some if rows_out.get(shard)], folder.name)
    lines = least_of(paths, ("id",), drawing.count)
    made: dict[str, Sample] = {}
    for row in _rows_of(paths, lines, ("html", "raw")).values():
        sample = Sample(folder.name, "", row.pop("id"), row.pop("url", None) or "")
        sample.title = plain(str(row.pop("title", None) or "")[:SHORT])
        _set_text(sample, row.pop("text", None) or "", drawing.characters)
        sample.numbers = _numbers(row)
        _clean(sample)
        made[sample.id] = sample
    return [*made.values()]


def _dead(drawing: Drawing, folder: Folder, some: Sequence[str]) -> list[Sample]:
    paths = _there(drawing, some, folder.name, DEAD)
    lines = least_of(paths, ("file", "position"), drawing.count, "reason")
    rows, found = _rows_of(paths, lines), []
    for reason in sorted(lines):
        for line in lines[reason]:
            row = rows[line.shard, line.row]
            sample = Sample(folder.name, reason, line.name, missed=[row["detail"] or ""])
            _set_text(sample, (row["raw"] or b"").decode("utf-8", "replace"), drawing.characters)
            _clean(sample)
            found.append(sample)
    return found


def _set_text(sample: Sample, text: str, characters: int) -> None:
    sample.text, sample.left_out = plain(text[:characters]), max(0, len(text) - characters)


def _clean(sample: Sample) -> None:
    """Make what was crawled printable, and short."""
    sample.id, sample.url, sample.kept = (
        plain(part[:SHORT]).replace("\n", " ") for part in (sample.id, sample.url, sample.kept)
    )
    sample.reason = plain(sample.reason[:SHORT])
    sample.missed = [plain(part[:SHORT]) for part in sample.missed[:NUMBERS]]
