"""Counts exactly as datatrove 0.10 makes them, with spaCy's English tokenizer."""
