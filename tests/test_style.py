"""Docstrings, comments, messages and pages in the words of STYLE.md: what is refused here, and what to write instead."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import atom_data
from tests.command import ROOT

PACKAGE = Path(atom_data.__file__).parent
COUNTED = (
    "bytes|rows|lines|tasks|jobs|hashes|tokens|documents|numbers|words|characters|values|samples|files|shards|seconds|MB|GB"
    "|one"
)
VERBS = "has|may|can|takes?|reads?|raises|names|keeps|of a"
ENGLISH = "behaviour|colour|labelled|misspelt|neighbour|centre|favour|licence|grey|learnt|catalogue"
PER = (
    "core|document|shard|stage|token|row|band|worker|word|line|file|column|second|hour|shingle|key|byte"
    "|pair|group|piece|bucket|partition|block|batch|record|reason|recipe|entry"
)
TICS = {
    rf"\b(?:{COUNTED}) an? (?:{PER})\b(?! (?:{VERBS}))": "a rate has `per`: bytes per document",
    r"(?<![Tt]here )\b(?:is|are|was|were) no (?!(?:longer|more|less|fewer|such|other)\b|\w+er than)\w": "`is not a`, `is not`",
    r"\bwithout sense\b": "`Validate parameters`, or say which values are refused",
    r"\b1 (?:shards|documents|rows|files|tasks|stages|jobs|tokens|samples)\b": "count with `plural`",
    r"\b(?:made|makes?) (?:it |them |all |the shard |its shard )?again\b": "`rebuild`",
    r"\bwhoever\b|\bof one's own\b|\bone's own\b": "name who: `the reader`, `your own`",
    r"\bfor else\b|, for (?:it|they|he|nobody|nothing|there) ": "`because`, `otherwise`",
    r"\bforetold\b": "`forecast`",
    r"\bsmall letters\b|\bletters are small\b": "`lowercase`",
    r"\barray elements?\b|\belements? of an array\b": "`array task`, as Slurm has it",
    r"\bhangs? together\b": "`connected`, `component`",
    r"\bgone? on with\b": "`continue`",
    r"\bwithout a (?:last )?word\b": "`without a final log line`",
    r"\bat (?:the )?most so (?:many|few|much)\b": "`maximum number of`",
    r"\bthe least (?:Jaccard|size|number|value)|\bthe most (?:bytes|places|samples|documents|rows)": "`minimum`, `maximum`",
    rf"(?<![`-])\b(?:{ENGLISH})|\b(?:normal|token|organ|optim|serial|initial)is(?:e|ed|es|ing)\b": "American spelling",
}
"""Patterns, each with what to write instead."""
ELSEWHERE = ("filters/",)
"""Rooms whose words are quoted."""


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield docstrings, messages and comments of a Python file, each with its line; runs of white space are one space."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    tree = ast.parse(source)
    inner = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(value.value if isinstance(value, ast.Constant) else "{}" for value in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            text = node.value
        if " " in text:
            yield node.lineno, " ".join(text.split())


def faults(text: str) -> list[str]:
    """Return what is refused in a text, with the words around it and what to write instead."""
    found = [(match, better) for tic, better in TICS.items() for match in re.finditer(tic, text)]
    return [f"'...{text[max(0, m.start() - 30) : m.end() + 20]}...': {better}" for m, better in found]


@pytest.mark.parametrize("room", sorted({path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py")}))
def test_words_of_the_package(room: str) -> None:
    paths = [PACKAGE / room] if room.endswith(".py") else sorted((PACKAGE / room).rglob("*.py"))
    said = [
        f"{path.relative_to(PACKAGE)}:{line}: {fault}"
        for path in paths
        if not path.relative_to(PACKAGE).as_posix().startswith(ELSEWHERE)
        for line, text in prose(path.read_text("utf-8"))
        for fault in faults(text)
    ]
    assert not said, "\n" + "\n".join(said)


def test_words_of_the_pages() -> None:
    pages = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    said = [
        f"{page.relative_to(ROOT)}:{number}: {fault}"
        for page in pages
        for number, line in enumerate(page.read_text("utf-8").splitlines(), 1)
        for fault in faults(line)
    ]
    assert not said, "\n" + "\n".join(said)


@pytest.mark.parametrize(
    "text",
    [
        "the file is no JSON",
        "Number of workers; 0: one a core",
        "12 bytes a document on disk",
        "Refuse parameters without sense.",
        "1 shards failed",
        "the next run makes it again",
        "read by whoever asks",
        "a temporary name, for it may be cut",
        "tokenised",
    ],
)
def test_a_tic_would_be_seen(text: str) -> None:
    assert faults(text)
    assert [
        line for line, found in prose(f"x = 1\ndef f():\n    raise ValueError(f'{{x}}: {text}')\n") if faults(found)
    ] == [3]


@pytest.mark.parametrize(
    "text",
    [
        "there is no such file",
        "the stage is no longer stale",
        "which columns a stage reads",
        "how many bytes a value may take",
        "one shard of 11 shards",
        "a shard made by another run",
        "Documents, for example of one site",
    ],
)
def test_plain_words_pass(text: str) -> None:
    assert not faults(text)
