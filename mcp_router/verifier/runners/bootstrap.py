# Runs pytest as `python -m pytest` does, but imports it before the tree's folder is on sys.path, so that no
# pytest.py of the tree can stand in for it. Arguments: the repository's path, the path of the tree to be judged,
# then pytest's own. Where the two differ, an editable install would lead to the wrong one: its entries are moved.
import sys

del sys.path[0]

import importlib  # noqa: E402
import os  # noqa: E402

import _pytest.config  # noqa: E402
import pytest  # noqa: E402

for plugin in getattr(_pytest.config, "default_plugins", ()):
    importlib.import_module("_pytest." + plugin)

lived, judged = sys.argv[1], sys.argv[2]


def moved(path: str) -> str:
    inside = path == lived or path.startswith(lived + os.sep)
    return judged + path[len(lived) :] if inside and "site-packages" not in path else path


if lived != judged:
    sys.path[:] = [moved(path) for path in sys.path]
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None)
        if name.startswith("__editable__") and isinstance(mapping, dict):
            mapping.update({package: moved(path) for package, path in mapping.items()})

sys.path.insert(0, os.getcwd())  # noqa: PTH109
sys.argv = [pytest.__file__, *sys.argv[3:]]
raise SystemExit(pytest.console_main())
