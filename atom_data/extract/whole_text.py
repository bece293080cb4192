"""All text of a page, nothing chosen."""

from dataclasses import dataclass

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from atom_data.extract.engine import Content


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeText:
    """All text that a page shows, navigation and footer too: paragraphs, lists and tables by line, by lexbor's tree.

    Without scripts, styles, comments in the source, targets of links and texts of images. The title is the page's `<title>`.
    For corpora whose pages are all content, and to see what other engines leave out.
    """

    list_bullets: bool = True
    noscript: bool = False
    """Whether what stands in `<noscript>` counts, which browsers do not show."""

    def extract(self, html: str, url: str | None) -> Content:
        """Return text and title."""
        tree = HTMLTree.parse(html)
        text: str = extract_plain_text(
            tree, preserve_formatting=True, list_bullets=self.list_bullets, alt_texts=False, noscript=self.noscript
        )
        return Content(text, tree.title)
