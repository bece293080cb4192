"""What stands around a place where something was left out."""

import re

GAP = "\x01"
"""Where a template, a reference or a file stood, until its line is finished."""
EMPTIED = re.compile(rf" ?\([\s,;:]*{GAP}[\s,;:{GAP}]*\)")
OPENED = re.compile(rf"\([\s,;:]*{GAP}[\s,;:{GAP}]*")
CLOSED = re.compile(rf"[\s,;:]*{GAP}[\s,;:{GAP}]*\)")


def without_gaps(line: str) -> str:
    """Return a line without gaps, and without the brackets, commas and semicolons that only held what is gone."""
    if GAP not in line:
        return line
    if "(" in line:
        line = CLOSED.sub(")", OPENED.sub("(", EMPTIED.sub("", line)))
    return line.replace(GAP, "")
