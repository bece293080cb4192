"""The index of documents across crawls is the folder of a run: what is taken down there stays out, also of later sources."""

from pathlib import Path

from tests.command import atom_data
from tests.takedown.corpus import listed, records, rows, write_pages


def test_an_index_forgets_and_does_not_take_back(tmp_path: Path) -> None:
    index, first = tmp_path / "index", write_pages(tmp_path / "first", records()[:2])
    files = records()
    done = atom_data("dedup-index", "add", index, first, "--name", "first", "--workers", 1)
    assert done.returncode == 0, done.stderr
    one = next(document for document in files[0] if document["text"])
    assert atom_data("takedown", index / "out", "--ids", listed(tmp_path, [one["id"]])).returncode == 0
    assert one["id"] not in {row["id"] for row in rows(index / "out", "sketches")}
    again = write_pages(tmp_path / "second", [[{**one, "id": "other"}, {**files[1][0], "id": "new"}]])
    done = atom_data("dedup-index", "add", index, again, "--name", "second", "--workers", 1)
    assert done.returncode == 0, done.stderr
    ids = {row["id"] for row in rows(index / "out", "sketches")}
    assert "new" in ids and not ids & {"other", one["id"]}
    assert atom_data("verify", index / "out").returncode == 0
