"""Keys of exact copies: which texts and addresses share one, and lists that are wrong."""

from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import pytest

from atom_data.dedup import CanonicalUrl, ContentHash
from atom_data.errors import ConfigError


def content_hashes(texts: list[str | None], step: ContentHash | None = None) -> list[bytes | None]:
    made = (step or ContentHash())(pa.record_batch({"text": pa.array(texts, pa.string())}))
    assert made.column("text_bytes").to_pylist() == [len((text or "").encode()) for text in texts]
    return list(made.column("content_hash").to_pylist())


def test_content_hash_is_that_of_the_reduced_text() -> None:
    texts = ["Hello,  World!", "hello world", "\nHELLO \u2014 world\t"]
    assert content_hashes(texts) == [blake2b(b"hello world", digest_size=16).digest()] * 3
    assert len(set(content_hashes(texts, ContentHash(skip_punctuation=False)))) == 3
    assert len(set(content_hashes(texts, ContentHash(fold_case=False)))) == 3


def test_content_hash_texts_without_content_are_told_apart() -> None:
    hashes = content_hashes([None, "", "", "---", "***", " ", "a", None])
    assert hashes[0] is hashes[7] is None
    assert hashes[1] == hashes[2]
    assert len({*hashes}) == 6
    assert content_hashes(["...", "a"])[0] != content_hashes(["a", "..."])[0]


def test_content_hash_of_a_slice_is_that_of_its_rows() -> None:
    batch = pa.record_batch({"text": ["one", "Two!", None, "three"]})
    whole = ContentHash()(batch).column("content_hash").to_pylist()
    assert ContentHash()(batch.slice(1, 2)).column("content_hash").to_pylist() == whole[1:3]


def urls(values: list[str | None], step: CanonicalUrl | None = None) -> list[dict[str, object]]:
    return list((step or CanonicalUrl())(pa.record_batch({"url": pa.array(values, pa.string())})).to_pylist())


def test_canonical_url_and_its_hash() -> None:
    rows = urls(["http://Example.org/a/?utm_source=x", "https://example.org/a", None, "no address"])
    assert [row["canonical_url"] for row in rows] == ["https://example.org/a"] * 2 + [None] * 2
    assert rows[0]["url_hash"] == rows[1]["url_hash"] == blake2b(b"https://example.org/a", digest_size=16).digest()
    assert rows[2]["url_hash"] is rows[3]["url_hash"] is None


def test_canonical_url_says_how_long_the_text_is_where_there_is_one() -> None:
    batch = pa.record_batch({"url": ["http://h/", None], "text": ["\u00e9", None]})
    assert CanonicalUrl()(batch).column("text_bytes").to_pylist() == [2, 0]
    assert "text_bytes" not in CanonicalUrl()(batch.select(["url"])).schema.names


def test_canonical_url_takes_a_list_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "parameters.txt"
    path.write_text("# mine\nRef  # who sent them\nX_*\n")
    step = CanonicalUrl(parameters=path, merge_schemes=False, drop_www=False)
    found = urls(["http://www.h/?ref=1&x_y=2&refs=3&utm_source=4"], step)[0]["canonical_url"]
    assert found == "http://www.h/?refs=3&utm_source=4"


def test_canonical_url_of_many_parameters_keeps_those_that_say_something() -> None:
    names = [
        "utm_id",
        "GCLID",
        "mc_eid",
        "PHPSESSID",
        "ASPSESSIONIDQQ",
        "mtm_group",
        "id",
        "page",
        "cid",
        "ref",
        "pk",
        "gclid2",
        "sid",
    ]
    found = urls([f"http://h/?{'&'.join(f'{name}=1' for name in names)}"])[0]["canonical_url"]
    assert found == "https://h/?cid=1&gclid2=1&id=1&page=1&pk=1&ref=1&sid=1"


def test_canonical_url_wrong_lists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"CanonicalUrl: no file .*none.txt of parameters"):
        CanonicalUrl(parameters=tmp_path / "none.txt")
    (tmp_path / "wrong.txt").write_text("utm*source\n")
    with pytest.raises(ConfigError, match=r"wrong.txt: the entry 'utm\*source'; it takes up to 5000 names"):
        CanonicalUrl(parameters=tmp_path / "wrong.txt")
