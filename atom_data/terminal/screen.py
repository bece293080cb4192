"""The console of commands: prose is wrapped between words on a terminal and whole where nobody looks at it."""

from rich.console import Console
from rich.text import Text

SET_IN = 2
"""By so many columns the lines after the first one of a paragraph are set in."""


class Screen(Console):
    """A console with a way to print prose. What can be pasted, and rows of tables, are printed as they are."""

    def prose(self, text: str, markup: bool = True) -> None:
        """Print lines of prose; those that are wider than a terminal go on below, set in. No word is cut."""
        for part in text.split("\n"):
            lead = len(part) - len(part.lstrip(" "))
            styled = Text.from_markup(part[lead:]) if markup else Text(part[lead:])
            if not self.is_terminal or lead + styled.cell_len <= self.width:
                self.print(Text(" " * lead) + styled, soft_wrap=True)
                continue
            room = max(20, self.width - lead - SET_IN)
            for number, row in enumerate(styled.wrap(self, room, overflow="ignore")):
                row.rstrip()
                self.print(Text(" " * (lead + (SET_IN if number else 0))) + row, soft_wrap=True)
