"""ACRouter: Context -> Action -> Feedback -> Context, as an MCP server for coding agents."""


def version() -> str:
    """The version of the installed distribution."""
    from importlib.metadata import version as installed

    return installed("acrouter")
