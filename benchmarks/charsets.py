"""U+FFFD in real pages before and after encodings became claims, by page, and the time that decoding takes.

    make bench-charsets         pages of ../shared/data (WCXB, quirks of web archives) and of the sample; cases of charsets

Before: Python's codec of the first declaration, whatever the bytes are. After: `atom_data.extract.encoding`. A set whose
file is missing is left out and named: put `wcxb-dev-500.warc.gz`, `warc-quirks.tar.xz` and `cases.tar.xz` into ../shared/data,
or give their folder with --data.
"""

import codecs
import re
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from inputs import arguments
from measure import ROOT, write_report
from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

from atom_data.errors import AtomDataError
from atom_data.extract.encoding import decoded
from atom_data.readers import Warc
from atom_data.storage.shards import Intake
from atom_data.workspace import Workspace

ROUNDS = 5
SETS = {
    "wcxb": ("wcxb-dev-500.warc.gz",),
    "quirks": ("warc-quirks.tar.xz",),
    "cases": ("cases.tar.xz",),
}
META = re.compile(rb"<meta[^>]{1,500}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]{1,40})", re.IGNORECASE)
Page = tuple[str, bytes, str | None]


def main() -> None:
    """Decode every page in both ways, write the report, print a line a set."""
    parser = arguments(__doc__, "the texts")
    folder = parser.parse_args().data
    report: dict[str, Any] = {"sets": {}, "missing": []}
    with tempfile.TemporaryDirectory(prefix="bench-charsets-") as place:
        for name, files in {**SETS, "sample": ()}.items():
            missing = [file for file in files if not (folder / file).is_file()]
            if missing:
                report["missing"] += missing
                print(f"{name}: {', '.join(missing)} is not there; see --help", file=sys.stderr)
                continue
            report["sets"][name] = found = measured(list(pages(name, folder, Path(place))))
            print(
                f"{name}: {found['pages']} pages, U+FFFD {found['replaced_before']} before, {found['replaced_after']} after"
            )
    print(write_report("charsets", report))


def pages(name: str, folder: Path, place: Path) -> Iterator[Page]:
    """Yield URL, bytes and the server's charset of the pages of a set, in the order of their files."""
    if name == "sample":
        files = sorted((ROOT / "pipelines" / "sample").glob("*.warc.gz"))
    elif name == "wcxb":
        files = [folder / SETS[name][0]]
    else:
        with tarfile.open(folder / SETS[name][0]) as archive:
            archive.extractall(place / name, filter="data")
        parts = "charset*/*.warc.gz" if name == "cases" else "*.warc*"
        files = sorted(path for path in (place / name).rglob(parts) if path.is_file())
    for path in files:
        yield from _of_file(path)


def _of_file(path: Path) -> Iterator[Page]:
    with suppress(AtomDataError):  # the quirks are broken in every way
        source = Warc(str(path), source="bench")
        for shard in source.shards(Workspace("")):
            for batch in source.read(shard, Workspace(""), ("url", "html", "charset"), Intake(reject=lambda *_: None)):
                for row in batch.to_pylist():
                    if row["html"]:
                        yield row["url"] or "", row["html"], row["charset"]


def measured(found: list[Page]) -> dict[str, Any]:
    """Return the counts of one set, and a line for every page with U+FFFD or another text."""
    lines = []
    for url, data, charset in found:
        old, new = before(data, charset), decoded(data, charset)
        if "\ufffd" in old or "\ufffd" in new.text or old != new.text:
            lines.append(
                {
                    "url": url,
                    "charset": charset,
                    "encoding": new.encoding,
                    "before": old.count("\ufffd"),
                    "after": new.text.count("\ufffd"),
                    "replaced": new.replaced,
                }
            )
    return {
        "pages": len(found),
        "bytes": sum(len(data) for _, data, _ in found),
        "replaced_before": sum(line["before"] for line in lines),
        "replaced_after": sum(line["after"] for line in lines),
        "seconds_before": best(before, found),
        "seconds_after": best(decoded, found),
        "changed": lines,
    }


def best(decode: Callable[[bytes, str | None], object], found: list[Page]) -> float:
    """Return the CPU seconds of the best of some rounds over all pages."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _, data, charset in found:
            decode(data, charset)
        rounds.append(time.process_time() - start)
    return round(min(rounds), 4)


def before(data: bytes, charset: str | None) -> str:
    """Return the text as it was taken before: the first declaration by Python's codec, and UTF-8 only where that fails."""
    encoding = _first(data, charset)
    for name in (encoding, "utf-8"):
        with suppress(UnicodeDecodeError):
            return data.decode(name).removeprefix("\ufeff")
    return data.decode(encoding, "replace").removeprefix("\ufeff")


def _first(data: bytes, charset: str | None) -> str:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return name
    meta = META.search(data[:8192])
    for label in (charset, meta[1].decode() if meta else None):
        name = map_encoding_to_html5(label, fallback_utf8=False) if label else None
        if name and _is_known(name):
            return "utf-8" if label != charset and name.startswith("utf-16") else name
    with suppress(UnicodeDecodeError):
        data.decode()
        return "utf-8"
    name = detect_encoding(data, max_len=1 << 16)
    return name if name and _is_known(name) else "cp1252"


def _is_known(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


if __name__ == "__main__":
    main()
