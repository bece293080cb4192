"""A bare loop of FastWARC and resiliparse over WARC files: the least that any pipeline over them has to do.

Nothing is filtered or written; only pages and bytes of text are counted. With --texts it also notes a hash of every
text, which costs time, so that is done apart from the measured runs.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding


def texts(path: Path, options: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield offset and text of every response, up to where the file breaks."""
    try:
        for record in ArchiveIterator(str(path), record_types=WarcRecordType.response, parse_http=True):
            page = record.reader.read()
            html = bytes_to_str(page, detect_encoding(page, from_html_meta=True) or "utf-8")
            yield record.stream_pos, extract_plain_text(html, **options).strip()
    except OSError as error:
        print(f"{path.name}: {error}", file=sys.stderr)


def main() -> None:
    """Count, and note hashes if asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--extract", required=True, help="JSON: options of extract_plain_text")
    parser.add_argument("--texts", action="store_true")
    parser.add_argument("files", type=Path, nargs="+")
    given = parser.parse_args()
    options = json.loads(given.extract)
    pages = text_bytes = 0
    hashes = {}
    for path in given.files:
        for offset, text in texts(path, options):
            encoded = text.encode("utf-8", "replace")
            pages += 1
            text_bytes += len(encoded)
            if given.texts:
                hashes[f"{path.name} {offset}"] = hashlib.blake2b(encoded, digest_size=16).hexdigest()
    given.out.write_text(json.dumps({"pages": pages, "text_bytes": text_bytes, "hashes": hashes}), "utf-8")


if __name__ == "__main__":
    main()
