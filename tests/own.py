"""What docs/own_sources.md makes: its blocks as files, and the forum that they read."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.command import ROOT

PAGE = (ROOT / "docs" / "own_sources.md").read_text()
BLOCKS = re.findall(r"```(python|toml|bash)\n(.*?)```", PAGE, re.S)
SOURCE, PASS, CARD, COMMANDS, TESTS = [text for _, text in BLOCKS]

DOMAINS = {"many.org": 18, "some.org": 3, "one.net": 1}
"""Posts by what they link to; one more links to nothing, and one has no text."""


def write_page(folder: Path, months: int = 3) -> Path:
    """Write the page's files and a forum of some months into a folder; return the recipe."""
    (folder / "forum").mkdir()
    (folder / "few_per_domain.toml").write_text(CARD)
    (folder / "test_forum.py").write_text(TESTS)
    links = [f"https://{name}/{i}" for name, count in DOMAINS.items() for i in range(count)]
    rows = [(i, link, f"Post {i} has something to say.", "2024-01-01") for i, link in enumerate([*links, "mailto:x"])]
    rows.append((len(rows), "https://one.net/nothing", None, "2024-01-01"))
    for month in range(months):
        with closing(sqlite3.connect(folder / "forum" / f"2024-{month:02}.db")) as database:
            database.execute("CREATE TABLE posts (number INTEGER, url TEXT, body TEXT, date TEXT)")
            database.executemany("INSERT INTO posts VALUES (?, ?, ?, ?)", rows[month::months])
            database.commit()
    recipe = folder / "forum.py"
    recipe.write_text(f"{SOURCE}\n{PASS}")
    return recipe
