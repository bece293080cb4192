"""Instructions for many numbers or bytes at once, where the compiler does not make them of a loop by itself."""
