"""When shards were made, by the times at which their receipts were last written: the file system has them, receipts have no clock.

They are not a part of the run and may be lost: a folder that was copied has the times of the copy. Where the times cannot be those
of the making, as a shard would have been begun before the one that it was made of was there, nothing is said over time.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from atom_data.graph import stage_of
from atom_data.report.facts import Facts, Shards
from atom_data.storage.receipts import receipt_path
from atom_data.workspace import Workspace

Floats = npt.NDArray[np.float64]
SLOTS = 96
"""Parts of the time that documents per second are counted for."""
PAUSE = 0.05
"""A time without work is left out when it is longer than this share of the time with some."""
LATE, LATE_SECONDS = 0.05, 0.02
"""Clocks differ: by how much of its time a shard may seem to have begun too early."""
WRONG = 0.05
"""From which share of shards that began too early on the times are not those of the making."""
ROWS = 4096


@dataclass(slots=True)
class Lane:
    """One stage, pass or token folder over time."""

    stage: str
    began: float
    ended: float
    """Seconds from the beginning of the run on, without pauses."""
    rates: list[float]
    """Documents per second in each of SLOTS parts of the time."""
    at_once: int
    """Shards that were at work at once, at most."""


@dataclass(slots=True)
class Course:
    """A run over time. Memory while it is made: about 50 bytes per shard."""

    began: str = ""
    ended: str = ""
    """UTC, `2026-11-30 18:20:07`; empty where nothing is known."""
    seconds: float = 0.0
    """Between both, without pauses."""
    pauses: list[float] = field(default_factory=list)
    """Seconds of each time in which nothing was at work, in their order."""
    lanes: list[Lane] = field(default_factory=list)
    fault: str = ""
    """Why nothing is said over time."""


@dataclass(slots=True)
class Times:
    """When the shards of a folder were made, each at its place of the three."""

    start: Floats
    stop: Floats
    documents: Floats

    def __add__(self, other: "Times") -> "Times":
        """Return both, one after the other."""
        pairs = ((self.start, other.start), (self.stop, other.stop), (self.documents, other.documents))
        return Times(*(np.concatenate(pair) for pair in pairs))


def course_of(facts: Facts) -> Course:
    """Return a run over time; on an object store, and of a folder whose times are not those of the making, why there is none."""
    if facts.workspace.is_remote:
        return Course(fault="An object store keeps no time at which a shard was made.")
    written = {folder: _written(facts.workspace, folder, shards) for folder, shards in facts.shards.items()}
    if _too_early(facts, written) > WRONG:
        return Course(
            fault="The files of receipts are younger than what was made of them: the folder was copied or written again."
        )
    stages: dict[str, Times] = {}
    for folder, shards in facts.shards.items():
        times = _times(shards, written[folder])
        name = folder if folder in facts.stages else stage_of(folder)
        stages[name] = stages[name] + times if name in stages else times
    stages = {name: times for name, times in stages.items() if len(times.stop)}
    return _drawn(stages) if stages else Course(fault="No shard is finished.")


def _written(workspace: Workspace, folder: str, shards: Shards) -> Floats:
    """Return when the receipts of a folder were last written; NaN for one that is not there."""
    place = workspace.local(receipt_path(folder, "x")).parent
    try:
        with os.scandir(place) as entries:
            there = {entry.name.removesuffix(".json"): entry.stat().st_mtime for entry in entries}
    except OSError:
        there = {}
    return np.array([there.get(name, np.nan) for name in shards.names], np.float64)


def _too_early(facts: Facts, written: dict[str, Floats]) -> float:
    """Return the share of shards that would have been begun before the shard of the same name that they were made of was there."""
    early = whole = 0
    for name, stage in facts.stages.items():
        for before in stage.reads:
            ready = dict(zip(facts.shards[before].names, written[before].tolist(), strict=True))
            shards = facts.shards[name]
            taken = np.array(shards.wall_seconds, np.float64)
            late = np.array([ready.get(shard, np.nan) for shard in shards.names], np.float64) - (written[name] - taken)
            known = np.isfinite(late)
            early += int((late[known] > LATE * taken[known] + LATE_SECONDS).sum())
            whole += int(known.sum())
    return early / whole if whole else 0.0


def _times(shards: Shards, written: Floats) -> Times:
    taken = np.array(shards.wall_seconds, np.float64)
    there = np.isfinite(written)
    documents = np.array(shards.rows_in, np.float64)
    return Times((written - taken)[there], written[there], documents[there])


def _drawn(stages: dict[str, Times]) -> Course:
    """Return the rates of all stages on one axis, from which long pauses are taken out."""
    every = sum(list(stages.values())[1:], next(iter(stages.values())))
    first, last = float(every.start.min()), float(every.stop.max())
    pauses = _pauses(every)
    seconds = max(last - first - sum(stop - start for start, stop in pauses), 1e-3)
    edges = np.array([_clock(first, pauses, seconds * number / SLOTS) for number in range(SLOTS + 1)])
    course = Course(_said(first), _said(last), seconds, [stop - start for start, stop in pauses])
    for name, times in stages.items():
        began, ended = (_worked(first, pauses, clock) for clock in (float(times.start.min()), float(times.stop.max())))
        rates = np.diff(_done(times, edges)) / (seconds / SLOTS)
        course.lanes.append(Lane(name, began, ended, [round(rate, 3) for rate in rates.tolist()], _at_once(times)))
    return course


def _pauses(times: Times) -> list[tuple[float, float]]:
    """Return when nothing was at work, where that was long."""
    order = np.argsort(times.start, kind="stable")
    start, reached = times.start[order], np.maximum.accumulate(times.stop[order])
    gaps = start[1:] - reached[:-1]
    work = float(reached[-1] - start[0] - gaps[gaps > 0].sum())
    return [(float(reached[number]), float(start[number + 1])) for number in np.flatnonzero(gaps > PAUSE * work)]


def _clock(first: float, pauses: Sequence[tuple[float, float]], worked: float) -> float:
    """Return what the clock said when so many seconds had been worked."""
    at = first + worked
    for start, stop in pauses:
        at += stop - start if at > start else 0.0
    return at


def _worked(first: float, pauses: Sequence[tuple[float, float]], clock: float) -> float:
    """Return how many seconds had been worked when the clock said this."""
    return clock - first - sum(max(0.0, min(clock, stop) - start) for start, stop in pauses)


def _done(times: Times, edges: Floats) -> Floats:
    """Return how many documents were done by each time: those of a shard evenly over the time that it took."""
    done = np.zeros(len(edges), np.float64)
    for first in range(0, len(times.stop), ROWS):
        start, stop, documents = (
            part[first : first + ROWS, None] for part in (times.start, times.stop, times.documents)
        )
        done += (np.clip((edges - start) / np.maximum(stop - start, 1e-6), 0, 1) * documents).sum(axis=0)
    return done


def _at_once(times: Times) -> int:
    moments = np.concatenate([times.start, times.stop])
    steps = np.concatenate([np.ones(len(times.start), np.int64), -np.ones(len(times.stop), np.int64)])
    return int(np.cumsum(steps[np.lexsort((steps, moments))]).max())


def _said(clock: float) -> str:
    return datetime.fromtimestamp(clock, UTC).strftime("%Y-%m-%d %H:%M:%S")
