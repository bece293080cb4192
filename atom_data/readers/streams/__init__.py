"""From a file to its bytes: a window that reads forward once, and decompression."""
