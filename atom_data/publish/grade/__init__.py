"""A public rubric of such summaries, and how far this corpus answers it: a self-assessment."""
