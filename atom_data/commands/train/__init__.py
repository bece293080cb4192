"""Commands that train a model: a classifier, an extractor, a tokenizer."""
