"""Tables of wikitext as lines."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def table_lines(table: Any, text: Callable[[Iterable[Any]], str], markdown: bool) -> list[str]:  # noqa: ANN401
    """Return a table as lines: its caption, then its rows; with `markdown` as a table of GitHub's Markdown."""
    caption, headed = "", False
    rows: list[list[str]] = []
    for cells, is_head, said in _rows(table.contents.nodes):
        if said is not None:
            caption = text(said).lstrip("+ ")
            continue
        row = [text(cell.contents.nodes) if cell.contents is not None else "" for cell in cells]
        if any(row):
            headed = headed or (is_head and not rows)
            rows.append(row)
    if not rows:
        return [caption] if caption else []
    lines = [caption, ""] if caption else []
    if not markdown:
        return [*lines, *(" | ".join(row) for row in rows)]
    width = max(map(len, rows))
    rows = [[cell.replace("|", "\\|") for cell in row] + [""] * (width - len(row)) for row in rows]
    head, body = (rows[0], rows[1:]) if headed else ([""] * width, rows)
    return [*lines, _line(head), _line(["---"] * width), *map(_line, body)]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rows(nodes: Iterable[Any]) -> Iterator[tuple[list[Any], bool, Iterable[Any] | None]]:
    """Yield the cells of each row and whether all are heads; of a caption its nodes. Cells before the first row are one."""
    first: list[Any] = []
    for node in nodes:
        name = str(node.tag).strip().lower() if type(node).__name__ == "Tag" else ""
        if name in ("td", "th"):
            if str(node).startswith("|+"):
                yield [], False, node.contents.nodes
            else:
                first.append(node)
        elif name == "caption":
            yield [], False, node.contents.nodes
        elif name in ("tr", "tbody", "thead") and node.contents is not None:
            if first:
                yield first, _all_heads(first), None
                first = []
            if name == "tr":
                cells = [
                    one for one in node.contents.nodes if type(one).__name__ == "Tag" and str(one.tag) in ("td", "th")
                ]
                yield cells, _all_heads(cells), None
            else:
                yield from _rows(node.contents.nodes)
    if first:
        yield first, _all_heads(first), None


def _all_heads(cells: list[Any]) -> bool:
    return bool(cells) and all(str(cell.tag) == "th" for cell in cells)
