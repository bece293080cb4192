"""Files of an object store or a hub that a pattern or a folder names."""

import os
import re
from urllib.parse import urlsplit

from atom_data.errors import ConfigError
from atom_data.storage.paths import unreadable, without_secrets
from atom_data.storage.ranges import client
from atom_data.storage.retry import ask
from atom_data.storage.web.hub import hub_info, hub_place

MARKS = re.compile(r"[*?\[]")
S3 = ("s3", "s3a", "s3n")
OTHERS = {
    **dict.fromkeys(("gs", "gcs"), "gcloud storage cp -r, or mount it by gcsfuse"),
    **dict.fromkeys(("az", "azure", "abfs", "abfss"), "azcopy copy, or mount it by blobfuse2"),
    "hdfs": "hdfs dfs -get",
}
"""Stores that nothing here is tested with, and what brings their files."""


def is_pattern(url: str) -> bool:
    """Tell whether a URL names more than one file: a pattern, a folder, or a whole data set."""
    scheme, path = urlsplit(url).scheme, urlsplit(url).path
    if scheme == "hf":
        return bool(MARKS.search(path)) or path.endswith("/") or not hub_place(url).path
    marks = "*[" if scheme in ("http", "https") else "*?["
    return any(mark in path for mark in marks) or path.endswith("/")


def refuse_untested(url: str) -> None:
    """Refuse a store that nothing here is tested with. ConfigError says what to do."""
    scheme = urlsplit(url).scheme
    if scheme in OTHERS:
        raise ConfigError(
            f"{without_secrets(url)}: {scheme}:// is not read, because no test covers it. Copy the files with {OTHERS[scheme]}; "
            "s3:// is read with pip install 'atom-data[s3]', hf:// with pip install 'atom-data[hub]'."
        )


def list_remote(url: str) -> list[str]:
    """Return the files that a pattern names, or all below a folder, sorted. `*` stays in a folder, `**` does not.

    ConfigError for a web server, which cannot be asked; DataError where the store does not answer.
    """
    scheme = urlsplit(url).scheme
    if scheme == "hf":
        place = hub_place(url)
        info = hub_info(place.repository, place.revision)
        wanted = as_expression(place.path)
        return [place.at(info.commit, name) for name in info.files if wanted.fullmatch(name)]
    if scheme not in S3:
        raise ConfigError(
            f"{without_secrets(url)}: a remote folder or pattern cannot be listed. List its files by name."
        )
    bucket, pattern = urlsplit(url).netloc, url.split("/", 3)[3]
    wanted, prefix = as_expression(pattern), MARKS.split(pattern, maxsplit=1)[0]
    try:
        keys = ask(lambda: _keys(bucket, prefix))
    except Exception as error:  # botocore's have no base
        raise unreadable(url, "cannot be listed", error) from error
    return sorted(f"{scheme}://{bucket}/{key}" for key in keys if wanted.fullmatch(key) and not key.endswith("/"))


def _keys(bucket: str, prefix: str) -> list[str]:
    pages = client(os.getpid()).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", ())]


def as_expression(pattern: str) -> re.Pattern[str]:
    """Return a pattern of paths as an expression; a folder, or nothing, is all below it."""
    if not pattern or pattern.endswith("/"):
        pattern += "**"
    made = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", pattern):
        if part == "**/":
            made += "(?:.*/)?"
        elif part == "**":
            made += ".*"
        elif part in ("*", "?"):
            made += "[^/]*" if part == "*" else "[^/]"
        elif part[:1] == "[":
            made += f"[{'^' + part[2:-1] if part[1] == '!' else part[1:-1]}]"
        else:
            made += re.escape(part)
    return re.compile(made)
