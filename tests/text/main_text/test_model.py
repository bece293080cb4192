"""Features, trees, choice and the file of a model, each against a plain reference."""

from pathlib import Path

import numpy as np
import pytest

from atom_data.errors import ConfigError
from atom_data.extract.main_text import BOUNDS, model_of
from atom_data.text.html import page as columns
from atom_data.text.html.scan import scan
from atom_data.text.main_text import names
from atom_data.text.main_text.choice import DOUBT, choose
from atom_data.text.main_text.comments import without_comments
from atom_data.text.main_text.features import block_features, no_scores
from atom_data.text.main_text.kin import evened
from atom_data.text.main_text.measures import measured
from atom_data.text.main_text.model import Model, _chances_of_row, chances_by
from atom_data.text.main_text.second import stage_two_features, write_second
from atom_data.text.main_text.trees import LEAVES, Trees
from atom_data.text.main_text.words import FIRST_WORDS, text_words

PAGE = Path(__file__).parents[1].joinpath("html", "page.html").read_bytes()


def by_name(html: bytes, url: str = "https://e.org/blog/a-b-c/?x=1") -> list[dict[str, float]]:
    return [
        dict(zip(names.COLUMNS, map(float, row), strict=True)) for row in block_features(scan(html), url, no_scores())
    ]


def test_columns_have_names_and_places() -> None:
    assert len(set(names.COLUMNS)) == len(names.COLUMNS) == 262
    assert len(set(names.SECOND_COLUMNS)) == len(names.SECOND_COLUMNS)
    rows = block_features(scan(PAGE), None, no_scores())
    assert np.isfinite(rows).all()
    assert np.all(rows[:, names.PAGE_FIRST :] == rows[0, names.PAGE_FIRST :])
    assert stage_two_features(scan(PAGE), np.full(len(rows), 0.5, np.float32)).shape == (
        len(rows),
        len(names.SECOND_COLUMNS),
    )
    assert block_features(scan(b""), None, no_scores()).shape == (0, 262)


def test_numbers_of_a_block() -> None:
    rows = by_name(
        b"<title>Big news</title><nav><a href=/>Home</a></nav><main class=content><h1>Big news</h1><p>One, two three. 2024"
        b" <a>four</a></p><ul><li>a b c<li>a b c<li>c: d $5</ul></main>"
    )
    home, heading, text, *items = rows
    assert (home["words"], home["link_share"], home["in_nav"], home["from_h1_blocks"]) == (1, 1, 1, -1)
    assert (heading["heading"], heading["title_share"], heading["title_words"], heading["in_main"]) == (1, 1, 1, 1)
    assert (text["words"], text["sentences"], text["commas"], text["heading"]) == (5, 1, 1, 0)
    assert text["link_share"] == pytest.approx(0.2)
    assert text["class_content"] == 1
    assert [item["copies"] for item in items] == [2, 2, 1]
    assert [item["first_copy"] for item in items] == [1, 0, 1]
    assert [item["alike"] for item in items] == [3, 3, 3]
    assert items[2]["currency"] == 1
    assert text["neighbor_-1_heading"] == 1
    assert text["page_blocks"] == 6
    assert text["url_blog"] == 1


@pytest.mark.parametrize(
    ("word", "group"),
    [("Kommentare", "comment"), ("lista_komentarzy komentarze", "comment"), ("tresc", "content"), ("stopka", "footer")],
)
def test_class_words_of_other_languages_are_known(word: str, group: str) -> None:
    assert by_name(f"<div class='{word}'><p>hello world</p></div>".encode())[0][f"class_{group}"] == 1


def test_class_words_and_first_words_are_scored() -> None:
    page = scan(b"<div class=story><p>hello world</p></div>")
    scores = no_scores()
    scores.class_words[page.class_words[0]] = 0.5
    hashes = text_words(page)
    assert hashes.shape == (1, FIRST_WORDS + 1)
    scores.text_words[hashes[0, 0]] = -0.25
    row = dict(zip(names.COLUMNS, block_features(page, None, scores)[0], strict=True))
    assert (row["class_nearest"], row["text_least"], row["text_mean"]) == (0.5, -0.25, -0.25)


def plain_sum(row: np.ndarray, trees: Trees, tree: int) -> float:
    """Return what one tree gives, split by split."""
    left = 2**LEAVES - 1
    for split in range(trees.splits[tree]):
        if row[trees.columns[tree, split]] > trees.borders[tree, split]:
            left &= int(trees.masks[tree, split])
    return float(trees.leaves[tree, (left & -left).bit_length() - 1])


def test_chances_are_those_of_the_trees_one_by_one() -> None:
    model, page = model_of(None), scan(PAGE * 3)
    rows = block_features(page, "https://e.org/", model.scores)
    first = [sum(plain_sum(row, model.first, tree) for tree in range(len(model.first.splits))) for row in rows]
    first = np.float32(1) / (1 + np.exp(-np.array(first)))
    both = np.concatenate([rows, stage_two_features(page, first.astype(np.float32))], 1)
    second = [sum(plain_sum(row, model.second, tree) for tree in range(len(model.second.splits))) for row in both]
    kin = write_second(page, first.astype(np.float32), np.zeros((len(names.SECOND_COLUMNS), len(rows)), np.float32))
    chances = evened(page.blocks, kin, np.float32(1) / (1 + np.exp(-np.array(second, np.float32))))
    assert model.chances(page, "https://e.org/") == pytest.approx(chances, abs=1e-4)


def drawn_trees(chance: np.random.Generator, trees: int, columns: int) -> Trees:
    """Return trees with masks of any kind, of 0 to 31 splits."""
    shape = (trees, LEAVES - 1)
    masks = chance.integers(0, 2**32, shape, np.uint32) | chance.integers(0, 2**32, shape, np.uint32)
    return Trees(
        chance.integers(0, columns, shape, np.int32),
        chance.choice(np.array([-2.5, -1, -0.0, 0, 0.5, 3, 1e9], np.float32), shape),
        masks | np.uint32(1 << 31),
        chance.normal(size=(trees, LEAVES)).astype(np.float32),
        chance.integers(0, LEAVES, trees, np.int32),
    )


@pytest.mark.parametrize("blocks", [1, 2, 7, 63, 64, 65, 300])
def test_trees_over_all_blocks_are_the_same_bits_as_one_after_the_other(blocks: int) -> None:
    """Columns with one value, with two, and with many, so that splits are decided for all blocks, and for each."""
    chance = np.random.default_rng(blocks)
    trees = drawn_trees(chance, 40, 30)
    values = np.array([-999, -2.5, -1.5, -0.0, 0, 0.25, 0.5, 7, 3e9], np.float32)
    found = np.stack([chance.choice(chance.choice(values, 1 + column % 4), blocks) for column in range(30)])
    plain = np.zeros(blocks, np.float32)
    for tree in range(40):
        plain += np.array([plain_sum(found[:, block], trees, tree) for block in range(blocks)], np.float32)
    chances = chances_by(found, trees)
    alone = [chances_by(np.ascontiguousarray(found[:, [block]]), trees)[0] for block in range(blocks)]
    assert chances == pytest.approx(1 / (1 + np.exp(-plain)), rel=1e-6)
    assert chances.tobytes() == np.array(alone, np.float32).tobytes()
    half = trees._replace(**{name: getattr(trees, name)[:20] for name in trees._fields})
    both = Trees(*(np.concatenate([part, part]) for part in half))
    row = np.ascontiguousarray(found[:, 0])
    one = chances_by(np.ascontiguousarray(found[:, [0]]), half)
    assert _chances_of_row(row, both, 2).tobytes() == np.repeat(one, 2).tobytes()


def test_a_model_is_written_and_read(tmp_path: Path) -> None:
    model = model_of(None)
    model.save(tmp_path / "a.npz")
    Model.load(tmp_path / "a.npz").save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("text")
    with pytest.raises(
        ConfigError, match=r"text\.npz: the file is not a model for main text: .*\. Give one that was trained"
    ):
        Model.load(tmp_path / "text.npz")
    with pytest.raises(ConfigError, match="the file is not a model"):
        Model.load(tmp_path / "missing.npz")
    model = model_of(None)
    wrong = model.first._replace(columns=model.first.columns + 1000)
    Model(model.scores, wrong, model.second).save(tmp_path / "wrong.npz")
    with pytest.raises(ConfigError, match=r"wrong\.npz: the model is of version .*Train it again\."):
        Model.load(tmp_path / "wrong.npz")


def test_the_choice_has_the_highest_expected_f1() -> None:
    page = scan(b"<p>" + b"<p>".join(b"%s word" % (b"a" * n) * n for n in range(1, 12)) + b"<p>" + b"aaaa word" * 4)
    words = page.blocks[:, columns.WORDS].astype(float)
    chances = np.random.default_rng(3).random(len(words)).astype(np.float32)
    chances[-1], chances[3] = 0.2, 0.9
    kept, expected = choose(page, chances)
    single = np.arange(len(words)) < len(words) - 1

    def f1_of(some: np.ndarray, sure: np.ndarray) -> float:
        return float(2 * (sure * words)[some].sum() / (words[some].sum() + (sure * words)[single].sum()))

    doubted = chances.astype(float) ** DOUBT
    best = max(f1_of(single & (chances >= bound), doubted) for bound in chances[single])
    assert f1_of(kept, doubted) == pytest.approx(best, rel=1e-5)
    assert expected == pytest.approx(f1_of(kept, chances), rel=1e-5)
    assert kept[3]
    assert not kept[-1]
    fewer, more = (
        choose(page, chances, least=BOUNDS[favor][0], enough=BOUNDS[favor][1])[0] for favor in ("precision", "recall")
    )
    assert np.all(chances[fewer] >= 0.6)
    assert np.all(more[single & (chances >= 0.1)])
    assert choose(scan(b""), np.zeros(0, np.float32))[1] == 0


def test_comments_are_left_out_unless_they_are_the_page() -> None:
    html = b"<body class=comments-open><p>One two three four.</p><div id=comments><p>Nice.</p></div>"
    page = scan(html)
    assert without_comments(page, np.ones(2, np.bool_)).tolist() == [True, False]
    page = scan(html.replace(b"Nice.", b"Nice " * 9))
    assert without_comments(page, np.ones(2, np.bool_)).tolist() == [True, True]


def test_what_is_kept_is_counted() -> None:
    page = scan(b"<p>One <a>two</a> <img class=tex alt=x><table><tr><td>a<td>b</table><pre>c d</pre><p>left out")
    kept = np.array([True, True, True, True, False])
    assert measured(page, kept)._asdict() == {
        "words": 7, "page_words": 9, "link_words": 1, "links": 1, "tables": 1, "code_blocks": 1, "formulas": 1,
    }  # fmt: skip


def test_links_beside_a_text_must_be_likely() -> None:
    links = b"".join(b"<li><a href=/%d>One more headline of the day number %d</a>" % (n, n) for n in range(8))
    text = b"<p>" + b"All of it was said before, and nobody had listened to a word of it. " * 6
    beside, alone = scan(text + b"<ul>" + links), scan(b"<ul>" + links)
    chances = np.full(len(beside.blocks), 0.7, np.float32)
    chances[0] = 0.97
    kept, _ = choose(beside, chances)
    assert kept.tolist() == [True] + [False] * 8
    assert choose(alone, chances[1:])[0].all()
    assert choose(beside, chances, enough=BOUNDS["recall"][1])[0].all()
    chances[1:] = 0.85
    assert choose(beside, chances)[0].all()


def test_text_behind_text_needs_less() -> None:
    """Text in doubt is kept behind text; links are not, nor a short line, nor text that nothing before it holds up."""
    blocks = (
        ("<p>" + "sure " * 60, 0.95, True), ("<p>" + "long " * 12, 0.45, True), ("<p>cut off here", 0.1, False),
        ("<p>" + "alone " * 12, 0.45, False), ("<p>" + "certain " * 60, 0.95, True), ("<p>a short one", 0.45, False),
        ("<p>" + "again " * 60, 0.95, True), ("<p><a href=/>" + "link " * 12 + "</a>", 0.45, False),
    )  # fmt: skip
    page = scan("".join(html for html, _, _ in blocks).encode())
    chances = np.array([chance for _, chance, _ in blocks], np.float32)
    assert choose(page, chances)[0].tolist() == [kept for _, _, kept in blocks]
    assert not choose(page, chances, least=BOUNDS["precision"][0])[0][1]
