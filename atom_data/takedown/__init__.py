"""What takes documents out of a finished folder: who asked for what, which files hold it, and those files without it."""
