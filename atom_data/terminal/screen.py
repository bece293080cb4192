"""The console of commands: prose is wrapped between words on a terminal and whole where nobody looks at it."""

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

SET_IN = 2
"""By so many columns the lines after the first one of a paragraph are set in."""


class Screen(Console):
    """A console with a way to print prose. What can be pasted, and rows of tables, are printed as they are."""

    def prose(self, text: str, markup: bool = True, set_in: int = SET_IN) -> None:
        """Print lines of prose; those that are wider than a terminal go on below, set in. No word is cut."""
        for part in text.split("\n"):
            styled = Text.from_markup(part) if markup else Text(part)
            lead = len(styled.plain) - len(styled.plain.lstrip(" ")) + set_in
            room = self.width if self.is_terminal else 0
            rows = styled.divide(list(breaks(styled.plain, room, lead))) if room > 2 * lead else [styled]
            for number, row in enumerate(rows):
                row.rstrip()
                self.print(Text(" " * lead if number else "") + row, soft_wrap=True)


def breaks(text: str, width: int, lead: int) -> Iterator[int]:
    """Yield where lines of a width begin in a text, all but the first one set in by `lead` columns."""
    used = 0
    for word in re.finditer(r" *[^ ]+ *", text):
        size = cell_len(word[0].rstrip())
        if used and used + size > width:
            yield word.start()
            used = lead
        used += cell_len(word[0])
