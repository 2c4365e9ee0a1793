"""What works here, and the exact fix for what does not: one check a function, modules by topic."""
