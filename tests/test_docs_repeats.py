"""The page docs/repeats.md runs as it stands, and the table of its columns is true."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import ROOT, atom_data
from tests.test_docs import shell

PAGE = (ROOT / "docs" / "repeats.md").read_text()
BLOCKS = re.findall(r"```(bash|python)\n(.*?)```", PAGE, re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's recipe and pages that share a menu and a long quotation."""
    made = tmp_path_factory.mktemp("repeats")
    quotation = " ".join(f"word {number} of a quotation" for number in range(40))
    letters = "abcdefghijklmnopqrstuvwxyz"  # numbers would be folded
    texts = [
        (f"page-{name}", f"Home - News - About us\npage-{name} begins, {quotation}.\n\nAll rights reserved.")
        for name in letters
    ]
    texts.append(("page-menu", "home, news, ABOUT US"))
    (made / "pages").mkdir()
    for part in range(2):
        names, pages = zip(*texts[part::2], strict=True)
        pq.write_table(pa.table({"id": names, "text": pages}), made / "pages" / f"part-{part}.parquet")
    (made / "repeats.py").write_text(BLOCKS[0][1])
    (made / "marked.py").write_text(BLOCKS[2][1])
    return made


def test_page_has_the_blocks_that_are_run() -> None:
    assert [kind for kind, _ in BLOCKS] == ["python", "bash", "python"]


def test_page_commands_cut_menu_and_quotation(folder: Path) -> None:
    done = shell(BLOCKS[1][1], folder)
    assert done.returncode == 0, done.stderr
    rows = {
        row["id"]: row
        for path in (folder / "corpus" / "own_text").glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    }
    assert len(rows) == 26
    assert [row["id"] for row in rows.values() if row["repeated_line_count"] == 0] == ["page-a"]
    assert sum("word 7 of a quotation" in row["text"] for row in rows.values()) == 1
    assert all(name in row["text"] for name, row in rows.items())
    (gone,) = (folder / "corpus" / "own_lines" / "drops").glob("*.parquet")
    assert pq.read_table(gone).column("id").to_pylist() == ["page-menu"]


def test_page_recipe_that_marks_changes_no_text(folder: Path) -> None:
    done = atom_data("run", "marked.py", "-o", folder / "marked", cwd=folder)
    assert done.returncode == 0, done.stderr
    before = {
        row["id"]: row["text"] for path in (folder / "pages").iterdir() for row in pq.read_table(path).to_pylist()
    }
    rows = [row for path in (folder / "marked" / "marked").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert {row["id"]: row["text"] for row in rows} == before
    columns = re.findall(r"`(repeated_paragraph[a-z_]*)`", PAGE)
    assert {name for name in rows[0] if name.startswith("repeated")} == set(columns) - {"repeated_paragraphs."}
