"""How good a comparison is: truth, recall and precision on given documents, the S-curve drawn."""
