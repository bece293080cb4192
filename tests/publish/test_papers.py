"""The papers: the same numbers everywhere, nothing crawled as markup, and hidden sources said and not named."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from huggingface_hub import DatasetCard

from atom_data.publish.folder import How, publish
from atom_data.publish.papers.card import size_category
from atom_data.publish.papers.licenses import hub_license, license_address
from atom_data.publish.summary.fields import template
from atom_data.publish.summary.part import size
from atom_data.report import report
from atom_data.report.markdown import write_markdown
from atom_data.report.page.page import write_page
from atom_data.workspace import Workspace
from tests.publish.corpus import KINDS, make_run, passport, with_hidden
from tests.tokens.corpus import SCHEMA

PAPERS = {
    "README.md", "croissant.json", "eu-summary.md", "eu-summary.html", "CITATION.cff", "facts.json", "ROOT", "domains.csv",
    "SHA256SUMS", "atom-data.json", "data",
}  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("papers"))


def published(out: Path, folder: Path, sources: dict[str, dict[str, str]], **answers: str) -> Path:
    publish(Workspace(str(out)), str(folder / "hub"), passport(folder, sources, **answers), How())
    assert {path.name for path in (folder / "hub").iterdir()} == PAPERS
    return folder / "hub"


def rows_of(markdown: str, title: str) -> list[list[str]]:
    """Return the rows of the first table of a section, or of the first of the page."""
    part = markdown.partition(f"## {title}\n")[2] if title else markdown
    table = re.search(r"(?:^\|.*\n)+", part, re.M)
    assert table is not None, title
    lines = table.group().splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def numbers(cells: list[str]) -> list[int]:
    return [int(cell.replace(",", "")) for cell in cells]


@pytest.mark.parametrize("hidden", [False, True])
def test_numbers_are_the_same_everywhere(out: Path, tmp_path: Path, hidden: bool) -> None:
    hub = published(out, tmp_path, with_hidden() if hidden else KINDS)
    markdown, summary = (hub / "README.md").read_text(), (hub / "eu-summary.md").read_text()
    croissant, facts = json.loads((hub / "croissant.json").read_text()), json.loads((hub / "facts.json").read_text())
    receipts = [json.loads(path.read_text()) for path in sorted((out / "kept" / "receipts").glob("*.json"))]
    token_receipts = [json.loads(path.read_text()) for path in sorted((out / "tokens" / "receipts").glob("*.json"))]
    documents, text_bytes, tokens = duckdb.sql(
        f"SELECT count(*), sum(strlen(text))::BIGINT, (SELECT sum(tokens)::BIGINT FROM '{out}/tokens/*.docs.parquet') "
        f"FROM '{out}/kept/*.parquet'"
    ).fetchall()[0]
    assert documents == sum(one["rows_out"] for one in receipts) == facts["documents"]
    assert text_bytes == sum(one["text_bytes"] for one in receipts) == facts["text_bytes"]
    assert tokens == sum(one["tokens"] for one in token_receipts) == facts["tokens"][0]["tokens"]
    assert croissant["size"] == f"{documents} documents, {text_bytes} bytes of text, {tokens} tokens"
    glance = dict(rows_of(markdown, ""))
    assert numbers([glance[name] for name in ("documents", "bytes of text", "tokens (tokenizer.json)")]) == [
        documents, text_bytes, tokens,
    ]  # fmt: skip
    assert f"- {tokens:,} tokens\n- {documents:,} documents, {text_bytes:,} bytes of text\n" in summary
    there = duckdb.sql(f"SELECT count(*) FROM '{hub}/data/*/*.parquet'").fetchall()[0][0]
    card = DatasetCard.load(hub / "README.md")
    assert card.data.to_dict()["dataset_info"][0]["splits"][0]["num_examples"] == there
    assert croissant["recordSet"][0]["cr:annotation"][0]["value"] == there
    assert (there == documents) is not hidden
    check_languages(out, markdown, summary, facts)
    assert all(facts["root"] in text for text in (card.content, summary, croissant["identifier"]))
    assert (hub / "ROOT").read_text().strip() == facts["root"]
    check_report(out, documents, text_bytes, tokens)


def check_languages(out: Path, markdown: str, summary: str, facts: dict[str, Any]) -> None:
    """Languages of card, summary and facts against a count over documents and tokens."""
    query = f"""SELECT coalesce(k.language, ''), count(*), sum(strlen(k.text))::BIGINT, sum(t.tokens)::BIGINT
        FROM '{out}/kept/*.parquet' k JOIN '{out}/tokens/*.docs.parquet' t USING (id) GROUP BY 1 ORDER BY 3 DESC, 1"""
    counted = duckdb.sql(query).fetchall()
    assert [(one["name"], one["documents"], one["text_bytes"], one["tokens"]) for one in facts["languages"]] == counted
    shown = [(row[0].replace("\\", ""), *numbers(row[1:])) for row in rows_of(markdown, "Languages")]
    assert shown == [(name or "not identified", *rest) for name, *rest in counted]
    for name, count, size_, tokens in counted:
        label = {"": "not identified"}.get(name, rf"\({name}\)".replace("_", r"\\_"))
        assert re.search(rf"{label}: {count:,} documents, {re.escape(size(size_))}, {tokens:,} tokens", summary)


def check_report(out: Path, documents: int, text_bytes: int, tokens: int) -> None:
    """The report in its three forms: what receipts say in it, and what sketches add up to."""
    built = report.build(Workspace(str(out)), samples=0)
    value, markdown, page = report.as_json(built), write_markdown(built), write_page(built)
    (kept,) = [stage for stage in value["stages"] if stage["name"] == "kept"]
    assert (kept["rows_out"], kept["text_bytes"]) == (value["kept"], kept["text_bytes"]) == (documents, text_bytes)
    assert value["tokens"] == tokens
    read = duckdb.sql(f"SELECT count(*) FROM '{out}/clean/drops/*.parquet'").fetchall()[0][0] + documents
    assert value["read"] == read
    assert f"{documents:,} of {read:,} documents kept" in markdown and f", {tokens:,} tokens, " in markdown
    assert f"<small>{tokens:,}, " in page or f"<dd>{tokens:,}<small>" in page
    assert f'aria-label="{documents:,} documents kept of {read:,}"' in page
    sizes = {(one["stage"], one["measure"]): one["groups"][0] for one in value["distributions"]}
    assert sum(sum(counts) for *_, counts in sizes["kept", "text_bytes"]["bins"]) == documents
    assert sum(sum(counts) for *_, counts in sizes["tokens", "tokens"]["bins"]) == documents
    for table in value["values"]:
        column = {"language": "language", "source": "source", "page_kind": "page_kind"}.get(table["name"])
        if column:
            query = f"SELECT coalesce({column}, ''), count(*) FROM '{out}/kept/*.parquet' GROUP BY 1"
            there = {line["value"]: line["kept"] for line in table["lines"] if line["kept"]}
            assert there == dict(duckdb.sql(query).fetchall()), column
    assert {"language", "source", "page_kind"} <= {table["name"] for table in value["values"]}


def test_every_field_of_the_template_stands_in_the_summary(out: Path, tmp_path: Path) -> None:
    hub = published(out, tmp_path, KINDS)
    page, markdown = (hub / "eu-summary.html").read_text(), (hub / "eu-summary.md").read_text()
    for key, label in template():
        if key[-1].isalpha():
            assert f'id="f{key.replace(".", "-")}"' in page
            assert f"**{label.rstrip(':?')}" in markdown
        else:
            assert f"{key}. {label}" in markdown


def test_domains_of_crawled_sources_are_listed(out: Path, tmp_path: Path) -> None:
    summary = (published(out, tmp_path, KINDS) / "eu-summary.md").read_text()
    found = duckdb.sql(
        f"""SELECT replace(split_part(url, '/', 3), 'www.', ''), count(*) FROM '{out}/kept/*.parquet'
        WHERE source = 'crawl' GROUP BY 1 ORDER BY sum(strlen(text)) DESC, 2 DESC, 1"""
    ).fetchall()
    required = -(-len(found) // 10)
    listed = re.findall(r"^- (\S+\.example): .* in (\d+) documents", summary, re.M)
    assert [(name, int(count)) for name, count in listed] == found[:required]
    assert f"The largest {required} of {len(found)} domains (10 %)" in summary


def test_hidden_sources_are_said_and_not_named(out: Path, tmp_path: Path) -> None:
    hub = published(out, tmp_path, with_hidden())
    for path in hub.iterdir():
        if path.is_file() and path.name != "SHA256SUMS":
            text = path.read_text()
            assert not re.search("contract|Secret|secret\\.example|part-2", text), path.name
    for name in ("README.md", "croissant.json", "eu-summary.md", "eu-summary.html"):
        text = (hub / name).read_text().replace("\\", "")
        assert "A source is hidden" in text and "1 of 3 shards hold documents of a hidden source" in text, name
    assert sorted(path.name for path in (hub / "data" / "kept").iterdir()) == ["part-0.parquet", "part-1.parquet"]


class Tags(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def test_text_is_never_markup(out: Path, tmp_path: Path) -> None:
    bad = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) `x` \u202e \x01 | https://example.org/a<b>"
    answers = {"provider__name": json.dumps(bad), "corpus__purpose": json.dumps(bad)}
    hub = published(out, tmp_path, KINDS, **answers)
    tags = Tags()
    page = (hub / "eu-summary.html").read_text()
    tags.feed(page)
    assert tags.found == {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "h4", "p", "dl", "div", "dt", "dd", "ul",
        "li", "span", "a",
    }  # fmt: skip
    assert all(address.startswith("https://") for address in tags.addresses) and "default-src 'none'" in page
    for name in ("README.md", "eu-summary.md"):
        text = (hub / name).read_text()
        assert "<script" not in re.sub(r"\\<", "", text) and not re.search(r"(?<!\\)\]\(", text)
        assert "\u202e" not in text and "\x01" not in text
        assert r"\<img src=x onerror=alert(1)\>" in text and "<https://example.org/a>" in text


def test_what_has_no_column_says_not_measured(tmp_path: Path) -> None:
    hub = published(make_run(tmp_path, SCHEMA), tmp_path, {})
    for name in ("README.md", "eu-summary.md"):
        text = (hub / name).read_text().replace("\\", "")
        assert "Consent to training as pages state it: not measured (no column consent_train)." in text
        assert "Licenses that pages state: not measured (no column license_spdx)." in text
        assert "Text of evaluation sets: not measured (no column is_contaminated)." in text
    assert "language" not in DatasetCard.load(hub / "README.md").data.to_dict()


def test_card_and_citation_are_read_as_written(out: Path, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    hub = published(out, tmp_path, KINDS)
    data = DatasetCard.load(hub / "README.md").data.to_dict()
    assert data["pretty_name"] == "A <b>corpus</b>" and data["license"] == "odc-by"
    assert data["language"] == ["de", "en", "fr"] and data["size_categories"] == ["n<1K"]
    assert data["configs"] == [
        {"config_name": "kept", "default": True, "data_files": [{"split": "train", "path": "data/kept/*.parquet"}]}
    ]
    cited = yaml.safe_load((hub / "CITATION.cff").read_text())
    assert cited["authors"] == [{"family-names": "Doe", "given-names": "Ada"}, {"name": "Our Laboratory"}]
    assert cited["abstract"] == 'Made for tests: quotes " and | bars.' and cited["type"] == "dataset"


@pytest.mark.parametrize(
    ("documents", "name"), [(999, "n<1K"), (1000, "1K<n<10K"), (10**9, "1B<n<10B"), (10**12, "n>1T")]
)
def test_size_categories(documents: int, name: str) -> None:
    assert size_category(documents) == name


def test_licenses() -> None:
    assert [hub_license(name) for name in ("ODC-By-1.0", "CC-BY-4.0", "LicenseRef-x")] == [
        "odc-by",
        "cc-by-4.0",
        "other",
    ]
    assert license_address("MIT", "") == "https://spdx.org/licenses/MIT.html"
    assert license_address("other", "https://example.org") == "https://example.org"
