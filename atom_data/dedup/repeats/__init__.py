"""Lines, paragraphs and substrings that repeat across a corpus."""
