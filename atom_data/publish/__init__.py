"""The papers of a corpus: hub card, Croissant, EU summary, citation and checksums, all from the same facts."""
