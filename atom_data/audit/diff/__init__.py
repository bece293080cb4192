"""Two corpora, or two runs of one recipe, side by side: which documents are in one and not in the other, and what made them so."""
