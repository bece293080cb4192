"""Engines: one protocol, one guard before all of them, and sentences for what is asked for under its name of before."""

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from atom_data import Extract, Jsonl, Stage
from atom_data.batch import empty
from atom_data.errors import AtomDataError, ConfigError, DataError
from atom_data.extract import Content, Engine, EngineError, JusText, MainText, Resiliparse, Trafilatura, WholeText
from atom_data.identity import describe
from tests.command import atom_data, recipe
from tests.extract.test_extract import HARMFUL

PAGE = (
    b"<html><head><title> A \n page </title><script>var a;</script></head><body><nav><a href=/>Home</a></nav>"
    b"<main><h1>Head</h1><p>One.</p><ul><li>two</li></ul><img alt=three src=x><noscript>off</noscript></main>"
    b"<footer>Imprint</footer></body>"
)


class PanicException(BaseException):
    """What a fault inside a Rust library comes as."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Says:
    """An engine of your own: the page's URL and length, or what the page asks it to raise."""

    def extract(self, html: str, url: str | None) -> Content:
        known = {
            "config": ConfigError("missing"),
            "data": DataError("gone"),
            "memory": MemoryError(),
            "bug": ValueError(),
        }
        known |= {"said": EngineError("paywall"), "panic": PanicException(), "stop": KeyboardInterrupt()}
        if html in known:
            raise known[html]
        return Content(f"\n{url} {len(html)}\0 ", f" the\n{html[:4]} ")


ENGINES: list[Engine] = [Resiliparse(), WholeText(), Says()]


def one(
    data: bytes | None, step: Extract, mime: str | None = "text/html", url: str = "https://x/"
) -> tuple[object, ...]:
    batch = pa.record_batch(
        {"html": pa.array([data], pa.binary()), "charset": pa.nulls(1, pa.string()), "mime": [mime], "url": [url]}
    )
    row = step(batch).to_pylist()[0]
    return tuple(row[name] for name in ("text", "title", "extract_status", "replaced_characters"))


def test_an_engine_is_given_the_page_and_its_url_and_what_it_gives_is_cleaned() -> None:
    assert one(b"abcdef", Extract(engine=Says(), url="url")) == ("https://x/ 6", "the abcd", "ok", 0)
    assert one(b"abcdef", Extract(engine=Says())) == ("None 6", "the abcd", "ok", 0)
    assert one(b" a\0b ", Extract(engine=Says()), mime="text/plain") == ("ab", None, "ok", 0)


def test_what_an_engine_raises_about_a_page_is_its_status() -> None:
    step = Extract(engine=Says())
    found = [one(page, step)[2] for page in (b"bug", b"said", b"panic")]
    assert found == ["parser", "paywall", "parser"]


@pytest.mark.parametrize(("page", "kind"), [(b"config", ConfigError), (b"data", DataError), (b"memory", MemoryError)])
def test_what_no_page_is_to_blame_for_ends_the_run(page: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        one(page, Extract(engine=Says()))


def test_ctrl_c_is_no_fault_of_a_page() -> None:
    with pytest.raises(KeyboardInterrupt):
        one(b"stop", Extract(engine=Says()))


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: type(engine).__name__)
def test_every_engine_stands_behind_the_same_guard(engine: Engine) -> None:
    step = Extract(engine=engine, max_html_bytes=2_000_000)
    for page in HARMFUL.values():
        assert one(page, step)[2] == "too_complex"
    pages = [None, b"", b"\x89PNG\r\n\x1a\n" + bytes(99), b"x" * 2_000_001, b"<p>\xff\xfe"]
    assert [one(page, step)[2] for page in pages[:4]] == ["no_html", "no_html", "binary", "too_large"]
    assert one(b"\xff\x00 \x00", step)[2] in ("ok", "empty", "charset", "binary", "parser")


def test_main_content_and_whole_text() -> None:
    text = "One sentence says what the page is about, and the next one says more of it. " * 3
    page = PAGE.replace(b"One.", text.encode())
    assert one(page, Extract()) == (text.strip(), "A page", "ok", 0)
    assert one(PAGE, Extract(engine=Resiliparse())) == ("Head\n\nOne.", "A page", "ok", 0)
    assert "three" in str(one(PAGE, Extract(engine=Resiliparse(alt_texts=True)))[0])
    whole = one(PAGE, Extract(engine=WholeText()))
    assert whole == ("Home\n\nHead\n\nOne.\n\n  • two\nImprint", "A page", "ok", 0)
    assert "off" in str(one(PAGE, Extract(engine=WholeText(noscript=True)))[0])


def test_the_identity_names_step_and_engine() -> None:
    assert describe(Extract()) == {
        "step": "atom_data.Extract",
        "engine": {
            "step": "atom_data.extract.MainText",
            "favor": "f1",
            "comments": True,
            "markdown": False,
            "links": False,
            "metadata": False,
            "model": None,
        },
        "max_html_bytes": 8 << 20,
        "charset": "charset",
        "mime": "mime",
        "url": None,
    }
    assert describe(Extract(engine=WholeText())) != describe(Extract())


def test_an_engine_on_bytes_has_limits_of_its_own() -> None:
    step = Extract(engine=MainText(), max_html_bytes=2_000_000)
    for page in HARMFUL.values():
        assert one(page, step)[2] in ("ok", "empty", "too_complex")
    pages = [None, b"", b"\x89PNG\r\n\x1a\n" + bytes(99), b"x" * 2_000_001]
    assert [one(page, step)[2] for page in pages] == ["no_html", "no_html", "binary", "too_large"]
    assert one(b" a\0b ", step, mime="text/plain") == ("ab", None, "ok", 0)


def test_justext_takes_paragraphs_with_words_of_a_language() -> None:
    pytest.importorskip("justext")
    words = "This is a sentence that has some of the words which are in all of the texts of a language. " * 4
    page = f"<html><head><title>Short</title></head><body><p>{words}</p><p><a href=x>Imprint</a></p></body></html>".encode()
    assert one(page, Extract(engine=JusText()))[:3] == (words.strip(), "Short", "ok")
    assert one(page, Extract(engine=JusText(language=None)))[2] == "ok"
    assert one(HARMFUL["options"], Extract(engine=JusText()))[2] == "too_complex"
    with pytest.raises(
        ConfigError, match=r"^JusText: language is 'Elvish'; jusText has stop words for .*English.*\. Give one"
    ):
        one(page, Extract(engine=JusText(language="Elvish")))


@pytest.mark.parametrize("wrong", ["trafilatura", Trafilatura, None, len])
def test_what_is_no_engine_is_refused(wrong: object) -> None:
    with pytest.raises(
        ConfigError,
        match=r"^Extract: engine is .*; there are MainText\(\), Resiliparse\(\), Trafilatura\(\), JusText\(\) and Whole",
    ):
        Extract(engine=wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"^Extract: max_html_bytes is 0\. Give a number of bytes above 0\."):
        Extract(max_html_bytes=0)


def test_an_engine_is_no_step() -> None:
    with pytest.raises(
        ConfigError, match=r"step 1: Resiliparse\(.*is not a step\. Give it to a step: Extract\(engine=\.\.\.\)\."
    ):
        Stage(name="text", reads=Jsonl("x"), steps=(Resiliparse(),))  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", [JusText(), Trafilatura()])
def test_a_library_that_is_not_installed_is_said_before_a_page_is_read(
    engine: JusText | Trafilatura, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = type(engine).__name__.lower()
    monkeypatch.setitem(sys.modules, library, None)
    importlib.import_module(f"atom_data.extract.{library}")._library.cache_clear()
    schema = pa.schema([("html", pa.binary()), ("charset", pa.string()), ("mime", pa.string())])
    with pytest.raises(ConfigError, match=rf"^\w+: the package {library} is not installed\. pip install"):
        Extract(engine=engine)(empty(schema))


def test_a_model_that_is_missing_is_said_before_a_page_is_read(tmp_path: Path) -> None:
    schema = pa.schema([("html", pa.binary()), ("charset", pa.string()), ("mime", pa.string())])
    with pytest.raises(
        ConfigError, match=r"missing\.npz: the file is not a model for main text: .*\. Give one that was"
    ):
        Extract(engine=MainText(model=tmp_path / "missing.npz"))(empty(schema))


def test_trafilatura_title_comments_and_bounds() -> None:
    pytest.importorskip("trafilatura")
    words = "A sentence of some length stands here for all to read. " * 12
    page = (
        f"<html><head><title>Short</title><meta property='og:title' content='The long title'></head><body><article><p>{words}"
        f"</p></article><div class='comments'><p>{'I do agree with all of that. ' * 5}</p></div></body></html>"
    ).encode()
    text, title, status, _ = one(page, Extract(engine=Trafilatura()))
    assert (str(text).strip(), title, status) == (words.strip(), "Short", "ok")
    assert one(page, Extract(engine=Trafilatura(metadata=True)))[1] == "The long title"
    with_comments = str(one(page, Extract(engine=Trafilatura(comments=True)))[0])
    assert with_comments.startswith(words.strip())
    assert "I do agree" in with_comments
    assert one(HARMFUL["options"], Extract(engine=Trafilatura()))[2] == "too_complex"


@pytest.mark.parametrize(
    ("package", "name", "said"),
    [
        ("atom_data", "ExtractHtml", r"^ExtractHtml is now Extract\(\); .*Extract\(engine=Resiliparse\(links=True\)\)"),
        ("atom_data.extract", "ExtractHtml", r"^ExtractHtml is now Extract\(\)"),
        ("atom_data.extract", "ExtractTrafilatura", r"^ExtractTrafilatura is now Extract\(engine=Trafilatura\(\)\)"),
    ],
)
def test_a_name_of_before_says_what_is_written_today(package: str, name: str, said: str) -> None:
    for kind in (ImportError, ConfigError, AtomDataError):
        with pytest.raises(kind, match=said):
            getattr(importlib.import_module(package), name)
    assert name not in dir(importlib.import_module(package))


def test_a_recipe_with_a_name_of_before_ends_with_one_sentence(tmp_path: Path) -> None:
    path = recipe(tmp_path, "from atom_data import ExtractHtml\n\ndef stages():\n    return ()\n")
    done = atom_data("check", path)
    assert done.returncode == 2
    assert "line 1: ExtractHtml is now Extract()" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_halves_of_surrogate_pairs_are_replaced_and_other_pages_stay() -> None:
    """A page's state is JSON, which can name them one by one; no file can hold them."""
    state = '<script id="__NEXT_DATA__" type="application/json">{"body": "%s"}</script>' % ("\\ud83d word" * 60)
    pages = pa.array(
        [state.encode(), b"<p>A page with its own text, and nothing to hide in any of its scripts."], pa.binary()
    )
    batch = pa.record_batch({"html": pages, "charset": pa.nulls(2, pa.string()), "mime": ["text/html"] * 2})
    for name in ("text", "markdown"):
        hidden, plain = Extract(engine=MainText(markdown=True))(batch).column(name).to_pylist()
        assert hidden.count("\ufffd word") == 60
        assert plain == "A page with its own text, and nothing to hide in any of its scripts."
