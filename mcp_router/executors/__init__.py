"""Who does the work of a candidate, one a file."""
