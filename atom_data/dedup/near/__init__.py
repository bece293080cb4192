"""Fuzzy duplicates: MinHash proposes, the text itself confirms."""
