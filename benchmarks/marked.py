"""Copies of a WARC file whose pages differ in their words, so that a pipeline does not take them for copies.

    python benchmarks/marked.py FILE.warc.gz FOLDER COPIES [one]

Every seventh word of four small letters and more gets a letter more, another one in each copy: five words in a row are then
rarely the same, and neither near nor exact copies are found. Languages and rules see about the same. With `one`, all
copies stand in one file.
"""

import gzip
import multiprocessing
import re
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

EACH = 7
WORD = re.compile(rb"\b[a-z]{4,}\b")
PART = re.compile(rb"<(script|style)\b.*?</\1|<[^>]*>|[^<]+", re.DOTALL | re.IGNORECASE)
LETTERS = b"bcdfghjklmnpqrstvwxz"


def marked(html: bytes, copy: int) -> bytes:
    """Return a page with a letter behind every seventh word of its text; copy 0 is the page itself."""
    if copy == 0:
        return html
    count = 0

    def longer(found: re.Match[bytes]) -> bytes:
        nonlocal count
        count += 1
        if count % EACH:
            return found[0]
        number = copy * 7 + count
        return found[0] + LETTERS[copy % 20 : copy % 20 + 1] + LETTERS[number // 20 % 20 : number // 20 % 20 + 1]

    return PART.sub(lambda part: part[0] if part[0][:1] == b"<" else WORD.sub(longer, part[0]), html)


def records(path: Path, copy: int) -> Iterator[bytes]:
    """Yield the responses of a file, marked, as members of gzip."""
    for record in ArchiveIterator(str(path), record_types=WarcRecordType.response, parse_http=True):
        page = marked(record.reader.read(), copy)
        http = f"{record.http_headers.status_line}\r\n".encode("latin-1", "replace")
        kept = [(name, value) for name, value in record.http_headers if name.lower() != "content-length"]
        http += b"".join(f"{name}: {value}\r\n".encode("latin-1", "replace") for name, value in kept)
        block = http + b"Content-Length: %d\r\n\r\n" % len(page) + page
        head = [("WARC-Type", "response"), ("Content-Type", "application/http; msgtype=response")]
        head += [(name, record.headers[name]) for name in ("WARC-Target-URI", "WARC-Date")]
        head += [("WARC-Record-ID", f"<urn:uuid:{copy:08x}-{record.record_id.rpartition(':')[2].strip('>')[9:]}>")]
        lines = "".join(f"{name}: {value}\r\n" for name, value in head)
        whole = f"WARC/1.1\r\n{lines}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"
        packer = zlib.compressobj(5, zlib.DEFLATED, 31)
        yield packer.compress(whole) + packer.flush()


def write(path: Path, folder: Path, copies: int, *, one: bool = False) -> list[Path]:
    """Write so many marked copies; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["all.warc.gz"] if one else [f"{copy:02}.warc.gz" for copy in range(copies)]
    for index, name in enumerate(names):
        with (folder / name).open("wb") as stream:
            for copy in range(copies) if one else [index]:
                for member in records(path, copy):
                    stream.write(member)
    return [folder / name for name in names]


def write_parts(path: Path, folder: Path, copies: int, parts: int) -> list[Path]:
    """Write marked copies, each as so many files whose pages take turns, on all cores; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        made = pool.map(partial(_in_parts, path, folder, parts), range(copies))
        return [file for files in made for file in files]


def _in_parts(path: Path, folder: Path, parts: int, copy: int) -> list[Path]:
    files = [folder / f"{copy:03}-{part}.warc.gz" for part in range(parts)]
    with ExitStack() as stack:
        streams = [stack.enter_context(file.open("wb")) for file in files]
        for number, member in enumerate(records(path, copy)):
            streams[number % parts].write(member)
    return files


if __name__ == "__main__":
    for made in write(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), one=sys.argv[4:] == ["one"]):
        with gzip.open(made) as first:
            assert first.read(4) == b"WARC"
        print(made, made.stat().st_size)
