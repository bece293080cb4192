"""Elements of HTML: a number for each name, and what a parser does at its tags.

Source: WHATWG HTML, 13.1.2 (void and raw text elements), 13.2.4.2 (special and formatting elements) and 15.3 (which elements
are blocks), as far as they change the text of a page.
"""

import numpy as np

from atom_data.text.html.lookup import table_of

_NAMES = """a abbr address article aside b blockquote body br button canvas caption center cite code col dd del details dialog div
dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input
ins kbd label legend li link main mark menu meta nav noscript object ol optgroup option p picture pre q s samp script section
select small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title
tr tt u ul var video audio wbr area base param track search math path g noembed noframes xmp"""
NAMES = tuple(_NAMES.split())
UNKNOWN = 0
TAGS = {name: number for number, name in enumerate(NAMES, 1)}
CUSTOM = len(NAMES) + 1
"""An element whose name has a hyphen."""
COUNT = CUSTOM + 1

BLOCK, VOID, RAW, SPECIAL, FORMAT, CLOSES_P, FOREIGN = 1, 2, 4, 8, 16, 32, 64
"""Bits: breaks the line; has no content; its content is no markup; stops the search for what an end tag closes; is
formatting; ends an open paragraph; its content is not looked at (drawings, templates)."""

_BLOCKS = """address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure
footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup option p pre section select summary
table tbody td textarea tfoot th thead tr ul search button video audio iframe object canvas head title"""
_KINDS = {
    BLOCK: _BLOCKS,
    VOID: "area base br col embed hr img input link meta param source track wbr",
    RAW: "script style textarea iframe noembed noframes xmp title",
    SPECIAL: _BLOCKS + " template noscript",
    FORMAT: "a b code em font i s small strike strong tt u",
    CLOSES_P: """address article aside blockquote center details dialog div dl dt dd fieldset figcaption figure footer form
h1 h2 h3 h4 h5 h6 header hgroup main menu nav ol p pre section summary ul li table search""",
    FOREIGN: "svg template",
}


def _flags() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    flags = np.zeros(COUNT, np.uint8)
    for bit, names in _KINDS.items():
        for name in set(names.split()):
            flags[TAGS[name]] |= bit
    flags[CUSTOM] = BLOCK
    return flags


def _numbers(names: str) -> tuple[int, ...]:
    return tuple(TAGS[name] for name in names.split())


FLAGS = _flags()
TAG_HASHES, TAG_NUMBERS = table_of(TAGS.items())

A, P, LI, DD, DT, TD, TH, TR = _numbers("a p li dd dt td th tr")
UL, OL, DL, TABLE_TAG, TBODY, THEAD, TFOOT = _numbers("ul ol dl table tbody thead tfoot")
BR, HR, PRE, IMG, INPUT, BUTTON = _numbers("br hr pre img input button")
SCRIPT, STYLE, TITLE, META, TEXTAREA = _numbers("script style title meta textarea")
HTML, HEAD, BODY, OPTION, SELECT = _numbers("html head body option select")
ARTICLE, MAIN, TIME, BLOCKQUOTE, CODE, MATH = _numbers("article main time blockquote code math")
LINK, H1, H6, DIV, ADDRESS, SPAN = _numbers("link h1 h6 div address span")
STRUCTURE = np.zeros(COUNT, np.bool_)
STRUCTURE[[TABLE_TAG, TBODY, THEAD, TFOOT, TR]] = True
"""Elements of a table that hold no text of their own: what stands in them and is no cell belongs before the table."""
CELLS = np.zeros(COUNT, np.bool_)
CELLS[[*_numbers("caption col tbody thead tfoot tr td th style script template form input table")]] = True
"""Elements that a table may hold."""
