"""Turns the sessions that coding agents left on this machine into records of the memory.

One file a client reads what it wrote; `shell` and `summaries` tell what a command did; `verdict` says what that
amounts to; `records` and `run` write it down. Files of the clients are only ever read.
"""
