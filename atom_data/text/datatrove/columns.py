"""The counts of `counts.py`, one row of them a document."""

COLUMNS = (
    *("characters", "number_signs", "line_feeds", "ellipses"),
    *("tokens", "words", "word_characters", "alphabetic", "stop_words"),
    *("split_lines", "bullet_lines", "ellipsis_lines"),
    *("lines", "duplicate_lines", "duplicate_line_characters"),
    *("paragraphs", "duplicate_paragraphs", "duplicate_paragraph_characters"),
    *("ink_lines", "terminal_lines", "short_lines", "duplicate_ink_characters"),
    *("sentences", "lorem_lines", "curly_lines"),
    *("terminal_sentences", "terminal_lorem_lines", "terminal_curly_lines"),
    *(f"top_{size}" for size in (2, 3, 4)),
    *(f"duplicate_{size}" for size in (5, 6, 7, 8, 9, 10)),
)
"""Characters, `#`, line feeds and ellipses of the text; tokens, those that are words, their characters, tokens with a letter,
kinds of stop words; lines as `str.splitlines` cuts them; lines between line feeds and paragraphs between empty lines; lines
with ink; for C4 the sentences of the lines that it keeps, and lines that end a document; characters in runs of words."""

CHARACTERS, NUMBER_SIGNS, LINE_FEEDS, ELLIPSES = range(4)
TOKENS, WORDS, WORD_CHARACTERS, ALPHABETIC, STOP_WORD_KINDS = range(4, 9)
SPLIT_LINES, BULLET_LINES, ELLIPSIS_LINES = range(9, 12)
LINES, REPEATED_LINES, REPEATED_LINE_CHARACTERS = range(12, 15)
PARAGRAPHS, REPEATED_PARAGRAPHS, REPEATED_PARAGRAPH_CHARACTERS = range(15, 18)
INK_LINES, TERMINAL_LINES, SHORT_LINES, REPEATED_INK_CHARACTERS = range(18, 22)
SENTENCES, LOREM_LINES, CURLY_LINES = range(22, 25)
TERMINAL_SENTENCES, TERMINAL_LOREM_LINES, TERMINAL_CURLY_LINES = range(25, 28)
RUNS = 28
