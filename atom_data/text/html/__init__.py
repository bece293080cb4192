"""Pages of HTML: bytes to elements and blocks of text in one pass, and text out of blocks."""
