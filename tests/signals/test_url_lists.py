"""Lists of addresses, held against plain code of datatrove's and DCLM's rules."""

import gzip
import io
import re
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from atom_data.errors import ConfigError
from atom_data.signals import CheckUrlLists, datatrove_url_lists

WORDS, SOFT, PARTS = ("bad", "18plus", "two words", "#not me"), ("cam", "teen", "hot"), ("por n", "XXX", "2girls")


def lists(folder: Path, rules: str = "datatrove") -> CheckUrlLists:
    for name, entries in (
        ("words", WORDS),
        ("soft", SOFT),
        ("parts", PARTS),
        ("domains", ("Bad.example", "x.good.org")),
    ):
        (folder / name).write_text("".join(f"{entry}\n" for entry in entries))
    (folder / "urls").write_text("http://good.org/exact\n")
    return CheckUrlLists(
        domains=folder / "domains", urls=folder / "urls", words=folder / "words", soft_words=folder / "soft",
        parts=folder / "parts", rules=rules,  # type: ignore[arg-type]
    )  # fmt: skip


def listed(step: CheckUrlLists, urls: list[str | None]) -> list[str]:
    found: list[str] = step(pa.record_batch({"url": pa.array(urls, pa.string())})).column("url_list").to_pylist()
    return found


@pytest.mark.parametrize(
    ("url", "datatrove", "dclm"),
    [
        ("http://bad.example/", "domain", "domain"),
        ("http://www.bad.example/", "domain", "domain"),
        ("http://a.x.good.org/", "domain", "domain"),
        ("http://good.org/exact", "url", "url"),
        ("http://good.org/exact/", "none", "none"),
        ("http://good.org/a-bad-page", "word", "word"),
        ("http://good.org/a_bad_page", "word", "none"),
        ("http://good.org/BAD", "none", "word"),
        ("http://good.org/badly", "none", "none"),
        ("http://good.org/18plus", "word", "word"),
        ("http://good.org/twowords", "word", "none"),
        ("http://good.org/two/words", "none", "word"),
        ("http://good.org/hot", "none", "none"),
        ("http://good.org/hot/hot", "none", "none"),
        ("http://good.org/hot/teen", "soft_words", "soft_words"),
        ("http://good.org/p-o/r?n", "part", "none"),
        ("http://good.org/porn", "part", "none"),
        ("http://good.org/axx-xb", "part", "part"),
        ("http://good.org/2girls", "part", "part"),
        ("", "none", "none"),
        (None, "none", "none"),
    ],
)
def test_each_list(tmp_path: Path, url: str | None, datatrove: str, dclm: str) -> None:
    assert listed(lists(tmp_path), [url]) == [datatrove]
    assert listed(lists(tmp_path, "dclm"), [url]) == [dclm]


def plain(url: str) -> str:
    """datatrove's rules for words and parts, as its page says them."""

    def bare(text: str) -> str:
        return re.sub(r"[^a-zA-Z0-9]+", "", text).lower()

    words = set(re.split(r"[^a-zA-Z0-9]+", url))
    if words & {bare(word) for word in WORDS if not word.startswith("#")}:
        return "word"
    if len(words & set(SOFT)) >= 2:
        return "soft_words"
    return "part" if any(bare(part) in bare(url) for part in PARTS) else "none"


PIECES = st.sampled_from(
    ["bad", "Bad", "18plus", "cam", "teen", "hot", "po", "rn", "xx", "x", "two", "words", "2", "girls", "é"]
)
SIGNS = st.sampled_from(["/", "-", "_", ".", "", "?a=", " ", "%20", "ö"])


@settings(deadline=None)
@given(st.lists(st.tuples(PIECES, SIGNS), max_size=8))
def test_as_the_plain_rules(tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[str, str]]) -> None:
    url = "http://good.org/" + "".join(map("".join, pieces))
    assert listed(lists(tmp_path_factory.mktemp("lists")), [url]) == [plain(url)]


def test_lists_lie_in_archives_too(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "both.tar.gz", "w:gz") as archive:
        for name, text in (("urls", b"http://a.org/x\n"), ("domains", b"bad.example\n")):
            item = tarfile.TarInfo(name)
            item.size = len(text)
            archive.addfile(item, io.BytesIO(text))
    (tmp_path / "domains.gz").write_bytes(gzip.compress(b"bad.example\n"))
    both = CheckUrlLists(domains=tmp_path / "both.tar.gz", urls=tmp_path / "both.tar.gz")
    assert listed(both, ["http://bad.example", "http://a.org/x", "http://a.org"]) == ["domain", "url", "none"]
    assert listed(CheckUrlLists(domains=tmp_path / "domains.gz"), ["http://bad.example"]) == ["domain"]
    assert listed(CheckUrlLists(), ["http://bad.example"]) == ["none"]
    with pytest.raises(ConfigError, match="there is no member 'domains' in it"):
        with tarfile.open(tmp_path / "none.tar.gz", "w:gz"):
            pass
        listed(CheckUrlLists(domains=tmp_path / "none.tar.gz"), ["http://bad.example"])
    with pytest.raises(ConfigError, match="no file nowhere"):
        CheckUrlLists(words=Path("nowhere"))


def test_lists_of_datatrove_are_where_it_is_installed() -> None:
    step = datatrove_url_lists()
    assert step.words is not None and step.parts is not None
    checked = CheckUrlLists(words=step.words, soft_words=step.soft_words, parts=step.parts)
    urls = ["http://a.org/18abused", "http://a.org/2girls1cup", "http://a.org/anus/babes", "http://a.org/news"]
    assert listed(checked, list(urls)) == ["word", "part", "soft_words", "none"]
