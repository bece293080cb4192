"""A small run with hostile documents, made in this process: what a page must show as text."""

import json
from pathlib import Path

from atom_data import Jsonl, Stage, keep
from atom_data.runner.worker import do_task
from atom_data.signals import count_characters, count_words
from atom_data.storage.receipts import ShardList, plan_path
from atom_data.storage.record import RunRecord
from atom_data.workspace import Workspace

SCRIPT = "</script><script>window.broken = 1</script><img src=x onerror='window.broken=2'>"
RTL = "abc \u202e fed \u2066 x \u2069 \u05e9\u05dc\u05d5\u05dd"
ODD = "e\u0301\u200d\U0001f469\u200d\U0001f680 \ufffd \u0000 \ufeff \u2028 \u2029 \U000e0041 \ud7ff"
LONG = "x" * 100_000
HOSTILE = (SCRIPT, RTL, ODD, LONG, '"><b onmouseover="window.broken=3">', "`|_*[a](javascript:window.broken=4) @all")
REASON = "</script><b>words"
CARD = """
source = "test"
[[rule]]
reason = "</script><b>words"
column = "word_count"
min = 5
[[rule]]
reason = "characters"
column = "text_chars"
min = 20
max = 90000
"""


def rows() -> list[dict[str, object]]:
    """Return documents: hostile ones, and plain ones of several lengths."""
    found: list[dict[str, object]] = []
    for number, text in enumerate(HOSTILE):
        more = " and words that are kept in the end"
        for place, body in enumerate((text, text + more)):
            found.append(
                {
                    "id": f"hostile-{number}-{place}",
                    "text": body,
                    "title": text,
                    "url": f"https://{number}.{'<b>bad</b>' if number % 2 else 'example'}.org/{text}",
                    "date": ["2024-02-01", text][place],
                    "language": ["en", text[:300]][place],
                }
            )
    for number in range(60):
        words = " ".join(["word"] * (number % 12))
        found.append(
            {
                "id": f"plain-{number}",
                "text": words,
                "title": f"title {number}",
                "url": f"https://www.site{number % 7}.de/{number}",
                "date": f"2023-{number % 12 + 1:02}-03",
                "language": ["de", "fr", "en"][number % 3],
            }
        )
    return found


def made(folder: Path, some: list[dict[str, object]] | None = None, card: str = CARD) -> Workspace:
    """Run two stages over documents in three files, one line of which is no JSON, and return the output folder."""
    folder.mkdir(parents=True, exist_ok=True)
    given = rows() if some is None else some
    for part in range(3):
        lines = [json.dumps(row, ensure_ascii=False) for row in given[part::3]]
        (folder / f"part-{part}.jsonl").write_text("\n".join([*lines, SCRIPT]) + "\n", "utf-8", "surrogatepass")
    (folder / "own.toml").write_text(card)
    columns = {"language": "string", "title": "string"}
    read = Stage(
        name="read", reads=Jsonl(str(folder / "part-*.jsonl"), source=SCRIPT, columns=columns), allow_unreadable=1.0
    )
    clean = Stage(name="clean", reads=read, steps=(count_words, count_characters, keep(str(folder / "own.toml"))))
    workspace = Workspace(str(folder / "out"), "test")
    for stage in (read, clean):
        tasks = stage.tasks(workspace)
        listed = ShardList(stage.name, tuple(task.name for task in tasks), stage.identity())
        workspace.write_json(plan_path(stage.name), listed.value())
        for task in tasks:
            do_task(stage, task, workspace, lambda *_: None)
    workspace.write_record(RunRecord("", "", ("read", "clean")))
    return workspace
