"""A small finished run with every column that the papers ask for, and a passport for it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from atom_data import Stage, Tokenize, keep
from atom_data.publish.passport.passport import Passport
from atom_data.publish.passport.read import read_passport
from atom_data.publish.passport.write import blank
from atom_data.signals import count_words
from atom_data.storage.parquet import strings
from atom_data.workspace import Workspace
from tests.tokens.corpus import SCHEMA, Rows, finish, text, tiny_tokenizer

WIDE = pa.schema(
    [
        *SCHEMA,
        *strings("date", "language", "license_spdx", "consent_train"),
        ("is_contaminated", pa.bool_()),
        ("page_kind", pa.string()),
        ("replaced_mail_count", pa.int32()),
        ("consent_sources", pa.list_(pa.string())),
        ("seen", pa.timestamp("us")),
    ]
)
HOSTILE = "https://evil.example/<script>alert(1)</script>"
SOURCES = ("manuals", "crawl", "contract")


def document(number: int, source: str) -> dict[str, Any]:
    """Return a document; what it is follows from its number."""
    return {
        "id": f"{source}-{number}",
        "text": text(number) + " ä" * (number % 3),
        "url": HOSTILE if number == 27 else f"https://www.site{number % 23}.example/{number}",
        "source": source,
        "date": f"20{20 + number % 5}-0{number % 9 + 1}-03T00:00:00Z" if number % 7 else None,
        "language": ("de", "en", "fra_Latn", None)[number % 4],
        "license_spdx": "CC-BY-4.0" if number % 2 else None,
        "consent_train": ("yes", "no", "unknown")[number % 3],
        "is_contaminated": number % 11 == 0,
        "page_kind": ("article", "forum")[number % 2],
        "replaced_mail_count": number % 2,
        "consent_sources": ["robots:no", "meta:noai"][: number % 3],
        "seen": datetime(2026, 1, number % 28 + 1, tzinfo=UTC).replace(tzinfo=None),
    }


def shards() -> dict[str, list[dict[str, Any]]]:
    """Return three shards: one of manuals, one of the crawl, and one in which a contract's documents are among others."""
    return {
        "part-0": [document(number, "manuals") for number in range(80)],
        "part-1": [document(number, "crawl") for number in range(80, 160)],
        "part-2": [document(number, "contract" if number % 2 else "manuals") for number in range(160, 220)],
    }


def make_run(folder: Path, columns: pa.Schema = WIDE) -> Path:
    """Make FOLDER/out with the stages clean, kept and tokens."""
    out = folder / "out"
    kept = {
        name: [{column: row[column] for column in columns.names} for row in rows] for name, rows in shards().items()
    }
    raw = Stage(name="clean", reads=Rows(kept, schema_=columns), steps=(count_words, keep("wikipedia")))
    final = Stage(name="kept", reads=raw)
    tokenizer = tiny_tokenizer(folder / "tokenizer.json")
    tokens = Tokenize(reads=final, tokenizer=tokenizer)
    for job in (raw, final, tokens):
        finish(job, out)
    return out


ANSWERS: dict[str, str] = {
    "corpus.name": '"A <b>corpus</b>"',
    "corpus.description": '"Made for tests: quotes \\" and | bars."',
    "corpus.version": '"1.0.0"',
    "corpus.date": '"2026-12-01"',
    "corpus.license": '"ODC-By-1.0"',
    "corpus.url": '"https://example.org/corpus"',
    "corpus.authors": '["Doe, Ada", "Our Laboratory"]',
    "corpus.contact": '"data@example.org"',
}


def passport_text(answers: dict[str, str], sources: dict[str, dict[str, str]], more: str = "") -> str:
    """Return a passport.toml with these answers, as TOML values, and tables of sources by name."""
    made: list[str] = []
    tables: dict[str, list[str]] = {}
    for key, value in answers.items():
        table, _, name = key.partition(".")
        tables.setdefault(table, []).append(f"{name} = {value}")
    for table, lines in tables.items():
        made += [f"[{table}]", *lines]
    for source, values in sources.items():
        made += ["[[source]]", f'name = "{source}"', *(f"{name} = {value}" for name, value in values.items())]
    return "\n".join([*made, more]) + "\n"


def passport(folder: Path, sources: dict[str, dict[str, str]], more: str = "", **answers: str) -> Passport:
    """Write FOLDER/passport.toml and read it; answers by table__key."""
    given = ANSWERS | {name.replace("__", "."): value for name, value in answers.items()}
    path = folder / "passport.toml"
    path.write_text(passport_text(given, sources, more), "utf-8")
    return read_passport(path)


KINDS: dict[str, dict[str, str]] = {
    "manuals": {"kind": '"public"', "title": '"Manuals <script>x</script>"', "url": '"https://example.org/m"',
                "version": '"2"', "content": '"Manuals"', "license": '"CC-BY-4.0"'},
    "crawl": {"kind": '"crawled"', "content": '"Pages"'},
    "contract": {"kind": '"private"', "title": '"Secret Letters"', "url": '"https://secret.example"',
                 "content": '"Letters"'},
}  # fmt: skip


def with_hidden() -> dict[str, dict[str, str]]:
    """Return the sources, with the contract's documents hidden."""
    return KINDS | {"contract": KINDS["contract"] | {"hidden": "true"}}


def empty_passport(out: str) -> str:
    """Return the file as --init writes it."""
    return blank(Workspace(out), SOURCES)
