"""`minhash-explain` and `dedup-eval` as a user types them."""

import json
import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import atom_data, recipe


def test_explain_prints_the_curve_and_its_figures(tmp_path: Path) -> None:
    done = atom_data("minhash-explain", "--bands", 20, "--rows", 5, "--svg", tmp_path / "curve.svg")
    assert done.returncode == 0, done.stderr
    assert "20 bands of 5 rows = 100 hashes per document" in done.stdout
    rows = {cells[0]: cells for line in done.stdout.splitlines() if len(cells := line.split()) >= 5}
    assert rows["0.80"][1:3] == ["99.96%", "0.04%"]  # Mining of Massive Datasets, figure 3.8
    assert "160 bytes of band hashes per document on disk" in done.stdout
    drawn = [line for line in done.stdout.splitlines() if "│" in line]
    assert len(drawn) == 12 and drawn[0].startswith("100% │") and "█" in drawn[-1]
    points = next(ElementTree.parse(tmp_path / "curve.svg").iter("{http://www.w3.org/2000/svg}polyline")).attrib[
        "points"
    ]
    assert points.startswith("0.0,300.0") and points.endswith("400.0,0.0")


def test_explain_takes_datasketchs_choice_for_a_threshold() -> None:
    done = atom_data("minhash-explain", "--threshold", 0.9, "--permutations", 128)
    assert "5 bands of 25 rows" in done.stdout  # the example in datasketch's own documentation


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--threshold", 0.8, "--bands", 5], "--threshold: it chooses bands and rows"),
        (["--threshold", 1.8], "threshold: 1.8 is not a Jaccard index"),
        (["--min-jaccard", 0], "--min-jaccard: 0.0 is not a Jaccard index"),
        (["--svg", "curve.png"], "--svg: curve.png does not end in .svg"),
        (["--bands", 0], "atom-data minhash-explain: invalid value for '--bands'"),
    ],
)
def test_explain_refuses_what_makes_no_sense(options: list[object], text: str) -> None:
    done = atom_data("minhash-explain", *options)
    assert (done.returncode, done.stderr.startswith(text)) == (2, True), done.stderr


def edited(chance: random.Random, words: list[str], changes: int) -> str:
    copy = list(words)
    for place in chance.sample(range(len(copy)), changes):
        copy[place] = f"changed{chance.random()}"
    return " ".join(copy)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 originals of 200 words, and a copy of each with 0 to 19 words changed."""
    chance = random.Random(7)
    rows = []
    for number in range(40):
        words = [f"w{chance.randrange(10_000)}" for _ in range(200)]
        rows.append({"id": f"o{number}", "text": " ".join(words)})
        rows.append({"id": f"c{number}", "text": edited(chance, words, number // 2)})
    path = tmp_path_factory.mktemp("eval") / "documents.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def evaluation(*arguments: object) -> dict[str, object]:
    done = atom_data("dedup-eval", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_eval_finds_what_a_strict_curve_misses(documents: Path) -> None:
    """One band of 30 rows catches only what is nearly equal; each pair it misses is named, and nothing else is."""
    found = evaluation(documents, "--bands", 1, "--rows", 30, "--min-jaccard", 0.75)
    bins = {line["low"]: line for line in found["bins"]}
    missed = {(line["one"], line["other"]) for line in found["missed"]}
    assert found["documents"] == found["drawn_from"] == 80
    assert found["duplicates"] == sum(line["pairs"] for low, line in bins.items() if low >= 0.75)
    assert bins[1.0]["caught"] == bins[1.0]["pairs"] == 2
    assert missed and all(one[1:] == other[1:] for one, other in missed)
    assert len(missed) == found["duplicates"] - found["removed"]
    assert found["recall"] == pytest.approx(1 - len(missed) / found["duplicates"])
    assert (found["precision"], found["wrong"]) == (1.0, [])
    wide = evaluation(documents, "--bands", 40, "--rows", 4)
    assert (wide["recall"], wide["precision"], wide["duplicates"]) == (1.0, 1.0, found["duplicates"])


def test_eval_holds_a_recipe_against_labels_and_shows_what_is_wrong(documents: Path, tmp_path: Path) -> None:
    """The labels call every original and its copy duplicates, but say that the pair 0 is none."""
    path = recipe(
        tmp_path,
        f"""
        from atom_data import Copies, MinHash, Parquet, Stage, keep

        def stages():
            unique = Copies(of=Parquet({str(documents)!r}), by=MinHash(bands=40, rows=4, min_jaccard=0.5))
            return (Stage(name="unique", reads=unique, steps=(keep("first_near_copy"),)),)
        """,
    )
    labels = tmp_path / "pairs.csv"
    labels.write_text("one,two,label\n" + "".join(f"o{n},c{n},{int(n > 0)}\n" for n in range(40)))
    done = atom_data("dedup-eval", "--recipe", path, "--pairs", labels, "--show", 40)
    assert done.returncode == 0, done.stderr
    found = evaluation(documents, "--recipe", path, "--pairs", labels)
    assert found["duplicates"] == 39
    assert [sorted((line["one"], line["other"])) for line in found["wrong"]] == [["c0", "o0"]]
    assert f"recall {found['recall']:.2%}: " in done.stdout
    assert (
        f"precision {found['precision']:.2%}: {found['removed'] - 1} of {found['removed']} removals are right"
        in done.stdout
    )
    assert "wrongly removed  Jaccard 1.000" in done.stdout
    assert done.stdout.count("missed  Jaccard") == len(found["missed"]) > 0


def test_eval_samples_by_id_and_says_so(documents: Path) -> None:
    done = atom_data("dedup-eval", documents, "--sample", 30)
    assert "30 documents drawn from 80" in done.stdout


def test_eval_by_characters_finds_copies_without_spaces_between_words(tmp_path: Path) -> None:
    """Two letters of 300 differ: of 296 runs of five, ten on either side. Texts of one word have no other in common."""
    chance = random.Random(3)
    one = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=300))
    other = f"{one[:100]}1{one[101:200]}2{one[201:]}"
    pq.write_table(pa.table({"id": ["one", "other"], "text": [one, other]}), tmp_path / "in.parquet")
    found = evaluation(tmp_path / "in.parquet", "--unit", "characters", "--ngram", 5)
    assert "unit='characters'" in str(found["configuration"])
    assert (found["duplicates"], found["removed"], found["recall"]) == (1, 1, 1.0)
    assert [line["low"] for line in found["bins"]] == [0.9]  # 286 / 306
    assert evaluation(tmp_path / "in.parquet", "--unit", "words", "--ngram", 1)["duplicates"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ([], 2, "dedup-eval: neither documents nor a recipe"),
        (["--recipe", "r.py", "--bands", 3], 2, "--recipe: it says all of ngram, unit, bands, rows, min_jaccard"),
        (["{documents}", "--min-jaccard", 2], 2, "MinHash: min_jaccard is 2"),
        (["{documents}", "--unit", "lines"], 2, "MinHash: unit is 'lines'; units: words, characters"),
        (["{documents}", "--pairs", "none.csv"], 2, "none.csv: no such file of labeled pairs"),
        (["{documents}", "--recipe", "pipelines/none.py"], 2, "pipelines/none.py: no such recipe"),
        (["nowhere.parquet"], 2, "nowhere.parquet"),
    ],
)
def test_eval_refuses_what_makes_no_sense(arguments: list[object], code: int, text: str, documents: Path) -> None:
    done = atom_data("dedup-eval", *(str(part).format(documents=documents) for part in arguments))
    assert (done.returncode, text in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
