"""Bold and italics of wikitext, which are runs of apostrophes: read line by line, as MediaWiki does (Parser::doQuotes)."""

import re

from atom_data.readers.mediawiki.gaps import GAP

APOSTROPHE = "\x02"
"""An apostrophe that says nothing of form, until the page is finished."""
RUN = re.compile("('{2,})")
ITALIC, BOLD = "*", "**"
MEANT = {2: (ITALIC,), 3: (BOLD,), 5: (BOLD, ITALIC)}


def without_quotes(line: str, markdown: bool) -> str:
    """Return a line whose runs of apostrophes are taken out, or Markdown; what is open at its end ends there."""
    if "''" not in line:
        return line
    words, lengths = _runs(line)
    if not markdown:
        return "".join(words)
    out, opened = [words[0]], list[tuple[str, int]]()
    for length, after in zip(lengths, words[1:], strict=True):
        known = [mark for mark, _ in reversed(opened)]
        for mark in (*known, *(mark for mark in (BOLD, ITALIC) if mark not in known)):
            if mark in MEANT[length]:
                _turn(mark, out, opened)
        out.append(after)
    while opened:
        _turn(opened[-1][0], out, opened)
    return "".join(out)


def _runs(line: str) -> tuple[list[str], list[int]]:
    """Return the words between the runs, and the length of each: 2, 3 or 5. The apostrophes too many are words."""
    parts = RUN.split(line)
    words, lengths = parts[::2], [len(run) for run in parts[1::2]]
    for place, length in enumerate(lengths):
        lengths[place] = 3 if length == 4 else min(length, 5)
        words[place] += APOSTROPHE * (length - lengths[place])
    if sum(length != 2 for length in lengths) % 2 and sum(length != 3 for length in lengths) % 2:
        found = _too_long(words, lengths)
        if found is not None:
            lengths[found] = 2
            words[found] += APOSTROPHE
    return words, lengths


def _too_long(words: list[str], lengths: list[int]) -> int | None:
    """Return which run of three is an apostrophe and italics, where both forms are left open: behind a word of one letter,
    else behind a longer word, else behind a space."""
    found: dict[str, int] = {}
    for place, length in enumerate(lengths):
        if length == 3:
            last, before = words[place][-1:], words[place][-2:-1]
            found.setdefault("space" if last == " " else "letter" if before == " " else "word", place)
    return next((found[kind] for kind in ("letter", "word", "space") if kind in found), None)


def _turn(mark: str, out: list[str], opened: list[tuple[str, int]]) -> None:
    """Open a form, or close it: the other one, if it was opened within, is closed before and opened again."""
    if mark not in [one for one, _ in opened]:
        opened.append((mark, len(out)))
        out.append(mark)
        return
    if len(opened) == 2 and opened[0][0] == mark and opened[1][1] == opened[0][1] + 1:
        (first, start), (second, end) = opened
        out[start], out[end] = second, first
        opened[:] = [(second, start), (first, end)]
    again = opened[-1][0] if opened[-1][0] != mark else ""
    for _ in range(2 if again else 1):
        one, start = opened.pop()
        if "".join(out[start + 1 :]).strip(f" {GAP}"):
            out.append(one)
        else:
            out[start] = ""
    if again:
        _turn(again, out, opened)
