"""Who has crawled pages and wants FineWeb's rules, and who reads the results."""

import json
import re

from newcomers.person import Person

FINEWEB = """from pathlib import Path

from atom_data import Copies, Extract, MinHash, Stage, Tokenize, Warc, keep
from atom_data.signals import (
    CheckUrl, FastTextLanguage, count_characters, count_lines, count_placeholders, count_sentences, count_words,
    measure_repetition,
)
from atom_data.rewrite import RemoveC4Lines


def dump(name):
    pages = Warc(f"{name}/data/*.warc.gz", source=name)
    read = Stage(name=f"{name}_read", reads=pages, steps=(Extract(), keep("web_page"), CheckUrl(), keep("url_block")))
    clean = Stage(
        name=f"{name}_clean",
        reads=read,
        steps=(
            FastTextLanguage(), keep("english.toml"), measure_repetition, keep("gopher_repetition"), count_characters,
            count_words, count_lines, keep("gopher_quality"), count_placeholders, count_sentences,
            RemoveC4Lines(marks=None, min_words=3), count_lines, count_words, measure_repetition, keep("fineweb"),
        ),
        writes=("id", "text", "language", "word_count"),
    )
    copies = Copies(of=clean, by=MinHash(), name=f"{name}_near")
    return Stage(name=f"{name}_deduped", reads=copies, steps=(keep("first_near_copy"),))


def stages():
    return dump("a"), dump("b")
"""
ENGLISH = 'source = "ours"\n[[rule]]\nreason = "language"\ncolumn = "language"\none_of = ["en"]\n'
BAD = """from atom_data import Jsonl, Stage


def stages():
    return (Stage(name="clean", reads=Jsonl("bad.jsonl"), allow_unreadable=0.5),)
"""


def fineweb(person: Person) -> None:
    """A recipe of FineWeb's rules over two dumps, with what `list` and `show` say."""
    for words in (
        "list signals",
        "list cards",
        "list rewrites",
        "show fineweb",
        "show gopher_repetition",
        "show RemoveC4Lines",
        "show Copies",
    ):
        person.types(f"atom-data {words}")
    said = person.types("atom-data show fineweb")
    assert "terminal_punctuation_line_share: the signal count_lines" in said
    for name in ("a", "b"):
        person.types(f"atom-data init warc {name}")
    person.writes("english.toml", ENGLISH)
    person.writes("recipe.py", FINEWEB.replace(', name=f"{name}_near"', ""))
    person.hears(
        "two passes of one kind", "atom-data check recipe.py", "two passes are named 'near'*by its parameter name"
    )
    person.writes("recipe.py", FINEWEB)
    person.types("atom-data check recipe.py")
    seen = person.types("atom-data run recipe.py -o out", width=100)
    assert "compiling" in seen and re.search(r"1/1 shard|0/1 shard", seen) and "worker" in seen
    assert "dropped most, with the share" in person.types("atom-data run recipe.py -o out")
    listed = json.loads(person.types("atom-data status out --json"))
    assert {stage["stage"] for stage in listed} >= {"a_read", "a_clean", "a_near", "a_deduped"}


def results(person: Person) -> None:
    """What came of it: status, peek, tune, each in a narrow terminal and piped."""
    person.types("atom-data init warc first")
    person.types("atom-data run first/recipe.py -o first/out")
    whole = person.types("atom-data status first/out")
    narrow = person.types("atom-data status first/out", width=80)
    for text in (whole, narrow):
        assert "gopher_multilingual.characters" in text and "fuzzy_deduped" in text and "%" in text
        person.faults.append(
            {"fault": "80 columns cut rules and stages", "command": "status", "said": text.splitlines()[1].strip()}
        )
    assert max(map(len, narrow.splitlines())) <= 80
    looked = person.hears(
        "peek shows no bound",
        "atom-data peek first/out --reason characters",
        "gopher_multilingual.characters*text_chars is*: min 200",
        code=0,
    )
    assert "0.66494846" not in looked
    for more in (
        "",
        " --sweep alphabetic_words.min --by language",
        " --set alphabetic_words.min=0.6 --sample 1 --html page.html",
    ):
        shown = person.types(f"atom-data tune first/out{more}", width=80)
        assert "gopher_multilingual.alphabetic_words" in shown
    person.hears(
        "tune asks for a stage 'measured'",
        "atom-data tune first/out",
        "The run has not stored what 'clean' measures before its cards.*were measured again.",
        code=0,
    )
    for command in ("check first/recipe.py -o first/out", "status first/out", "verify first/out", "tune first/out"):
        json.loads(person.types(f"atom-data {command} --json"))
    person.writes("bad.jsonl", '{"id": "a", "text": "one"}\n{"id": "b", "text": "two"}\n{\n')
    person.writes("bad.py", BAD)
    person.types("atom-data run bad.py -o bad")
    person.hears(
        "dead letters cannot be looked at", "atom-data peek bad --reason jsonl.bad_json", "jsonl.bad_json", code=0
    )
    shard = next((person.home / "first" / "out" / "clean").glob("*.parquet"))
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    person.hears("verify's advice is wrong", "atom-data verify first/out", "--repair", code=1)
    person.types(
        "atom-data verify first/out --repair first/recipe.py || atom-data verify first/out --repair --recipe first/recipe.py"
    )
