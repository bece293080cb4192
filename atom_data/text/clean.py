"""Text that every tool can store."""


def clean(text: str) -> str:
    """Return the text without NUL; halves of surrogate pairs, which no other tool would take, become U+FFFD."""
    text = without_nul(text)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def without_nul(text: str) -> str:
    """Return the text without NUL alone, for what is made an Arrow column at once: that finds halves of pairs, and much faster."""
    return text.replace("\0", "") if "\0" in text else text
