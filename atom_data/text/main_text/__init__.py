"""Numbers about the blocks of a page, models over them, and which blocks are its main text."""
