"""Fields to documents: nested names, several joined, chat messages; the same from JSON lines and from Parquet."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data import Jsonl, Parquet
from atom_data.errors import ConfigError
from atom_data.graph import Source
from atom_data.readers import Messages
from atom_data.testing import check_source
from tests.readers.archives import outcome

ROWS: list[dict[str, Any]] = [
    {
        "meta": {"key": "a", "page": {"url": "https://a.org", "day": "2026-01-02"}},
        "doc": {"text": "first", "score": 1.5},
        "title": "One", "body": "more",
        "messages": [
            {"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Yes."}, {"role": "tool", "content": None},
        ],
    },
    {
        "meta": {"key": "b", "page": None}, "doc": {"text": None, "score": None}, "title": "Two", "body": None, "messages": [],
    },
    {"meta": {"key": "c", "page": {"url": None, "day": None}}, "doc": None, "title": None, "body": None, "messages": None},
]  # fmt: skip
WHERE = {"id": "meta.key", "url": "meta.page.url", "date": "meta.page.day"}


def sources(folder: Path, **fields: Any) -> list[Source]:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "rows.parquet")
    return [Jsonl(f"{folder}/rows.jsonl", **fields), Parquet(f"{folder}/rows.parquet", **fields)]


@pytest.mark.parametrize("kind", [0, 1], ids=["jsonl", "parquet"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title", ["One", "Two", None]),
        (("title", "body"), ["One\n\nmore", "Two", None]),
        (["title", "meta.key"], ["One\n\na", "Two\n\nb", "c"]),
        (Messages(), ["user: Hello?\n\nassistant: Yes.", "", None]),
        (Messages(form="<{role}>{content}", between="\n"), ["<user>Hello?\n<assistant>Yes.", "", None]),
        (Messages(form="{content}"), ["Hello?\n\nYes.", "", None]),
    ],
)
def test_text(kind: int, text: Any, expected: list[str | None], tmp_path: Path) -> None:
    found = outcome(sources(tmp_path, text=text, **WHERE)[kind])
    assert [row["text"] for row in found.rows] == expected
    assert [row["id"] for row in found.rows] == ["a", "b", "c"]
    assert [row["url"] for row in found.rows] == ["https://a.org", None, None]
    assert [row["date"] for row in found.rows] == ["2026-01-02", None, None]


def test_nested_text(tmp_path: Path) -> None:
    lines, table = sources(tmp_path, text="doc.text")
    assert [row["text"] for row in outcome(table).rows] == ["first", None, None]
    found = outcome(lines)
    assert [row["text"] for row in found.rows] == ["first", None]
    assert found.details == ["no field 'doc.text'; fields here: meta, doc, title, body, messages"]


def test_a_name_with_a_dot_comes_before_what_lies_below(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"doc.text": "here", "doc": {"text": "below"}}\n')
    assert outcome(Jsonl(f"{tmp_path}/a.jsonl", text="doc.text")).rows[0]["text"] == "here"
    (tmp_path / "a.jsonl").write_text('{"turns": [{"text": "x"}, {"text": "second"}], "meta": {"lang": "de"}}\n')
    row = outcome(Jsonl(f"{tmp_path}/a.jsonl", text="turns.1.text", columns={"meta.lang": "string"})).rows[0]
    assert (row["text"], row["meta.lang"]) == ("second", "de")


def test_parts_and_share_gpt(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "See"}, {"type": "image_url"}, {"type": "text", "text": "this"}]
    lines = [
        {"messages": [{"role": "user", "content": parts}]},
        {"messages": "no list"},
        {"messages": [{"role": "user", "content": 5}]},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = outcome(Jsonl(f"{tmp_path}/a.jsonl", text=Messages()))
    assert [row["text"] for row in found.rows] == ["user: See\nthis"]
    assert found.details == [
        "field 'messages' holds no list of messages but str", "field 'messages.content' holds no text but int",
    ]  # fmt: skip
    (tmp_path / "a.jsonl").write_text('{"conversations": [{"from": "human", "value": "Hi"}]}\n')
    shared = Messages(field="conversations", role="from", content="value")
    assert outcome(Jsonl(f"{tmp_path}/a.jsonl", text=shared)).rows[0]["text"] == "human: Hi"


@pytest.mark.parametrize("text", ["doc.text", ("title", "body"), Messages()], ids=["nested", "joined", "messages"])
def test_contract(text: Any, tmp_path: Path) -> None:
    for source in sources(tmp_path, text=text, **WHERE):
        check_source(source)


def test_identities_of_plain_names_are_those_of_before(tmp_path: Path) -> None:
    lines, table = sources(tmp_path)
    assert lines.identity()["fields"] == {"text": "text", "id": "id", "url": "url", "date": "date"}
    assert table.identity()["columns"] == {"text": "text", "id": "id", "url": "url", "date": "date"}
    joined, _ = sources(tmp_path, text=("title", "body"))
    assert joined.identity()["fields"] == {"text": "('title', 'body')", "id": "id", "url": "url", "date": "date"}


def test_errors(tmp_path: Path) -> None:
    for text in ("doc.nothing", ("title", "nothing"), Messages(field="chat")):
        _, table = sources(tmp_path, text=text)
        with pytest.raises(
            ConfigError, match=r"rows.parquet: no column '(doc.nothing|nothing|chat)'; columns there: meta, doc"
        ):
            table.schema()
    with pytest.raises(ConfigError, match=r"column 'doc' holds struct<.*which is not a string. Name another one."):
        sources(tmp_path, text="doc")[1].schema()
    for text in ((), 5, "", ("a", 3)):
        with pytest.raises(ConfigError, match="it is the name of a field, several names, or Messages"):
            Jsonl("x.jsonl", text=text)  # type: ignore[arg-type]
    for form in ("{text}", "x", "{content"):
        with pytest.raises(ConfigError, match=r"Messages: form is .*; it has \{content\}, and may have \{role\}"):
            Messages(form=form)
