"""`check` names the mend; `list` and `show` say what a recipe can name."""

import json
from pathlib import Path

import pytest

import atom_data.rewrite
import atom_data.signals
from atom_data.assets import filters_folder
from atom_data.errors import ConfigError
from atom_data.library.catalog import KINDS, adders, entries, find, mend, needs
from atom_data.library.documentation import parameters
from atom_data.rules import load_card
from tests.command import atom_data as called, recipe

RECIPE = """
    from atom_data import Jsonl, Stage, keep
    from atom_data.signals import CheckUrl, FastTextLanguage, count_lines, count_words

    D = Jsonl({files!r})

    def stages():
        return {stages}
"""


def checked(folder: Path, stages: str, files: str = "") -> str:
    """Return what `check` says on stderr, or on stdout where all is well."""
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / "a.jsonl").write_text(json.dumps({"id": "a", "text": "one text"}) + "\n")
    text = RECIPE.format(files=files or str(folder / "in" / "*.jsonl"), stages=stages)
    done = called("check", recipe(folder, text), "-o", folder / "out")
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 2)
    return done.stderr or done.stdout


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (
            'Stage(name="a", reads=D, steps=(count_lines, keep("gopher_quality")))',
            "The signal count_words adds word_count,",
        ),
        (
            'Stage(name="a", reads=D, steps=(keep("first_near_copy"),))',
            "The pass Copies(by=MinHash()) adds near_copy_rank",
        ),
        (
            'Stage(name="a", reads=D, steps=(CheckUrl,))',
            "step 1: CheckUrl is a class and not a step. Write CheckUrl().",
        ),
        (
            'Stage(name="a", reads=D, steps=(count_words))',
            "steps is count_words, not a tuple. Write steps=(count_words,)",
        ),
        ('Stage(name="a", reads=D, steps=(keep("gopher_qualty"),))', "there are 53. Did you mean 'gopher_quality'?"),
        ('Stage(name="a", reads=D, writes=("id", "txet"))', "no step adds it; columns here: id, text, url,"),
        ('Stage(name="a", reads=D, writes=("id", "txet"))', "Did you mean 'text'?"),
        ('Stage(name="a", reads="in/*.jsonl")', "reads 'in/*.jsonl', which"),
    ],
)
def test_check_names_the_mend(tmp_path: Path, stages: str, said: str) -> None:
    assert said in checked(tmp_path, stages)


def test_all_faults_are_said_in_one_round(tmp_path: Path) -> None:
    said = checked(
        tmp_path,
        """(Stage(name="a", reads=D, steps=(keep("gopher_quality"), keep("fineweb"))),
            Stage(name="b", reads=D, writes=("id", "txet")))""",
    )
    assert "stage 'a', step 1" in said and "stage 'a', step 2" in said and "stage 'b' writes 'txet'" in said
    assert "no columns 'word_count', 'mean_word_chars'," in said
    assert "count_words adds" in said and "count_lines adds" in said and "measure_repetition adds" in said


def test_what_reads_a_stage_that_cannot_work_is_not_blamed(tmp_path: Path) -> None:
    said = checked(
        tmp_path,
        """Stage(name="b", reads=Stage(name="a", reads=D, steps=(keep("fineweb"),)), steps=(count_words,))""",
    )
    assert "stage 'a'" in said and "stage 'b'" not in said


def test_check_looks_at_the_first_file(tmp_path: Path) -> None:
    said = checked(tmp_path, 'Stage(name="a", reads=D)')
    assert "jsonl: a.jsonl: 1 row in the first batch; without a value: url, date" in said
    (tmp_path / "in" / "0.jsonl").write_text('{"content": "x"}\n')
    assert (
        "0.jsonl of 2 shards has no row; 1 unreadable (the first: jsonl.no_text: no field 'text'; fields here: content)"
        in (checked(tmp_path, 'Stage(name="a", reads=D)'))
    )


def test_too_many_unreadable_records_say_what_the_commonest_fault_is(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"content": "x"}\n' * 3 + "{\n")
    text = RECIPE.format(files=str(tmp_path / "a.jsonl"), stages='Stage(name="a", reads=D)')
    done = called("run", recipe(tmp_path, text), "-o", tmp_path / "out")
    assert (
        "4 of 4 records were unreadable (most of them jsonl.no_text: no field 'text'; fields here: content); allowed"
        in (done.stderr)
    )


def test_a_card_of_ones_own_is_found_beside_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    card = 'source = "ours"\n[[rule]]\nreason = "short"\ncolumn = "word_count"\nmin = 2\n'
    (tmp_path / "english.toml").write_text(card)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "1 stage" in checked(tmp_path, 'Stage(name="a", reads=D, steps=(count_words, keep("english.toml")))')
    said = checked(tmp_path, 'Stage(name="a", reads=D, steps=(count_words, keep("german.toml")))')
    assert "no filter card 'german.toml'; looked for" in said
    assert f"{tmp_path}/german.toml. Check the path." in said


def test_a_misspelled_name_of_this_package_and_a_misspelled_stage(tmp_path: Path) -> None:
    path = recipe(tmp_path, "from atom_data.signals import count_wrds\ndef stages():\n    return ()\n")
    assert "Did you mean 'count_words'? Correct the recipe." in called("check", path).stderr
    path = recipe(tmp_path, RECIPE.format(files="*.jsonl", stages='Stage(name="clean", reads=D)'))
    assert "stages there: clean. Did you mean 'clean'?" in called("peek", path, "--stage", "claen").stderr


@pytest.mark.parametrize(
    ("column", "who"),
    [
        ("word_count", "the signal count_words"),
        ("language", "the signal FastTextLanguage"),
        ("domain", "the signal CheckUrl"),
        ("extract_status", "the extractor Extract"),
        ("copy_rank", "the pass Copies(by=SameText())"),
        ("near_copy_of", "the pass Copies(by=MinHash())"),
        ("repeated_line_share", "the pass Repeats(by=Lines())"),
    ],
)
def test_who_adds_a_column(column: str, who: str) -> None:
    assert any(found.startswith(who) for found in adders(column))


def test_nobody_adds_a_column_that_a_source_has() -> None:
    assert adders("no_such_column") == []
    assert mend(("no_such_column",)) == ""


def test_every_column_of_every_card_is_made_by_somebody() -> None:
    """A card that nobody can serve would be of no use."""
    for path in sorted(filters_folder().glob("*.toml")):
        for column, who in needs(load_card(path.stem)).items():
            assert who or column in FROM_SOURCES, f"{path.stem}: nobody adds {column}"


FROM_SOURCES = {"mime", "http_status", "url", "source", "text", "id"}


def test_everything_exported_is_listed_and_shown() -> None:
    listed = {entry.name for kind in KINDS for entry in entries(kind)}
    for package in (atom_data.signals, atom_data.rewrite):
        for name in package.__all__:
            if callable(getattr(package, name)):
                assert name in listed
    for kind in KINDS:
        for entry in entries(kind):
            assert entry.summary, entry.name
            assert find(entry.name) is not None
    shown = {parameter.name: parameter.text for parameter in parameters(find("MinHash"))}
    assert shown["threshold"].startswith("In place of `bands` and `rows`")


def test_list_and_show_in_the_terminal() -> None:
    assert "count_words" in called("list", "signals").stdout
    shown = called("show", "fineweb").stdout
    assert "terminal_punctuation_line_share: the signal count_lines" in shown
    assert "short_line_share" in shown and "max 0.67" in shown
    assert called("show", "--column", "near_copy_rank").stdout.strip() == "the pass Copies(by=MinHash())"
    assert "there is no list of 'signls'; there are signals," in called("list", "signls").stderr
    assert "Did you mean 'MinHash'?" in called("show", "MinHas").stderr
    with pytest.raises(ConfigError, match="there is nothing called 'x'"):
        find("x")
