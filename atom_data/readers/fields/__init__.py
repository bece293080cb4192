"""From the fields of a record to the columns of a document: nested names, several joined, chat messages."""
