"""A run over time: by the times of the files of receipts, and nothing where these cannot be those of the making."""

import os
import shutil
from pathlib import Path

import pytest

from atom_data.report import report
from atom_data.report.course import SLOTS, Course, course_of
from atom_data.report.facts import gather
from atom_data.report.page.page import write_page
from atom_data.storage.receipts import receipt_path
from atom_data.workspace import Workspace
from tests.report.made import made

NIGHT = 1_700_000_000.0
"""14 November 2023, 22:13:20 UTC."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(made(tmp_path_factory.mktemp("course")).root)


@pytest.fixture
def out(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "out"))


def at(out: Path, ends: dict[str, float], seconds: float) -> Course:
    """Return the course where the receipts of these shards were written so long after NIGHT, and each took so long."""
    facts = gather(Workspace(str(out)))
    for stage in ("read", "clean"):
        shards = facts.shards[stage]
        shards.wall_seconds = [seconds] * len(shards.names)
        for shard in shards.names:
            moment = NIGHT + ends[f"{stage}/{shard.partition('.')[0]}"]
            os.utime(out / receipt_path(stage, shard), (moment, moment))
    return course_of(facts)


STEADY = {
    f"{stage}/part-{number}": 10.0 * (number + 1 + 3 * place)
    for place, stage in enumerate(("read", "clean"))
    for number in range(3)
}
"""One worker, ten seconds a shard."""


def test_documents_are_counted_when_their_shards_were_made(out: Path) -> None:
    course = at(out, STEADY, 10.0)
    assert (course.began, course.ended) == ("2023-11-14 22:13:20", "2023-11-14 22:14:20")
    assert (course.seconds, course.pauses, course.fault) == (60.0, [], "")
    read, clean = course.lanes
    assert (read.stage, read.began, read.ended, read.at_once) == ("read", 0.0, 30.0, 1)
    assert (clean.began, clean.ended) == (30.0, 60.0)
    shards = gather(Workspace(str(out))).shards["read"].rows_in
    for number, documents in enumerate(shards):
        some = read.rates[number * SLOTS // 6 : (number + 1) * SLOTS // 6]
        assert some == pytest.approx([documents / 10] * (SLOTS // 6), abs=1e-3)
    assert read.rates[SLOTS // 2 :] == [0.0] * (SLOTS // 2)
    assert sum(clean.rates) * 60 / SLOTS == pytest.approx(
        sum(gather(Workspace(str(out))).shards["clean"].rows_in), abs=0.1
    )


def test_what_was_done_at_once_is_counted(out: Path) -> None:
    course = at(out, {name: 12.0 if name.startswith("read") else 24.0 for name in STEADY}, 10.0)
    assert [lane.at_once for lane in course.lanes] == [3, 3]
    assert course.seconds == pytest.approx(22.0 - course.pauses[0])
    assert course.pauses == pytest.approx([2.0])


def test_a_night_between_two_runs_takes_no_room(out: Path) -> None:
    course = at(out, {name: end + (36_000 if name.startswith("clean") else 0) for name, end in STEADY.items()}, 10.0)
    assert course.seconds == pytest.approx(60.0)
    assert course.pauses == pytest.approx([36_000.0])
    assert course.ended == "2023-11-15 08:14:20"
    assert course.lanes[1].began == pytest.approx(30.0)
    assert sum(course.lanes[1].rates[: SLOTS // 2]) == 0.0 < min(course.lanes[1].rates[SLOTS // 2 :])


def test_a_folder_that_was_copied_says_nothing_over_time(out: Path) -> None:
    course = at(out, dict.fromkeys(STEADY, 5.0), 10.0)
    assert not course.lanes
    assert "the folder was copied or written again" in course.fault
    built = report.build(Workspace(str(out)), samples=0)
    built.course = course
    assert "Not known. The files of receipts are younger than what was made of them" in write_page(built)


def test_nothing_is_finished(out: Path) -> None:
    for path in out.glob("*/receipts/*"):
        path.unlink()
    assert course_of(gather(Workspace(str(out)))).fault == "No shard is finished."


def test_the_page_and_json_say_by_what_clock(finished: Path) -> None:
    built = report.build(Workspace(str(finished)), samples=0)
    assert [lane.stage for lane in built.course.lanes] == ["read", "clean"]
    page = write_page(built)
    assert page.count('<svg class="spark"') == 2
    assert "By the times at which the files of receipts were last written" in page
    value = report.as_json(built)["over_time"]
    assert value["lanes"][0]["stage"] == "read" and len(value["lanes"][0]["rates"]) == SLOTS
