"""`python -I -m mcp_router`: the command line."""

from mcp_router.cli import main

if __name__ == "__main__":
    main()
