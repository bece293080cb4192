"""Blocks of datatrove's as steps: the decisions are its own, every row stays, and nothing hangs on what came before."""

import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datatrove.data import Document
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.extractors.base import BaseExtractor
from datatrove.pipeline.filters import (
    C4BadWordsFilter,
    C4ParagraphFilter,
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LambdaFilter,
    RegexFilter,
    SamplerFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter, get_filter_result
from datatrove.pipeline.formatters import PIIFormatter, SymbolLinesFormatter
from datatrove.pipeline.formatters.base import BaseFormatter

from atom_data import Extract, Jsonl, Stage
from atom_data.batch import empty
from atom_data.bridge import DatatroveExtractor, DatatroveFilter, DatatroveFormatter
from atom_data.errors import ConfigError, DataError
from atom_data.identity import canonical, describe
from tests.command import atom_data, recipe
from tests.test_contract import ODD, batch

PARAGRAPH = "A paragraph that goes on for quite a while, long enough for the rule that counts its characters. " * 3
TEXTS = [
    "lorem ipsum",
    "Nothing { to see here.",
    None,
    "",
    "\n".join([PARAGRAPH] * 4),
    "One line that ends well, says Anna.\nOne without an end\njavascript is here, they say.\n" * 4,
]


class Needs(BaseFilter):
    """Keeps documents whose metadata has a score above the bound, and notes its double."""

    def __init__(self, bound: float = 0.5) -> None:
        super().__init__()
        self.bound = bound

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        doc.metadata["double"] = 2 * doc.metadata["score"]
        return True if doc.metadata["score"] > self.bound else (False, f"low \ud800{doc.id}")


class Counts(BaseFilter):
    """Keeps every other document."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def filter(self, doc: Document) -> bool:
        self.seen += 1
        return self.seen % 2 == 0


class Breaks(BaseFormatter):
    def format(self, text: str) -> str:
        return text.upper() if text != "lorem ipsum" else text[10_000]


class Tags(BaseExtractor):
    """Takes out tags, and breaks on some."""

    def __init__(self, timeout: float = 1, upper: bool = False) -> None:
        super().__init__(timeout)
        self.upper = upper

    def extract(self, text: str) -> str | None:
        if "nothing" in text:
            return None
        if "broken" in text:
            raise RecursionError("too deep")
        plain = "".join(part.rpartition(">")[2] for part in text.split("<"))
        return plain.upper() if self.upper else plain


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (RegexFilter, {"regex_exp": "lorem"}),
        (C4ParagraphFilter, {}),
        (C4QualityFilter, {"min_num_sentences": -1}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_filter_decides_as_datatrove_does(kind: type[BaseFilter], options: dict[str, Any]) -> None:
    texts = [text for text in TEXTS if text]
    expected = as_datatrove(kind, options, texts)
    step = DatatroveFilter(block=kind, options=options, name="it")
    made = step(batch(texts)).to_pydict()
    assert list(zip(made["datatrove_it_kept"], made["datatrove_it_reason"], made["text"], strict=True)) == expected
    assert len({kept for kept, *_ in expected}) == 2


@pytest.mark.parametrize("kind", [GopherQualityFilter, GopherRepetitionFilter, FineWebQualityFilter])
def test_filter_of_words_decides_as_datatrove_does(kind: type[BaseFilter]) -> None:
    pytest.importorskip("spacy")
    texts = [text for text in [*TEXTS, *ODD] if text]
    made = DatatroveFilter(block=kind, name="it")(batch(texts)).to_pydict()
    found = list(zip(made["datatrove_it_kept"], made["datatrove_it_reason"], made["text"], strict=True))
    assert found == as_datatrove(kind, {}, texts)


def as_datatrove(kind: type[BaseFilter], options: dict[str, Any], texts: list[str]) -> list[tuple[bool, str, str]]:
    """Return decision, reason and text of each document, asked by itself."""
    expected = []
    for text in texts:
        document = Document(text=text, id="x")
        kept, reason = get_filter_result(kind(**options).filter(document))
        expected.append((bool(kept), "kept" if kept else reason or "dropped", document.text if kept else text))
    return expected


def test_filter_that_takes_lines_out_changes_the_text_of_what_it_keeps() -> None:
    step = DatatroveFilter(block=C4QualityFilter, options={"min_num_sentences": -1})
    text = step(batch([TEXTS[5]])).column("text")[0].as_py()
    assert text == "\n".join(["One line that ends well, says Anna."] * 4)


def test_filter_leaves_the_text_of_what_it_drops() -> None:
    def cut(document: Document) -> bool:
        document.text = document.text[1:]
        return document.text != "rop"

    made = DatatroveFilter(block=LambdaFilter, options={"filter_function": cut})(batch(["keep", "drop"]))
    assert made.column("text").to_pylist() == ["eep", "drop"]


def test_filter_reads_columns_as_metadata_and_gives_what_it_notes() -> None:
    rows = pa.record_batch({"id": list("abc"), "text": ["x", "y", "z"], "score": [0.9, 0.1, None]})
    step = DatatroveFilter(block=Needs, reads=("score",), metadata={"double": "float32"})
    made = step(rows)
    assert made.column("datatrove_needs_kept").to_pylist() == [True, False, None]
    assert made.column("datatrove_needs_reason").to_pylist() == ["kept", "low �b", "error: KeyError: 'score'"]
    assert made.column("double").equals(pa.array([1.8, 0.2, None], pa.float32()))
    with pytest.raises(ConfigError, match="no column 'score'"):
        step(empty(pa.schema([("id", pa.string()), ("text", pa.string())])))


def test_filter_value_of_another_type_is_null() -> None:
    step = DatatroveFilter(block=Needs, reads=("score",), metadata={"double": "bool"})
    made = step(pa.record_batch({"id": ["a"], "text": ["x"], "score": [0.9]}))
    assert made.column("double").to_pylist() == [None]


def test_filter_that_remembers_documents_is_found() -> None:
    with pytest.raises(DataError, match="Counts said 'dropped' of the document 'id-0' and 'kept' when asked again"):
        DatatroveFilter(block=Counts)(batch(["a", "b", "c"]))


def test_filter_exception_is_a_reason() -> None:
    step = DatatroveFilter(block=LambdaFilter, options={"filter_function": lambda doc: 1 / len(doc.text) > 0})
    made = step(batch(["a", "", None])).to_pydict()
    assert made["datatrove_lambda_kept"] == [True, None, None]
    assert made["datatrove_lambda_reason"] == ["kept", "error: ZeroDivisionError: division by zero", "no_text"]


def test_filter_without_its_package_is_no_drop() -> None:
    def needs(document: Document) -> bool:
        raise ImportError("Please install `spacy`")

    step = DatatroveFilter(block=LambdaFilter, options={"filter_function": needs})
    with pytest.raises(
        ConfigError, match="LambdaFilter lacks what it needs to work: ImportError: Please install `spacy`"
    ):
        step(batch(["a"]))


def test_formatter_does_not_depend_on_earlier_documents() -> None:
    step = DatatroveFormatter(block=PIIFormatter)
    text = "Write to one@site.org and two@site.org, three@site.org or 8.8.8.8"
    texts = step(batch([text, text])).column("text").to_pylist()
    assert texts[0] == texts[1]
    assert texts[0] == PIIFormatter().format(text) != text
    shared = PIIFormatter()
    assert shared.format(text) != shared.format(text)  # what the step must not do


def test_formatter_changes_text_and_says_so() -> None:
    made = DatatroveFormatter(block=SymbolLinesFormatter)(batch(["a\n###\nb", "plain", None]))
    assert made.column("text").to_pylist() == ["a\nb", "plain", None]
    assert made.column("datatrove_symbol_lines_status").to_pylist() == ["changed", "unchanged", "no_text"]


def test_formatter_exception_leaves_the_text() -> None:
    made = DatatroveFormatter(block=Breaks)(batch(["lorem ipsum", "b"]))
    assert made.column("text").to_pylist() == ["lorem ipsum", "B"]
    assert made.column("datatrove_breaks_status").to_pylist() == [
        "error: IndexError: string index out of range",
        "changed",
    ]


def test_extractor_gives_text_or_a_reason() -> None:
    pages = [b"<p>Gr\xf6\xdfe</p>", None, b"<p>broken", b"nothing", b"<br>", b"x" * 200, b"<p>" + b"<div>" * 50_000]
    rows = pa.record_batch({"id": list("abcdefg"), "html": pages, "charset": ["latin-1", *[None] * 6]})
    made = Extract(engine=DatatroveExtractor(block=Tags, options={"upper": True}), mime=None, max_html_bytes=300_000)(
        rows
    )
    assert made.column("text").to_pylist() == ["GRÖSSE", None, None, None, None, "X" * 200, None]
    statuses = ["ok", "no_html", "error: RecursionError: too deep", "empty", "empty", "ok", "too_complex"]
    assert made.column("extract_status").to_pylist() == statuses
    small = Extract(engine=DatatroveExtractor(block=Tags), mime=None, max_html_bytes=100)(rows)
    assert small.column("extract_status")[5].as_py() == "too_large"


def test_trafilatura_of_datatrove() -> None:
    pytest.importorskip("trafilatura")
    step = Extract(engine=DatatroveExtractor(block=Trafilatura, options={"deduplicate": False}), mime=None)
    page = (
        b"<html><body><article><p>" + b"A sentence of some length stands here. " * 20 + b"</p></article></body></html>"
    )
    made = step(pa.record_batch({"id": ["a", "b"], "html": [page, page], "charset": pa.nulls(2, pa.string())}))
    assert made.column("text")[0].as_py().startswith("A sentence of some length")
    assert made.column("text")[0] == made.column("text")[1]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: DatatroveFilter(block=PIIFormatter),
            "DatatroveFilter: block is .*Give a class made from datatrove's BaseFi",
        ),
        (lambda: DatatroveFilter(block=RegexFilter("x")), "DatatroveFilter: block is "),
        (
            lambda: DatatroveFilter(block=RegexFilter),
            "RegexFilter: missing a required argument: 'regex_exp'. It takes: reg",
        ),
        (
            lambda: DatatroveFilter(block=GopherQualityFilter, options={"words": 1}),
            "got an unexpected keyword argument 'wo",
        ),
        (
            lambda: DatatroveFilter(block=RegexFilter, options={"exclusion_writer": 1}),
            "the ledger holds them. Leave it out",
        ),
        (
            lambda: DatatroveFilter(block=SamplerFilter),
            "SamplerFilter gives other answers in another order: it draws in",
        ),
        (
            lambda: DatatroveFilter(block=C4BadWordsFilter, options={"keep_fraction": 0.1}),
            "with keep_fraction it draws in",
        ),
        (
            lambda: DatatroveFilter(block=Needs, metadata={"a": "text"}),
            "metadata 'a' has the type 'text'. Give an Arrow",
        ),
        (lambda: DatatroveExtractor(block=Trafilatura), "it remembers paragraphs of other pages. Set options="),
        (lambda: DatatroveFormatter(block=RegexFilter), "DatatroveFormatter: block is "),
        (
            lambda: DatatroveFilter(block=RegexFilter, options={"regex_exp": "("})(batch([])),
            r"RegexFilter cannot be made: (re\.)?(error|PatternError): missing \)",
        ),
    ],
)
def test_mistakes_are_named_before_a_document_is_read(make: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()


def test_identity_holds_class_options_and_version() -> None:
    def told(**options: object) -> str:
        return canonical(describe(DatatroveFilter(block=RegexFilter, options=options)))

    assert told(regex_exp="a") == told(regex_exp="a") != told(regex_exp="b")
    assert '"versions":["datatrove ' in told(regex_exp="a")
    assert '"name":"RegexFilter"' in told(regex_exp="a")
    step = DatatroveFilter(block=RegexFilter, options={"regex_exp": "a"})
    assert pickle.loads(pickle.dumps(step)) == step


def test_stage_finds_what_a_block_reads(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "x", "score": 0.7}\n')
    source = Jsonl(str(tmp_path / "in.jsonl"), source="t", columns={"score": "double"})
    stage = Stage(
        name="a",
        reads=source,
        steps=(DatatroveFilter(block=Needs, reads=("score",)),),
        writes=("id",),
        provenance=False,
    )
    assert set(stage.needed()) == {"id", "text", "score"}


def test_recipe_with_blocks_runs_and_loses_no_document(tmp_path: Path) -> None:
    texts = [text for text in ODD if text and text.strip()] + ["lorem ipsum", "me@site.org is kept"]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    (tmp_path / "kept.toml").write_text(
        'source = "a test"\n[[rule]]\nreason = "lorem"\ncolumn = "datatrove_regex_kept"\none_of = [true]\n'
    )
    path = recipe(
        tmp_path,
        f"""
        from datatrove.pipeline.filters import RegexFilter
        from datatrove.pipeline.formatters import PIIFormatter
        from atom_data import Jsonl, Stage, keep
        from atom_data.bridge import DatatroveFilter, DatatroveFormatter

        def stages():
            steps = (
                DatatroveFilter(block=RegexFilter, options={{"regex_exp": "lorem"}}),
                keep({str(tmp_path / "kept.toml")!r}),
                DatatroveFormatter(block=PIIFormatter),
            )
            return (Stage(name="clean", reads=Jsonl({str(tmp_path / "in.jsonl")!r}, source="t"), steps=steps),)
        """,
    )
    assert atom_data("check", path).returncode == 0
    done = atom_data("run", path, "-o", tmp_path / "out", "-w", 1)
    assert done.returncode == 0, done.stderr
    kept = pq.read_table(next((tmp_path / "out" / "clean").glob("*.parquet")))
    ledger = pq.read_table(next((tmp_path / "out" / "clean" / "drops").glob("*.parquet"))).to_pylist()
    assert [line["reason"] for line in ledger] == ["kept.lorem"]
    assert kept.num_rows == len(texts) - 1
    assert kept["text"].to_pylist()[-1] == "email@example.com is kept"
