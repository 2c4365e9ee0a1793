"""Starts the command `acrouter` so that no module of the current folder can stand in for one of ours.

An agent starts the server inside the user's repository, where `tools/` or `mcp_router.py` may exist and
PYTHONPATH may point at them. This module has a name of its own, imports only the standard library, and
starts the interpreter again with `-I`: no current folder, no PYTHON* variables, no user site.
"""

import os
import sys


def main() -> None:
    """Replace this process by `python -I -m mcp_router` with the same arguments."""
    argv = [sys.executable, "-I", "-m", "mcp_router", *sys.argv[1:]]
    if os.name == "posix":
        os.execv(sys.executable, argv)
    import subprocess

    sys.exit(subprocess.call(argv))
