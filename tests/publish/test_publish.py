"""`atom-data publish` as it is typed."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.command import atom_data
from tests.publish.corpus import KINDS, SOURCES, make_run, passport, with_hidden


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("command"))


def test_first_steps(out: Path, tmp_path: Path) -> None:
    done = atom_data("publish", out, "--init", "--passport", tmp_path / "new.toml")
    assert done.returncode == 0, done.stderr
    assert all(f'name = "{name}"' in (tmp_path / "new.toml").read_text() for name in SOURCES)
    done = atom_data("publish", out, "--to", tmp_path / "hub", "--passport", tmp_path / "new.toml")
    assert done.returncode == 2 and "are not answered, and no paper can do without" in done.stderr
    assert not (tmp_path / "hub").exists()
    passport(tmp_path, with_hidden())
    done = atom_data("publish", out, "--to", tmp_path / "hub", "--passport", tmp_path / "passport.toml")
    assert done.returncode == 0, done.stderr
    assert (
        "2 shards linked" in done.stdout and "1 shard withheld: documents of a hidden source are in it." in done.stdout
    )
    done = atom_data("publish", out, "--to", tmp_path / "hub", "--passport", tmp_path / "passport.toml", "--json")
    assert json.loads(done.stdout)["withheld"] == 1


def test_grade_is_called_a_self_assessment(out: Path, tmp_path: Path) -> None:
    passport(tmp_path, KINDS)
    done = atom_data("publish", out, "--grade", "--passport", tmp_path / "passport.toml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("A self-assessment by the 242 weighted questions")
    assert "what of passport.toml closes it" in done.stdout
    assert " provider.name " in done.stdout and "Scraped and crawled data" in done.stdout
    page = json.loads(atom_data("publish", out, "--grade", "--passport", tmp_path / "passport.toml", "--json").stdout)
    assert page["all"]["open"] == sum(one["weight"] for one in page["questions"] if one["by"] == "open")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give one of --init, --grade and --to FOLDER"),
        (("--init", "--grade"), "give one of --init, --grade and --to FOLDER"),
        (("--grade",), "there is no such file. Write one to fill in"),
    ],
)
def test_mistakes(out: Path, arguments: tuple[str, ...], said: str) -> None:
    done = atom_data("publish", out, *arguments)
    assert done.returncode == 2 and said in done.stderr


def test_a_missing_passport_names_the_command_that_writes_it(out: Path, tmp_path: Path) -> None:
    said = " ".join(atom_data("publish", out, "--grade").stderr.split())
    assert re.search(rf"Write one to fill in: \S.* publish {re.escape(str(out))} --init$", said), said
    place = tmp_path / "mine.toml"
    said = " ".join(atom_data("publish", out, "--to", tmp_path / "hub", "--passport", place).stderr.split())
    assert said.endswith(f" publish {out} --passport {place} --init"), said


def test_a_takedown_names_the_folder_that_still_holds_the_documents(out: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(out, tmp_path / "out"))
    passport(tmp_path, KINDS)
    where = ("--to", tmp_path / "hub", "--passport", tmp_path / "passport.toml")
    assert atom_data("publish", run, *where).returncode == 0
    done = atom_data("takedown", run, "--domain", "site3.example")
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / 'hub'} was published and still holds what went; publish it anew" in " ".join(
        done.stdout.split()
    )
    assert b"site3.example" in (tmp_path / "hub" / "domains.csv").read_bytes()
    assert atom_data("publish", run, *where).returncode == 0
    assert b"site3.example" not in (tmp_path / "hub" / "domains.csv").read_bytes()
    assert "Takedowns after publication: 1, with" in (tmp_path / "hub" / "eu-summary.md").read_text()


def test_a_takedown_that_is_not_finished(out: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(out, tmp_path / "out"))
    (run / "removals" / "begun").mkdir(parents=True)
    (run / "removals" / "begun" / "journal.json").write_text("{}")
    passport(tmp_path, KINDS)
    done = atom_data("publish", run, "--to", tmp_path / "hub", "--passport", tmp_path / "passport.toml")
    assert done.returncode != 0 and "a takedown that was begun is not finished" in done.stderr
