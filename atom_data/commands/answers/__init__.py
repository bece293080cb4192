"""Commands that answer for a corpus: why a document is here, what differs, the root, and making it again."""
