"""HTML to text with resiliparse: a tree by lexbor, the main content by rules over names of classes and tags."""

from dataclasses import dataclass

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from atom_data.extract.engine import Content


@dataclass(frozen=True, kw_only=True, slots=True)
class Resiliparse:
    """What resiliparse takes for the main content: paragraphs, lists and tables by line.

    By default without navigation, targets of links and texts of images, which is what NeMo Curator takes. The title is the
    page's `<title>`.
    """

    main_content: bool = True
    list_bullets: bool = True
    alt_texts: bool = False
    links: bool = False
    comments: bool = True
    """Whether comments of readers are main content."""

    def extract(self, html: str, url: str | None) -> Content:
        """Return text and title."""
        tree = HTMLTree.parse(html)
        title = tree.title
        text: str = extract_plain_text(
            tree,
            preserve_formatting=True,
            main_content=self.main_content,
            list_bullets=self.list_bullets,
            alt_texts=self.alt_texts,
            links=self.links,
            comments=self.comments,
        )
        return Content(text, title)
