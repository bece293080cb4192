"""Make the sample's WARC files: genuine crawl records, pages of Debian packages, and a few broken records.

The packages are unpacked (`dpkg-deb -x PACKAGE.deb FOLDER/PACKAGE`), never installed; README.md lists them with their
versions. The same folders and the same zlib give the same bytes: order, dates and record ids come from names only.

    python make_sample.py --packages FOLDER --crawls FOLDER --output FOLDER
"""

import argparse
import gzip
import re
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path

from faults import broken_records, file_endings
from records import Page, http_date, page_record, rank, warcinfo_record
from sources import CRAWLS, LEFT_OUT, SHELVES, Shelf

FILE_WEIGHTS = (26, 9, 22, 4, 24, 15)
"""Shares of the six files: uneven, as crawl files are."""

PACKED = datetime(2026, 11, 22, tzinfo=UTC)
"""Date of the `warcinfo` records; raised by hand when the sample is made anew from other packages."""

CHANGELOG_DATE = re.compile(r"^ -- .+?>  (.+)$", re.MULTILINE)
TARGET = re.compile(rb"^WARC-Target-URI: <?([^\r\n>]+)", re.MULTILINE)

Unit = tuple[str, bytes]
"""A name that gives the place in the files, and gzip members that stay together."""


@cache
def package_date(folder: Path) -> datetime:
    """Return the date of the newest entry of a package's changelog.

    Raises:
        SystemExit: if the folder has no changelog with a date, so is not an unpacked package.
    """
    for path in sorted(folder.glob("usr/share/doc/*/changelog*.gz")):
        if found := CHANGELOG_DATE.search(gzip.decompress(path.read_bytes()).decode("utf-8", "replace")):
            return parsedate_to_datetime(found.group(1))
    raise SystemExit(f"{folder}: no dated changelog here. Unpack the package into it with dpkg-deb -x.")


def shelf_files(shelf: Shelf, packages: Path) -> dict[str, dict[str, list[tuple[Path, dict[str, str]]]]]:
    """Return the files of a shelf by language and page name, each with the groups of its path."""
    files: dict[str, dict[str, list[tuple[Path, dict[str, str]]]]] = defaultdict(lambda: defaultdict(list))
    for package in shelf.packages:
        folder = packages / package
        for path in sorted(folder.rglob("*.html")):
            found = shelf.path.fullmatch(path.relative_to(folder).as_posix())
            if found and path.is_file():
                groups = {"language": "en" if "language" in shelf.path.groupindex else ""}
                groups |= {key: value for key, value in found.groupdict().items() if value}
                files[groups["language"]][groups["name"]].append((path, groups))
    return files


def shelf_pages(shelf: Shelf, packages: Path) -> Iterator[Page]:
    """Yield the chosen pages of a shelf.

    Raises:
        SystemExit: if a language has too few pages, because a package is missing or differs from the listed version.
    """
    files = shelf_files(shelf, packages)
    for language, wanted in shelf.pages.items():
        names = sorted(
            (
                name
                for name, variants in files[language].items()
                if name not in shelf.never
                and (name in shelf.always or all(path.stat().st_size <= shelf.largest for path, _ in variants))
            ),
            key=lambda name: (name not in shelf.always, rank(name)),
        )
        if len(names) < wanted:
            raise SystemExit(f"{shelf.packages[0]}: {len(names)} pages in {language!r}, {wanted} wanted.")
        for number, (path, groups) in enumerate(file for name in names[:wanted] for file in files[language][name]):
            groups["language"] = shelf.language_names.get(language, language)
            date = package_date(packages / path.relative_to(packages).parts[0])
            yield Page(
                url=shelf.url.format(**groups),
                body=path.read_bytes(),
                date=date + timedelta(seconds=number),
                media_type=shelf.media_type,
                headers=(("Last-Modified", http_date(date)),),
            )


def gzip_members(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each gzip member of a file as it stands, with what it unpacks to."""
    while content:
        unpacker = zlib.decompressobj(wbits=31)
        unpacked = unpacker.decompress(content)
        rest = unpacker.unused_data
        yield content[: len(content) - len(rest)], unpacked
        content = rest


def crawl_units(path: Path) -> Iterator[Unit]:
    """Yield the records of a crawl file byte for byte: request, response and metadata of one capture stay together."""
    name, members = "", b""
    for member, record in gzip_members(path.read_bytes()):
        found = TARGET.search(record)
        target = found.group(1).decode("utf-8", "replace") if found else path.name
        starts = b"\r\nWARC-Type: request\r\n" in record or target != name
        if starts and members:
            yield f"{path.name} {len(members)} {name}", members
            members = b""
        name = target
        if not any(part in target for part in LEFT_OUT):
            members += member
    if members:
        yield f"{path.name} {len(members)} {name}", members


def sample_units(pages: dict[str, Page], packages: Path, crawls: Path) -> list[Unit]:
    """Return everything the files hold but their first and last records, in the order in which they hold it."""
    records = {url: page_record(page) for url, page in pages.items()}
    records |= broken_records(pages, packages)
    for url, _ in file_endings(pages).values():
        records.pop(url, None)
    units = [*records.items(), *(unit for crawl in CRAWLS for unit in crawl_units(crawls / crawl))]
    return sorted(units, key=lambda unit: rank("place", unit[0]))


def write_files(units: list[Unit], endings: dict[int, bytes], output: Path) -> None:
    """Write the units to the files, cut by FILE_WEIGHTS, each between a `warcinfo` record and its ending, if any."""
    cuts = [len(units) * weight // sum(FILE_WEIGHTS) for weight in accumulate(FILE_WEIGHTS)]
    output.mkdir(parents=True, exist_ok=True)
    for number, (start, stop) in enumerate(pairwise([0, *cuts])):
        path = output / f"sample-{number:05}.warc.gz"
        first = warcinfo_record(path.name, PACKED)
        path.write_bytes(first + b"".join(members for _, members in units[start:stop]) + endings.get(number, b""))
        sys.stdout.write(f"{path.name}: {stop - start} units, {path.stat().st_size:,} bytes\n")


def main() -> None:
    """Read the folders from the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True, help="folder of unpacked packages, one folder each")
    parser.add_argument("--crawls", type=Path, required=True, help="folder of the public crawl files")
    parser.add_argument("--output", type=Path, required=True, help="folder for sample-*.warc.gz")
    options = parser.parse_args()
    chosen = [page for shelf in SHELVES for page in shelf_pages(shelf, options.packages)]
    pages = {page.url: page for page in chosen}
    if len(pages) != len(chosen):
        raise SystemExit("two shelves give the same address; addresses must differ")
    endings = {number: ending for number, (_, ending) in file_endings(pages).items()}
    write_files(sample_units(pages, options.packages, options.crawls), endings, options.output)


if __name__ == "__main__":
    main()
