"""What our programs do first inside the process of the checks: keep the tree's modules out, and take the channel.

The text of this file and of one of its two siblings is given to the project's interpreter with `-c`. It may be an old
one (3.7) and knows nothing of us, so there is nothing newer here. Nothing that the code under test could use stays in
a global variable.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CHANNEL = 3
HIGHER = 500
"""Descriptors from here on are not where code that writes, or closes, what it did not open looks first."""


def take_tree_off_path(root: str) -> "list[str]":
    """Leave only installed packages on sys.path, so that nothing in the tree stands in for what we import.

    Returns what was there, without the working folder.
    """
    before = sys.path[1:]
    system = sys.modules["os"]
    library = system.path.dirname(system.__file__ or "")
    sys.path[:] = [
        path
        for path in before
        if not (path + system.sep).startswith(root + system.sep) or "site-packages" in path or path.startswith(library)
    ]
    return before


def put_tree_on_path(before: "list[str]", lived: str, judged: str) -> None:
    """Make sys.path what `python -m` makes it, for the tree that is judged.

    Where that does not lie at the repository's own path, an editable install would lead to the user's unpatched
    files: its entries are moved.
    """
    system = sys.modules["os"]

    def moved(path: str) -> str:
        inside = (path + system.sep).startswith(lived + system.sep)
        return judged + path[len(lived) :] if inside and "site-packages" not in path else path

    sys.path[:] = [system.getcwd(), *(moved(path) for path in before)]
    if lived == judged:
        return
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None)
        if name.startswith("__editable__") and isinstance(mapping, dict):
            mapping.update({package: moved(path) for package, path in mapping.items()})


def open_channel() -> "Callable[[dict[str, object]], None]":
    """The function that sends one record as a line; with an exit status under "end" it is the last.

    The first line is a key that is known nowhere else, and each line bears a digest over it and its own number: what
    others write to the pipe is told apart.
    """
    import fcntl
    import hashlib
    import json
    import os

    place = fcntl.fcntl(CHANNEL, fcntl.F_DUPFD_CLOEXEC, HIGHER + ord(os.urandom(1)))
    os.close(CHANNEL)
    write, close, getpid, dumps, sha256 = os.write, os.close, os.getpid, json.dumps, hashlib.sha256
    key, process, sent = os.urandom(16).hex(), getpid(), 0

    def send(record: "dict[str, object]") -> None:
        nonlocal sent
        # A fork that comes to its end inside of the runner has nothing to tell.
        if getpid() != process:
            return
        text = dumps(record)
        mark = sha256(f"{key} {sent} {text}".encode()).hexdigest()[:16]
        sent += 1
        _put(f"{mark} {text}\n".encode())
        if "end" in record:
            close(place)

    def _put(left: bytes) -> None:
        try:
            while left:
                left = left[write(place, left) :]
        except OSError:
            # The code under test closed it; that the last line is missing tells.
            return

    _put((key + "\n").encode())
    return send
