"""What was decided, tried and found out: an append-only journal and what is derived from it."""
