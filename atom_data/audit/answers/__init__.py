"""What `why` and `trace` know of one document: where it is or was, what was decided about it, and by which numbers."""
