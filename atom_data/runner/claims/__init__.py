"""One run in a folder at a time, without locks: claims that processes write and check."""
