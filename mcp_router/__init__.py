"""ACRouter: Context -> Action -> Feedback -> Context, as an MCP server for coding agents."""
