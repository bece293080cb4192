"""`publish`: the papers of a corpus, and how far they answer a public rubric."""
