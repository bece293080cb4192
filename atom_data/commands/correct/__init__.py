"""Commands that take something out of a corpus, and look whether it is gone."""
