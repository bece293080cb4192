"""Models for main text from a small made set: the same bytes again, sites held out, broken truths, words by script."""

import gzip
import io
import json
import random
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.main_text.alignment import aligned
from atom_data.text.main_text.model import Model
from atom_data.text.main_text.trees import Trees
from atom_data.train.extraction import Options, train_extractor
from atom_data.train.extraction.boosting import Boosting, probabilities, trees_of
from atom_data.train.extraction.examples import (
    block_weights,
    content_shares,
    example_of,
    page_weight,
    sites_in_folds,
)
from atom_data.train.extraction.lessons import lessons_of
from atom_data.train.extraction.pages import Labeled, read_pages, site_of
from atom_data.train.extraction.words import agreement, words_of
from tests.command import atom_data

pytest.importorskip("lightgbm")

TINY = Boosting(rounds=4, learning_rate=0.3, least_in_leaf=5, column_share=1, row_share=1)
SMALL = Options(folds=3, first=TINY, second=TINY)
WORDS = [
    "the",
    "river",
    "runs",
    "past",
    "old",
    "stone",
    "houses",
    "where",
    "people",
    "once",
    "kept",
    "bread",
    "wine",
    "and",
    "letters",
    "from",
    "their",
    "sons",
]


def page(number: int) -> tuple[str, str]:
    """Return a page with a menu, a text and a footer, and the text."""
    draw = random.Random(number)
    lines = [
        " ".join(draw.choices(WORDS, k=draw.randint(20, 60))).capitalize() + "." for _ in range(draw.randint(3, 8))
    ]
    menu = "".join(f"<li><a href='/{word}'>{word}</a></li>" for word in draw.sample(WORDS, 8))
    body = "".join(f"<p>{line}</p>" for line in lines)
    html = (
        f"<html><head><title>Page {number}</title></head><body><nav><ul>{menu}</ul></nav><div class='content'>{body}</div>"
        f"<footer><p>Copyright 20{number % 90 + 10} all rights reserved</p></footer></body></html>"
    )
    return html, "\n".join(lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of 24 pages of 12 sites."""
    place = tmp_path / "pages"
    (place / "html").mkdir(parents=True)
    lines = []
    for number in range(24):
        html, text = page(number)
        (place / "html" / f"{number:03}.html").write_text(html, "utf-8")
        lines.append({"file": f"{number:03}.html", "site": f"site{number // 2}", "language": "en", "text": text})
    (place / "truth.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return place


def test_the_same_set_gives_the_same_bytes_and_finds_the_text(folder: Path, tmp_path: Path) -> None:
    models = [tmp_path / "a.npz", tmp_path / "b.npz"]
    reports = [train_extractor([(folder, "CC0-1.0")], model, SMALL) for model in models]
    assert models[0].read_bytes() == models[1].read_bytes()
    assert reports[0] == reports[1]
    assert reports[0].all is not None
    assert reports[0].all.f1 > 0.95
    assert (reports[0].pages, reports[0].sites) == (24, 12)
    assert len(Model.load(models[0]).first.splits) == TINY.rounds
    other = tmp_path / "c.npz"
    train_extractor([(folder, "CC0-1.0")], other, replace(SMALL, seed=1, blind=0.5), validate=False)
    assert other.read_bytes() != models[0].read_bytes()


def test_a_model_says_what_it_learned_from_and_holds_no_text(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.npz"
    report = train_extractor([(folder, "CC0-1.0")], model, SMALL, validate=False)
    assert report.all is None
    with np.load(model) as stored:
        about = json.loads(stored["about"].tobytes())
        assert not [name for name in stored.files if stored[name].dtype.kind not in "iuf"]
    (described,) = about["sets"]
    assert (described["name"], described["pages"], described["licenses"]) == ("pages", 24, ["CC0-1.0"])
    assert about["parameters"]["seed"] == 0
    assert set(about["versions"]) == {"lightgbm", "numpy"}
    changed = folder / "html" / "000.html"
    changed.write_bytes(changed.read_bytes() + b" ")
    again = train_extractor([(folder, "CC0-1.0")], tmp_path / "again.npz", SMALL, validate=False)
    assert again.sets[0]["sha256"] != described["sha256"]


def test_archives_and_folders_give_the_same_pages(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "pages.tar.xz"
    with tarfile.open(packed, "w:xz") as archive:
        archive.add(folder, "pages")
    assert read_pages(packed, "CC0-1.0") == read_pages(folder, "CC0-1.0")


def test_a_warc_file_has_its_truth_beside_it(tmp_path: Path) -> None:
    html, text = page(1)
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + html.encode()
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
        "WARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Target-URI: https://news.example.co.uk/one\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
    )
    warc = tmp_path / "a.warc.gz"
    warc.write_bytes(gzip.compress(head.encode() + answer + b"\r\n\r\n"))
    with pytest.raises(DataError, match=r"there is no a\.truth\.jsonl\.gz beside it\. Put the truth there"):
        read_pages(warc, "unknown")
    truth = {
        "url": "https://news.example.co.uk/one",
        "_internal": {"page_type": {"primary": "category"}},
        "ground_truth": {"main_content": text},
    }
    (tmp_path / "a.truth.jsonl.gz").write_bytes(gzip.compress(json.dumps(truth).encode()))
    (found,) = read_pages(warc, "unknown")
    assert (found.site, found.kind, found.text) == ("example.co.uk", "collection", text)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"file": "000.html", "text": "a"}\n{"file": ', "line 2 is not JSON: .* Give a JSON object a page."),
        ('{"file": "000.html", "body": "a"}', "line 1 has no main text; its keys are body, file. Give `text`"),
        ('{"file": "999.html", "text": "a"}', "no page has both HTML and a main text"),
    ],
)
def test_a_broken_truth_is_a_sentence(content: str, sentence: str, folder: Path) -> None:
    (folder / "truth.jsonl").write_text(content, "utf-8")
    with pytest.raises(DataError, match=sentence):
        read_pages(folder, "CC0-1.0")


def test_what_cannot_be_trained_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    sets = [(folder, "CC0-1.0")]
    with pytest.raises(ConfigError, match=r"the model is an \.npz file"):
        train_extractor(sets, tmp_path / "model.bin", SMALL)
    with pytest.raises(ConfigError, match="there is no folder"):
        train_extractor(sets, tmp_path / "none" / "model.npz", SMALL)
    with pytest.raises(DataError, match="there is no such set"):
        train_extractor([(tmp_path / "none", "CC0-1.0")], tmp_path / "model.npz", SMALL)
    with pytest.raises(DataError, match="24 pages of 12 sites cannot be put into 13 folds"):
        train_extractor(sets, tmp_path / "model.npz", replace(SMALL, folds=13))
    with pytest.raises(ConfigError, match="blind is 1; it is a share"):
        Options(blind=1)


def test_pages_of_a_site_are_in_one_fold(folder: Path) -> None:
    examples = [example_of(labeled) for labeled in read_pages(folder, "CC0-1.0")]
    folds = sites_in_folds(examples, 3, 0)
    assert {len(set(folds[number : number + 2])) for number in range(0, 24, 2)} == {1}
    assert set(folds.tolist()) == {0, 1, 2}


def test_lessons_hide_what_other_pages_do_not_have(folder: Path) -> None:
    pages = [
        replace(page, kind="listing" if page.site == "site0" else "article") for page in read_pages(folder, "CC0-1.0")
    ]
    examples = [example_of(labeled) for labeled in pages]
    lessons = lessons_of(examples, 0.8, 0.5, 0)
    again = lessons_of(examples, 0.8, 0.5, 0)
    assert [lesson.content.tolist() for lesson in again] == [lesson.content.tolist() for lesson in lessons]
    assert 6 <= sum(lesson.is_blind for lesson in lessons) < 24
    joined = [number for number in range(24) if len(lessons[number].content) > len(examples[number].content)]
    assert 2 <= len(joined) < 20
    for lesson in lessons:
        assert len(lesson.content) == len(lesson.page.blocks) == len(lesson.weights)
        assert (lesson.weights[lesson.kept] > 0).all()
        assert (lesson.content > 0)[lesson.kept].sum() == (lesson.content > 0).sum()
        assert lesson.url is None or not lesson.is_blind
    for number in joined:
        assert texts_of(lessons[number].page, lessons[number].content) == texts_of(
            examples[number].page, examples[number].content
        )


def test_a_page_with_little_main_text_weighs_more() -> None:
    words = np.array([90, 10], np.int32)
    alike = page_weight(words, np.array([1.0, 1.0])), page_weight(words, np.array([0.0, 1.0]))
    assert alike[1] / alike[0] == pytest.approx((1.02 / 0.12) ** 0.6)
    assert page_weight(words, np.array([0.0, 0.5])) > alike[1]
    assert page_weight(np.zeros(0, np.int32), np.zeros(0)) == pytest.approx(0.02**-0.6)


def test_short_blocks_without_content_stand_for_the_others(folder: Path) -> None:
    for example in map(example_of, read_pages(folder, "CC0-1.0")):
        (lesson,) = lessons_of([example], 0, 0, 0)
        all_weights = block_weights(lesson.page.blocks[:, columns.WORDS])
        factor = page_weight(lesson.page.blocks[:, columns.WORDS], lesson.content)
        assert lesson.weights.sum() == pytest.approx(all_weights.sum() * factor, rel=0.05)


def texts_of(page: Page, content: np.ndarray) -> list[str]:
    return [page.text_of(block) for block in np.flatnonzero(content > 0.5).tolist()]


def test_a_site_is_what_one_owner_has() -> None:
    assert site_of("https://www.a.example.com/x") == "example.com"
    assert site_of("https://news.bbc.co.uk/") == "bbc.co.uk"
    assert site_of("https://a.github.io") == "github.io"


def test_words_are_counted_by_script() -> None:
    assert words_of("Déjà vu_2, 東京タワー ab") == ["déjà", "vu_2", "東", "京", "タ", "ワ", "ー", "ab"]
    assert words_of("กข 한국") == ["ก", "ข", "한", "국"]
    assert agreement("a b b c", "b b d") == (pytest.approx(4 / 7), 0.5, pytest.approx(2 / 3))
    assert agreement("", "") == (1, 1, 1)
    assert agreement("a", "") == (0, 0, 0)


def test_words_are_aligned_in_runs() -> None:
    found, covered = aligned(np.array([1, 2, 9, 1, 2, 3], np.int32), np.array([1, 2, 3], np.int32))
    assert found.tolist() == [False, False, False, True, True, True]
    assert covered.all()


def test_a_text_in_another_order_is_found_in_later_rounds() -> None:
    words = np.array([1, 2, 3, 4, 9, 5, 6, 7, 8], np.int64)
    owners = np.array([0, 0, 0, 0, 1, 2, 2, 2, 2], np.int64)
    shares = content_shares(words, owners, np.array([5, 6, 7, 8, 1, 2, 3, 4], np.int64), 3)
    assert shares.tolist() == [1, 0, 1]


def test_trees_say_what_lightgbm_says() -> None:
    import lightgbm

    draw = np.random.RandomState(0)
    rows = draw.normal(size=(2_000, 6)).astype(np.float32)
    target = (rows[:, 0] * rows[:, 1] > 0).astype(np.float64)
    parameters = {"objective": "cross_entropy", "num_leaves": 31, "verbose": -1, "num_threads": 1, "use_missing": False}
    model = lightgbm.train(parameters, lightgbm.Dataset(rows, target), 20)
    trees = trees_of(model.dump_model()["tree_info"])
    assert isinstance(trees, Trees)
    assert np.abs(probabilities(rows, trees) - model.predict(rows)).max() < 1e-5


def test_the_command_trains_and_shows_f1(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.npz"
    made = atom_data("train-extractor", str(model), str(folder), "--license", "CC0-1.0", "--folds", "2")
    assert made.returncode == 0, made.stderr
    assert "on sites held out" in made.stdout
    assert json.loads(model.with_name("model.npz.report.json").read_text())["pages"] == 24
    refused = atom_data("train-extractor", str(tmp_path), str(folder))
    assert refused.returncode == 2
    assert f"MODEL: {tmp_path} is a folder. Give the name of a file." in refused.stderr
    many = atom_data("train-extractor", str(model), str(folder), "--license", "CC0-1.0", "--license", "MIT")
    assert many.returncode != 0
    assert "--license is given 2 times; there are 1 sets. Give one a set." in many.stderr


def test_an_empty_page_teaches_nothing_and_breaks_nothing() -> None:
    empty = Labeled("a", None, "a", None, None, b"<script>1</script>", "text", {}, "set", "CC0-1.0")
    assert len(example_of(empty).content) == 0


def test_the_model_is_written_to_a_stream(folder: Path, tmp_path: Path) -> None:
    train_extractor([(folder, "CC0-1.0")], tmp_path / "a.npz", SMALL, validate=False)
    stream = io.BytesIO()
    Model.load(tmp_path / "a.npz").save(stream)
    assert stream.getvalue()
