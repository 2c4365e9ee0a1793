"""What the repository's own linters and type checkers say of a patch, as a part of its score.

`tools.py` finds those that the repository configures and says how to run them, `answers.py` reads what they print,
`suppressions.py` counts the comments that silence them, and `score.py` compares base and patch.
"""

from mcp_router.verifier.diagnostics.answers import read
from mcp_router.verifier.diagnostics.finding import Checker, Finding
from mcp_router.verifier.diagnostics.score import diagnose, new_findings, part
from mcp_router.verifier.diagnostics.tools import command, find_checkers

__all__ = ["Checker", "Finding", "command", "diagnose", "find_checkers", "new_findings", "part", "read"]
