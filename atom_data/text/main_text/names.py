"""Columns of the numbers about blocks: their names and places, for kernels that write them and models that read them."""

from atom_data.text.html import lexicon


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


TAG_GROUPS = [
    group.split()
    for group in [
        "nav",
        "header",
        "footer",
        "aside",
        "main",
        "article",
        "section",
        "form",
        "table",
        "ul ol menu",
        "li",
        "dl dd dt",
        "figure picture",
        "figcaption caption\n",
        "blockquote q",
        "pre code samp kbd",
        "button",
        "label legend fieldset",
        "select option optgroup",
        "noscript",
        "details summary",
        "dialog",
        "a",
        "p",
        "td th\n",
        "strong b em i",
        "time",
        "address",
        "iframe object video audio canvas",
        "hgroup",
        "span",
        "div",
        "textarea input",
        "center font",
    ]
]
"""Elements that a block may lie in, at any depth: a column for each group."""
CONTAINERS, NEIGHBORS = 6, (-3, -2, -1, 1, 2, 3)

OWN = _names(
    """words link_share size word_size sentences commas digit_share capitalized_share capital_share signs links breaks images inputs
beyond_ascii_share copies first_copy heading unused depth words_log title_words title_share currency copyright ends_colon
ends_sentence starts_small mostly_digits bullets place_blocks place_words from_h1_blocks from_h1_words with_h1_depth with_h1_levels
with_h1_share"""
)
ELEMENT = _names(
    """own_groups_low own_groups_high hidden_style hidden_attribute hidden_aria class_own class_own_least class_nearest class_least
class_most class_sum class_second alike alike_words alike_link_share alike_levels siblings"""
)
TEXT = _names(
    "text_mean text_least text_most text_whole heading_mean heading_whole heading_distance text_mean_before text_mean_after"
)
CONTAINER = _names("words link_share sentence_share blocks word_share tag")
NEIGHBOR = _names("words link_share heading sentences alike")
WINDOWS = _names("near_words near_link_share around_words around_link_share around_sentence_share")
ROOTS, ROOT = ("half", "three_quarters", "nine_tenths", "plain"), ("inside", "before", "behind", "levels")
PAGE = _names(
    """page_words page_link_share page_sentence_share page_blocks page_long_blocks page_headings page_item_share page_articles
page_mains page_main_share page_article_share page_inputs page_images page_times page_currency page_og_type
page_copy_share page_buttons page_tables page_posts url_depth url_size url_hyphens url_digits"""
)

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("own", OWN),
    ("tag", tuple("in_" + group[0] for group in TAG_GROUPS)),
    ("class", tuple("class_" + group[0] for group in lexicon.CLASS_WORDS)),
    ("element", ELEMENT),
    ("text", TEXT),
    ("container", tuple(f"container_{level}_{name}" for level in range(1, CONTAINERS + 1) for name in CONTAINER)),
    ("neighbor", tuple(f"neighbor_{step:+d}_{name}" for step in NEIGHBORS for name in NEIGHBOR)),
    ("window", WINDOWS),
    ("root", tuple(f"{root}_{name}" for root in ROOTS for name in ROOT)),
    ("page", PAGE),
    ("url", tuple("url_" + group[0] for group in lexicon.URL_WORDS)),
    ("data", tuple("data_" + group[0] for group in lexicon.DATA_TYPES)),
)
COLUMNS = tuple(name for _, names in GROUPS for name in names)
"""Names of what `features.block_features` gives, in order. Those from PAGE_FIRST on are the same in all blocks of a page."""


def first(group: str) -> int:
    """Return the place of the first column of a group."""
    before = [name for name, _ in GROUPS]
    return sum(len(names) for _, names in GROUPS[: before.index(group)])


PAGE_FIRST = first("page")

SECOND_COLUMNS = (
    "chance",
    *(f"chance_{side}_{step}" for step in range(1, 5) for side in ("before", "after")),
    "within_3", "within_10", "within_30", "before_5", "after_5",
    *(f"container_{level}_{name}" for level in range(1, CONTAINERS + 1) for name in ("chance", "part")),
    "alike_chance", "alike_count", "page_chance", "page_most", "page_expected", "words_from_first", "words_to_last",
    "heading_chance", "heading_distance", "part_before",
)  # fmt: skip
"""Names of what `second.stage_two_features` gives."""
