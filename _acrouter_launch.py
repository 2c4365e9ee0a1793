"""Starts the command `acrouter` so that no module of the current folder can stand in for one of ours.

An agent starts the server inside the user's repository, where `tools/` or `mcp_router.py` may exist and
PYTHONPATH may point at them. This module has a name of its own, imports only the standard library, and
starts the interpreter again with `-I`: no current folder, no PYTHON* variables, no user site.
"""

import os
import sys

LOADING = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONPLATLIBDIR", "PYTHONPYCACHEPREFIX")
"""What makes an interpreter load modules from elsewhere."""


def main() -> None:
    """Replace this process by `python -I -m mcp_router` with the same arguments."""
    if sys.argv[1:2] == ["hook"] and len(sys.argv) == 3 and _isolate():
        from mcp_router.hooks.entry import main as hook

        hook(sys.argv[2])
    argv = [sys.executable, "-I", "-m", "mcp_router", *sys.argv[1:]]
    if os.name == "posix":
        os.execv(sys.executable, argv)
    import subprocess

    sys.exit(subprocess.call(argv))


def _isolate() -> bool:
    """Make this interpreter as isolated as `-I` does, where nothing but the folder of the script has to go.

    A hook has no time to start twice.
    """
    if any(name in os.environ for name in LOADING):
        return False
    sys.dont_write_bytecode = False
    scripts = os.path.dirname(os.path.abspath(sys.argv[0]))
    sys.path[:] = [path for path in sys.path if path and os.path.abspath(path) != scripts]
    return True
