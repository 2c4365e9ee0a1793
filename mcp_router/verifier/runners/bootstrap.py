"""Runs pytest as `python -m pytest` does, but imports it before the tree's folder is on sys.path.

So no pytest.py of the tree can stand in for it. The text of this file is given to the project's interpreter with
`-c`; it may be an old one and knows nothing of us. Arguments: the repository's path, the path of the tree that is
judged, then pytest's own. Where the two differ, an editable install would lead to the user's unpatched files: its
entries are moved.
"""

import sys


def main() -> int:
    """Run pytest on the arguments; returns its exit code."""
    del sys.path[0]

    import importlib
    import os

    import _pytest.config
    import pytest

    for plugin in getattr(_pytest.config, "default_plugins", ()):
        importlib.import_module("_pytest." + plugin)
    lived, judged = sys.argv[1], sys.argv[2]
    if lived != judged:
        _move_editable_installs(lived, judged, os.sep)
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    sys.argv = [pytest.__file__, *sys.argv[3:]]
    return int(pytest.main())


def _move_editable_installs(lived: str, judged: str, sep: str) -> None:
    def moved(path: str) -> str:
        inside = path == lived or path.startswith(lived + sep)
        return judged + path[len(lived) :] if inside and "site-packages" not in path else path

    sys.path[:] = [moved(path) for path in sys.path]
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None)
        if name.startswith("__editable__") and isinstance(mapping, dict):
            mapping.update({package: moved(path) for package, path in mapping.items()})


if __name__ == "__main__":
    sys.exit(main())
