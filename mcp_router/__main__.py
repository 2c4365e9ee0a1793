"""`python -I -m mcp_router`: the command line, and what hooks start without it because it takes too long."""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["hook"] and len(sys.argv) == 3:
        from mcp_router.hooks.entry import main as hook

        hook(sys.argv[2])
    if sys.argv[1:] == ["hook-worker"]:
        from mcp_router.hooks.first import main as worker

        worker()
    else:
        from mcp_router.cli import main

        main()
