"""Inputs made to take all memory or time: what each cost, in a process of its own."""

import bz2
import gzip
import json
import lzma
import os
import resource
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pyarrow as pa
from backports import zstd

from tests.fuzz.targets import Wrong, attempt
from tests.readers.archives import outcome, page, record, write

ZEROS = 128 << 20
"""Each bomb is at least so many bytes when it is taken apart; the files have some hundred kilobytes."""
CPU_SECONDS, MEGABYTES = 20.0, 700.0
"""What one may cost: memory above that of the imports."""
HTML = "Content-Type: text/html"


def _many(pack: Callable[[bytes], bytes]) -> bytes:
    """Return one compressed stream of ZEROS bytes, made of members or frames of 16 MB."""
    return pack(bytes(16 << 20)) * (ZEROS >> 24)


def _nested(data: bytes, pack: Callable[[bytes], bytes], times: int) -> bytes:
    for _ in range(times):
        data = pack(data)
    return data


PACKS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, 1, mtime=0),
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": zstd.compress,
}


def _coded(data: Callable[[], bytes], codings: str) -> Callable[[], bytes]:
    """Return a response whose body is packed in these codings, one after the other."""

    def made() -> bytes:
        body = data()
        for name in codings.split(", "):
            body = PACKS[name](body)
        return record(1, page(body, f"{HTML}\r\nContent-Encoding: {codings}"))

    return made


def _zeros() -> bytes:
    return bytes(ZEROS)


def _big() -> bytes:
    return record(1, page(_zeros()))


def _line() -> bytes:
    return b'{"text": "' + b"x" * ZEROS + b'"}'


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    **{f"http {name}": (".warc", _coded(_zeros, name)) for name in PACKS},
    "http gzip in gzip": (".warc", _coded(_zeros, "gzip, gzip")),
    "http gzip in br": (".warc", _coded(_zeros, "gzip, br")),
    "http gzip ten times": (".warc", _coded(lambda: b"<p>deep</p>", ", ".join(["gzip"] * 10))),
    "http chunks of one byte": (
        ".warc",
        lambda: record(1, page(b"1\r\nx\r\n" * 500_000 + b"0\r\n\r\n", f"{HTML}\r\nTransfer-Encoding: chunked")),
    ),
    "http headers of 2 MB": (
        ".warc",
        lambda: record(1, b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 250_000 + b"\r\nbody"),
    ),
    "warc.gz": (".warc.gz", lambda: gzip.compress(_big(), 1, mtime=0)),
    "warc.zst": (".warc.zst", lambda: zstd.compress(_big())),
    "warc.xz": (".warc.xz", lambda: lzma.compress(_big(), preset=0)),
    "warc.bz2": (".warc.bz2", lambda: bz2.compress(_big())),
    "warc.gz of a header alone": (
        ".warc.gz",
        lambda: gzip.compress(b"WARC/1.0\r\n" + b"A: b\r\n" * (ZEROS // 6), 1, mtime=0),
    ),
    "jsonl.gz, one line": (".jsonl.gz", lambda: gzip.compress(_line(), 1, mtime=0)),
    "jsonl.zst, one line": (".jsonl.zst", lambda: zstd.compress(_line())),
    "jsonl, deep": (".jsonl", lambda: b'{"text": "a", "b": ' + b"[" * 5_000_000 + b"\n" + b'{"text": "after"}\n'),
    "jsonl, a number of 5 MB": (
        ".jsonl",
        lambda: b'{"text": "a", "b": ' + b"9" * 5_000_000 + b'}\n{"text": "after"}\n',
    ),
    "txt.gz": (".txt.gz", lambda: _many(PACKS["gzip"])),
    "txt.xz": (".txt.xz", lambda: _many(lambda data: lzma.compress(data, preset=0))),
    "txt.gz, blank lines": (".txt.gz", lambda: gzip.compress(b"\n" * (ZEROS // 32), 1, mtime=0)),
}
"""Files that are bombs, by name: suffix, and how they are made."""

PAGES: dict[str, Callable[[], bytes]] = {
    "html, deep tags": lambda: b"<div>" * 400_000 + b"x",
    "html, deep lists and tables": lambda: b"<ul><li><table><tr><td>" * 60_000 + b"x",
    "html, unclosed formats": lambda: b"<b><i><font a>" * 60_000 + b"<p>x" * 2_000,
    "html, a huge attribute": lambda: b"<p class='" + b"a " * 3_000_000 + b"'>x",
    "html, many attributes": lambda: b"<div " + b" ".join(b"a%d=1" % n for n in range(400_000)) + b">x",
    "html, entities": lambda: b"&NotEqualTilde;&#x1F600;" * 250_000,
    "html, open comments": lambda: b"<!--" * 1_500_000,
    "html, one word": lambda: b"<p>" + b"x" * 6_000_000,
    "html, open tags without end": lambda: b"<a" * 3_000_000,
    "html, nested svg and math": lambda: b"<svg><math><mtext>" * 100_000,
    "html, iso-2022-jp escapes": lambda: b"<meta charset=iso-2022-jp>" + b"\x1b$B\x1b(B" * 800_000,
}  # fmt: skip


def try_file(suffix: str, data: bytes, folder: Path) -> str:
    """Read it; return what came of it."""
    from atom_data import Jsonl, Text, Warc

    path = write(folder, f"a{suffix}", data)
    source: Any = Text(path, unit="line") if ".txt" in suffix else (Warc if ".warc" in suffix else Jsonl)(path)
    said, found = attempt(lambda: outcome(source))
    if said:
        return said.replace(str(folder), "...").partition(": ")[2][:90]
    statuses = sorted({str(row.get("payload_status", "document")) for row in found.rows})
    return (
        ", ".join([*sorted(set(found.reasons)), *(f"{len(found.rows)} rows ({status})" for status in statuses)])
        or "nothing"
    )


def try_page(data: bytes) -> str:
    """Extract it; return its status."""
    from atom_data import Extract

    batch = pa.record_batch(
        {"id": ["a"], "html": [data], "charset": pa.array([None], pa.string()), "mime": ["text/html"]}
    )
    return str(Extract()(batch).column("extract_status")[0].as_py())


def main(report: Path) -> None:
    """Try each in a child of its own, so that memory is that of this one alone; write what each cost."""
    import multiprocessing

    rows = []
    context = multiprocessing.get_context("fork")
    for name in [*FILES, *PAGES]:
        ours, theirs = context.Pipe(False)
        child = context.Process(target=_one, args=(name, theirs))
        child.start()
        theirs.close()
        try:
            rows.append(ours.recv())
        except EOFError:
            child.join()
            rows.append({"bomb": name, "wrong": f"the process ended with {child.exitcode}"})
        child.join()
    report.write_text(json.dumps(rows))


def _one(name: str, pipe: Any) -> None:
    """Make the bomb in a child, as making it takes memory, too; then measure this process."""
    with tempfile.TemporaryDirectory(prefix="atom-data-bombs-") as place:
        data = _made(name, Path(place))
        try_page(b"<p>warm</p>")
        start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wrong = ""
        try:
            came = try_page(data) if name in PAGES else try_file(FILES[name][0], data, Path(place))
        except Exception as error:
            came, wrong = "", f"{type(error).__name__}: {error}"[:600] if not isinstance(error, Wrong) else str(error)
        cpu = time.process_time() - start
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6
    if cpu > CPU_SECONDS or grown > MEGABYTES:
        wrong = wrong or f"{cpu:.1f} s of CPU, {grown:.0f} MB"
    pipe.send(
        {
            "bomb": name,
            "bytes": len(data),
            "came": came,
            "cpu_s": round(cpu, 2),
            "grown_mb": round(grown, 1),
            "wrong": wrong,
        }
    )


def _made(name: str, folder: Path) -> bytes:
    path = folder / "bomb"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            data = PAGES[name]() if name in PAGES else FILES[name][1]()
            path.write_bytes(data)
            code = 0
        finally:
            os._exit(code)
    os.waitpid(child, 0)
    return path.read_bytes()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
