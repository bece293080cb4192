"""Stop words of the row's own language, and lists that are not right."""

from pathlib import Path

import pyarrow as pa
import pytest

from atom_data.errors import ConfigError
from atom_data.signals import CountStopWords


def counted(pairs: list[tuple[str | None, str | None]], step: CountStopWords | None = None) -> list[int | None]:
    texts, languages = zip(*pairs, strict=True)
    batch = pa.record_batch({"text": pa.array(texts, pa.string()), "language": pa.array(languages, pa.string())})
    return (step or CountStopWords())(batch)["language_stop_word_count"].to_pylist()  # type: ignore[no-any-return]


def test_each_text_is_counted_by_the_list_of_its_language() -> None:
    assert counted([("Le chat et l'homme", "fr"), ("Le chat et l'homme", "fra_Latn"), ("Le chat et", "en")]) == [
        3,
        3,
        0,
    ]
    assert counted([("在中国的人", "zh"), ("ใครอยู่ในบ้านที่", "th"), ("저는 학교에서", "ko")]) == [4, 2, 3]
    assert counted([("The and THE", "en"), ("", "en"), (None, "en"), ("the", None), ("the", "xx")]) == [
        2,
        0,
        None,
        None,
        None,
    ]


def test_every_list_is_of_words_that_prose_of_the_language_has() -> None:
    prose = {
        "ru": "Мы пьём кофе на балконе и в саду",
        "de": "Wir trinken den Kaffee mit der Milch und das Wasser",
        "ja": "私たちは毎朝、仕事に行く前にコーヒーを飲みます",
        "es": "Tomamos café en el balcón y la terraza",
        "it": "Il caffè e la colazione in terrazza",
        "pt": "O café e a varanda de casa",
        "pl": "Pijemy kawę na balkonie i w ogrodzie",
        "nl": "Wij drinken de koffie op het balkon",
        "id": "Kami minum kopi di balkon dan pergi dengan dia",
        "vi": "Chúng tôi là người của thành phố và các bạn",
        "fa": "ما قهوه را در بالکن و از خانه",
        "ar": "نشرب القهوة في الشرفة على الطاولة من هنا",
        "tr": "Kahve ve bir çay için balkon",
        "uk": "Ми п'ємо каву на балконі і в саду",
        "el": "Πίνουμε τον καφέ στο μπαλκόνι και την αυλή",
        "cs": "Pijeme kávu na balkoně a v zahradě se psem",
    }
    counts = counted([(text, code) for code, text in prose.items()])
    assert [code for code, count in zip(prose, counts, strict=True) if count is None or count < 2] == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("en the of", r"list\.txt: the line 'en the of'; it is languages, a colon, words\. Fix the list\."),
        ("en: the\nde en: der", r"list\.txt: the language 'en' has two lists\. Leave one out\."),
        ("fr: l'homme", r"list\.txt: 'l'homme', which is 2 words\. Give words"),
    ],
)
def test_wrong_lists_are_refused(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(line)
    with pytest.raises(ConfigError, match=message):
        CountStopWords(words=path)
    with pytest.raises(ConfigError, match=r"no file .*missing\.txt of stop words"):
        CountStopWords(words=tmp_path / "missing.txt")


def test_list_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("# a remark\nxx yy: ab cd # another\n")
    assert counted([("AB cd", "yy"), ("ab ab", "xx"), ("the", "en")], CountStopWords(words=path)) == [2, 1, None]
