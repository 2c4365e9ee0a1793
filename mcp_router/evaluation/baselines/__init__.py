"""Policies to compare with, one a file: the two verbs of an Orchestrator, and nothing that the others are not given."""
