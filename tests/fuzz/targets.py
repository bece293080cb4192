"""What is tried: each target makes an input from a counter and says what must hold of it.

Nothing but an AtomDataError may come out of a reader; what is read twice is equal; what is read in parts equals the whole, or
is refused. Steps never raise, and give the same again.
"""

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from atom_data import Extract, Jsonl, Parquet, Text, Tokenize, Warc, Wet
from atom_data.errors import AtomDataError
from atom_data.extract import MainText
from atom_data.rewrite import NormalizeUnicode, RepairUnicode, ReplacePrivate
from atom_data.storage.shards import check_spans
from tests.fuzz import seeds
from tests.fuzz.mutate import changed, changed_json
from tests.readers.archives import Outcome, outcome, page, record, write
from tests.text.html.checked import WORDS, seeds as pages_to_change
from tests.text.html.invariants import check
from tests.tokens.corpus import finish, tiny_tokenizer

Case = tuple[str, bytes]
"""A suffix, and the bytes of a file or text."""
LIMITS = {"max_record_bytes": 1 << 20}
"""So small that a bomb that a change happens to make costs little; the bombs themselves are tried apart."""


class Wrong(AssertionError):
    """A promise that does not hold."""


def attempt(read: Callable[[], Any]) -> tuple[str, Any]:
    """Return what reading gave, or the sentence of the error."""
    try:
        return "", read()
    except AtomDataError as error:
        said = str(error)
        if not said.strip() or "Traceback" in said:
            raise Wrong(f"an error without a sentence: {said[:300]!r}") from error
        return said, None


def plainly(found: Outcome, ids: bool = True) -> tuple[Any, ...]:
    """Return what two readings have in common; ids count equal rows by shard, so in parts they are others."""
    rows = found.rows if ids else [{**row, "id": None} for row in found.rows]
    return repr(rows), sorted(found.rejects), sorted(found.skipped.items())


def readers(make: Callable[..., Any], path: str, size: int, parts: bool, **options: Any) -> None:
    """Check that a source gives the same twice, and in parts what it gives as a whole; or says why not."""
    whole = attempt(lambda: plainly(outcome(make(path, **options))))
    again = attempt(lambda: plainly(outcome(make(path, **options))))
    if whole != again:
        raise Wrong(f"read twice it is not the same: {whole[0] or 'rows'} / {again[0] or 'rows'}")
    if not parts or whole[0]:
        return
    options["split_bytes"] = max(size // 3, 1)
    one = plainly(outcome(make(path, **{**options, "split_bytes": 0})), ids=False)
    said, cut = attempt(lambda: _in_parts(make(path, **options)))
    if not said and cut != one:
        raise Wrong(f"in parts it is not the whole: {_difference(one, cut)}")


def _in_parts(source: Any) -> tuple[Any, ...]:
    found = outcome(source)
    if found.spans and found.spans[0] is not None:
        check_spans("file", [span for span in found.spans if span is not None])
    return plainly(found, ids=False)


def _difference(one: tuple[Any, ...], other: tuple[Any, ...]) -> str:
    found = []
    for a, b in zip(one, other, strict=True):
        if a != b:
            at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
            found.append(f"from {at} on: {a[max(at - 60, 0) :][:300]!r} / {b[max(at - 60, 0) :][:300]!r}")
    return "; ".join(found)


def _file(chance: random.Random, files: Sequence[Any], suffix: str, words: Sequence[bytes]) -> Case:
    """Change records and pack them, or pack them and change the file."""
    records = list(chance.choice(files))
    pack = chance.choice(sorted(seeds.PACK))
    if chance.random() < 0.5:
        place = chance.randrange(len(records))
        records[place] = changed(records[place], chance, words, records)
        return suffix + pack, seeds.packed_members(tuple(records), pack)
    data = seeds.packed_members(tuple(records), pack)
    return suffix + pack, changed(data, chance, words, [seeds.packed_members(tuple(records[:2]), pack)])


def warc(chance: random.Random) -> Case:
    return _file(chance, seeds.warcs(), ".warc", seeds.WARC_WORDS)


def arc(chance: random.Random) -> Case:
    return _file(chance, seeds.arcs(), ".arc", seeds.WARC_WORDS)


def wet(chance: random.Random) -> Case:
    return _file(chance, seeds.wets(), ".wet", seeds.WARC_WORDS)


def try_archive(case: Case, folder: Path) -> None:
    path = write(folder, f"a{case[0]}", case[1])
    readers(Wet if ".wet" in case[0] else Warc, path, len(case[1]), case[0].endswith((".gz", "arc", "wet")), **LIMITS)


def jsonl(chance: random.Random) -> Case:
    return _file(
        chance,
        [(data,) for data in seeds.lines()],
        ".jsonl",
        (b'"', b"{", b"}", b"\\ud800", b"\n", b"\0", b"NaN", b"[" * 99, b"\xff"),
    )


def try_jsonl(case: Case, folder: Path) -> None:
    path = write(folder, f"a{case[0]}", case[1])
    readers(Jsonl, path, len(case[1]), case[0] == ".jsonl", max_line_bytes=1 << 20)


def text(chance: random.Random) -> Case:
    files = [(data.encode(code, "replace"),) for data in seeds.TEXTS for code in ("utf-8", "utf-16", "shift_jis")]
    return _file(chance, files, ".txt", (b"\n\n", b"\r\n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b" " * 99))


def try_text(case: Case, folder: Path) -> None:
    path = write(folder, f"a{case[0]}", case[1])
    for unit in ("file", "block", "line"):
        readers(Text, path, len(case[1]), False, unit=unit, max_document_bytes=1 << 20)


def parquet(chance: random.Random) -> Case:
    data = chance.choice(seeds.parquets())
    if chance.random() < 0.5:  # the footer says what all the rest is
        end = len(data) - int.from_bytes(data[-8:-4], "little") - 8
        return ".parquet", data[:end] + changed(data[end:-8], chance, (b"\0", b"\x15", b"\xff"), [data[end:-8]]) + data[
            -8:
        ]
    return ".parquet", changed(data, chance, (b"PAR1", b"\0", b"\xff" * 9), seeds.parquets())


def try_parquet(case: Case, folder: Path) -> None:
    path = write(folder, "a.parquet", case[1])
    readers(Parquet, path, len(case[1]), True)


def http(chance: random.Random) -> Case:
    block = changed(chance.choice(seeds.https()), chance, seeds.HTTP_WORDS, seeds.https())
    return ".warc", record(1, block) + record(2, page(b"<p>after</p>"))


def try_http(case: Case, folder: Path) -> None:
    path = write(folder, "a.warc", case[1])
    readers(Warc, path, len(case[1]), True, **LIMITS)
    urls = outcome(Warc(path, **LIMITS)).urls
    if "2" not in urls:
        raise Wrong(f"the record behind is not read: {urls}")


def html(chance: random.Random) -> Case:
    return "utf-8", changed(chance.choice(seeds.htmls()), chance, seeds.HTML_WORDS, seeds.htmls())


def html_engine(chance: random.Random) -> Case:
    if chance.random() < 0.2:
        return "utf-8", b"".join(chance.choices(WORDS, k=chance.randrange(80)))
    pages = [*seeds.htmls(), *engine_seeds()]
    return "utf-8", changed(chance.choice(pages), chance, (*seeds.HTML_WORDS, *WORDS), pages)


def try_html_engine(case: Case, folder: Path) -> None:
    """Check what a page's arrays promise, and that every option gives the same twice; kernels here check every index."""
    check(case[1])
    batch = pa.record_batch(
        {"html": [case[1]], "charset": [case[0]], "mime": ["text/html"], "url": ["https://e.org/a-b/?c"]}
    )
    for engine in (MainText(markdown=True, links=True, metadata=True), MainText(favor="recall", comments=False)):
        step = Extract(engine=engine, url="url")
        one, again = step(batch).to_pylist(), step(batch).to_pylist()
        if one != again:
            raise Wrong("read twice it is not the same")
        if one[0]["extract_status"] not in ("ok", "empty", "charset", "binary", "no_html", "too_complex"):
            raise Wrong(f"status {one[0]['extract_status']}")


@cache
def engine_seeds() -> tuple[bytes, ...]:
    return tuple(pages_to_change())


def charset(chance: random.Random) -> Case:
    codes = [name for name in seeds.CHARSETS[:12] if name]
    data = "".join(chance.choices(seeds.TEXTS, k=3)).encode(chance.choice(codes), "replace")
    said = chance.choice(seeds.CHARSETS)
    meta = chance.choice(
        (
            b"",
            b"<meta charset='%s'>" % said.encode(),
            b"<meta http-equiv=content-type content='text/html; charset=%s'>" % said.encode(),
        )
    )
    return chance.choice(seeds.CHARSETS), meta + changed(
        data, chance, (b"\x1b$B", b"\x80", b"\xff", b"\xfe\xff", b"\x8e\xa1", b"\x81\x30\x81\x30"), [data]
    )


def try_html(case: Case, folder: Path) -> None:
    for mime in ("text/html", "text/plain"):
        batch = pa.record_batch({"id": ["a"], "html": [case[1]], "charset": [case[0]], "mime": [mime]})
        _step(Extract(), batch)


def private(chance: random.Random) -> Case:
    data = changed(
        chance.choice(seeds.TEXTS).encode(), chance, seeds.PRIVATE_WORDS, [text.encode() for text in seeds.TEXTS]
    )
    return "", data.decode("utf-8", "replace").encode()


def try_private(case: Case, folder: Path) -> None:
    batch = pa.record_batch({"id": ["a", "b"], "text": [case[1].decode(), case[1].decode()[::-1]]})
    for step in (ReplacePrivate(), NormalizeUnicode(), RepairUnicode()):
        _step(step, batch)


def _step(step: Callable[[pa.RecordBatch], pa.RecordBatch], batch: pa.RecordBatch) -> None:
    one, other = step(batch), step(batch)
    one.validate(full=True)
    if not one.equals(other):
        raise Wrong(f"{type(step).__name__} gives another answer the second time")
    if not one.column("id").equals(batch.column("id")):
        raise Wrong(f"{type(step).__name__} changes rows")


@cache
def tokenizers() -> tuple[dict[str, Any], ...]:
    """Return definitions of every model: BPE of bytes, WordLevel, Unigram, WordPiece."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        bpe = json.loads(tiny_tokenizer(Path(folder) / "tokenizer.json").read_text())
    end = [
        {
            "id": 0,
            "content": "</s>",
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
    ]
    models = (
        {"type": "WordLevel", "vocab": {"</s>": 0, "[UNK]": 1, "a": 2, "words": 3}, "unk_token": "[UNK]"},
        {"type": "Unigram", "unk_id": 1, "byte_fallback": False,
            "vocab": [["</s>", 0.0], ["<unk>", 0.0], ["▁", -1.0], ["a", -2.0], ["b", -3.0]]},
        {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": {"</s>": 0, "[UNK]": 1, "a": 2, "##b": 3},
        },
    )  # fmt: skip
    rest = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": end,
        "normalizer": None,
        "post_processor": None,
        "decoder": None,
    }
    return (bpe, *({**rest, "pre_tokenizer": {"type": "Whitespace"}, "model": model} for model in models))


def tokenizer(chance: random.Random) -> Case:
    value = chance.choice(tokenizers())
    if chance.random() < 0.75:
        return "", json.dumps(changed_json(value, chance)).encode()
    return "", changed(
        json.dumps(value).encode(), chance, (b'"', b"null", b"{}", b"-1", b"\\ud800", b"[", b"\0"), [b"{}"]
    )


def try_tokenizer(case: Case, folder: Path) -> None:
    """Encode a few texts with it, or be refused."""
    path = folder / "tokenizer.json"
    path.write_bytes(case[1])
    rows = [
        {"id": str(n), "text": text}
        for n, text in enumerate((*seeds.TEXTS, "</s> <|endoftext|> a b", "\ud83d".encode("utf-8", "replace").decode()))
    ]
    source = write(folder, "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    found = [attempt(lambda out=out: _tokens(source, path, folder / out)) for out in ("one", "two")]  # type: ignore[misc]
    if found[0] != found[1] and not (found[0][0] and found[1][0]):
        raise Wrong(f"not the same twice: {found[0][0] or 'tokens'} / {found[1][0] or 'tokens'}")


def _tokens(source: str, path: Path, out: Path) -> list[str]:
    job = Tokenize(reads=Jsonl(source), tokenizer=path)
    job.check()
    finish(job, out)
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(out.rglob("*.bin"))]


TARGETS: dict[str, tuple[Callable[[random.Random], Case], Callable[[Case, Path], None]]] = {
    "warc": (warc, try_archive),
    "arc": (arc, try_archive),
    "wet": (wet, try_archive),
    "jsonl": (jsonl, try_jsonl),
    "parquet": (parquet, try_parquet),
    "text": (text, try_text),
    "http": (http, try_http),
    "charset": (charset, try_html),
    "html": (html, try_html),
    "html-engine": (html_engine, try_html_engine),
    "private": (private, try_private),
    "tokenizer": (tokenizer, try_tokenizer),
}
