"""The hub card, Croissant and the citation."""
