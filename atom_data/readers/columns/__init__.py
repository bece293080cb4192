"""Columns of any type as those of documents: one type for several files, strings for ids and texts."""
