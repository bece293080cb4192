"""HTML to main text with models of our own: a page's blocks, numbers about each, trees that say which are content."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from atom_data.errors import ConfigError
from atom_data.extract.columns import KINDS, MARKDOWN, MEASURES, METADATA
from atom_data.extract.contents import with_contents
from atom_data.extract.dates.marks import About
from atom_data.extract.engine import Content, EngineError
from atom_data.extract.metadata import Metadata, metadata_of, title_of
from atom_data.extract.stored import stored_text
from atom_data.text.html.markdown import markdown_text
from atom_data.text.html.place import places_of
from atom_data.text.html.plain import plain_text
from atom_data.text.html.scan import scan
from atom_data.text.main_text.comments import without_comments
from atom_data.text.main_text.measures import measured
from atom_data.text.main_text.model import Model

Favor = Literal["f1", "precision", "recall"]
BOUNDS: dict[str, tuple[float, float]] = {"f1": (0.0, 2.0), "precision": (0.6, 2.0), "recall": (0.0, 0.1)}
"""Blocks below the first probability are never kept, those from the second on always."""
FEW_WORDS = 25
"""A page whose main text is shorter may have it in its data and not in its elements."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MainText:
    """What two small tree models take for the main content of a page, in any language: see docs/extraction.md.

    The title is the page's `<title>`, else what its head gives as one, else its first `<h1>`. Adds the columns
    `extract_confidence` (float32, 0 to 1: the F1 over words that the model expects of its choice), `extract_text_share`
    (float32: the words kept of all words of the page), `extract_link_share` (float32: of the kept words, those in links),
    `extract_links`, `extract_tables`, `extract_code_blocks` and `extract_formulas` (int32: what is kept of them; formulas with
    their LaTeX), and `page_kind` (string: article, collection, documentation, forum, listing, product, service or other) with
    `page_kind_probability` (float32). Null where there is no text, or the model has none for whole pages.
    A page with more than 200,000 elements or 40,000 blocks of text has the status `too_complex`; memory is about 4 bytes per
    byte of HTML beside the page, 150 a tag and 3 kB a block.
    """

    favor: Favor = "f1"
    """`precision` keeps only blocks that are likely content, `recall` also those that may be: see BOUNDS."""
    comments: bool = True
    """Whether comments and reviews of readers may be content; a page that is little else keeps them either way."""
    markdown: bool = False
    """Whether the column `markdown` (string) has the same blocks as Markdown: headings, lists, tables, code, quotes."""
    links: bool = False
    """Whether Markdown has the targets of links."""
    metadata: bool = False
    """Whether the columns `published` and `modified` (ISO 8601), `author`, `site_name`, `declared_language` and
    `canonical_url` (strings, null where the page does not say) are added."""
    model: Path | None = None
    """A model that was trained on your own pages; None for the one that comes with this package."""

    def __post_init__(self) -> None:
        """Refuse what nobody can favor."""
        if self.favor not in get_args(Favor):
            raise ConfigError(f"MainText: favor is {self.favor!r}; there are {', '.join(get_args(Favor))}. Give one.")

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that it adds. ConfigError for a model of yours that cannot be read."""
        if self.model is not None:
            model_of(self.model)
        return (*(MARKDOWN if self.markdown else ()), *MEASURES, *(METADATA if self.metadata else ()), *KINDS)

    def read(self, html: bytes | memoryview, url: str | None) -> Content:
        """Return text, title and columns."""
        page = scan(html)
        if page.cut:
            raise EngineError("too_complex")
        least, enough = BOUNDS[self.favor]
        judged = model_of(self.model).judged(page, url, least=least, enough=enough)
        kept = with_contents(page, judged.kept, judged.kind)
        kept = kept if self.comments else without_comments(page, kept)
        counts = measured(page, kept)
        places = places_of(page, kept)
        text = plain_text(page, kept, places).decode("utf-8", "replace")
        title = title_of(page)
        about = About(url, title, judged.kind, judged.kind_chance, judged.kept)
        known = metadata_of(page, about) if self.metadata else None
        if counts.words < FEW_WORDS and (stored := stored_text(page, counts.words)):
            return Content(stored, title, {"markdown": stored, **_metadata(known)})
        more: dict[str, object] = {} if not text else {
            "extract_confidence": judged.confidence,
            "extract_text_share": counts.words / max(1, counts.page_words),
            "extract_link_share": counts.link_words / max(1, counts.words),
            "extract_links": counts.links,
            "extract_tables": counts.tables,
            "extract_code_blocks": counts.code_blocks,
            "extract_formulas": counts.formulas,
            "page_kind": judged.kind,
            "page_kind_probability": judged.kind_chance,
        }  # fmt: skip
        if self.markdown and text:
            more["markdown"] = markdown_text(page, kept, places, links=self.links).decode("utf-8", "replace")
        return Content(text, title, {**more, **_metadata(known)})


def _metadata(known: Metadata | None) -> dict[str, object]:
    return {} if known is None else known._asdict()


@cache
def model_of(path: Path | None) -> Model:
    """Return a model; each is read once per process."""
    return Model.load(Path(__file__).with_name("model.npz") if path is None else path)
