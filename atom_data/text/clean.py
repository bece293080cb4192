"""Text that every tool can store."""


def clean(text: str) -> str:
    """Return the text without NUL; halves of surrogate pairs, which no other tool would take, become U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
