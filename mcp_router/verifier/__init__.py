"""Grounds a result in execution: a patch is judged by the repository's own checks, before and after, side by side.

`verifier.py` is the whole procedure on one page; the other modules are its steps.
"""
