"""Restricts itself by Landlock and becomes the command. Arguments: rules as JSON, then the command.

Run by path with `python -I -S`, so that it starts quickly and imports nothing of ours. Constants are those of
linux/landlock.h; rights that this kernel does not know are left out.
"""

import ctypes
import json
import os
import stat
import struct
import sys

CREATE, ADD, RESTRICT = 444, 445, 446
NO_NEW_PRIVS = 38
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL = 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL
TCP = 3
SCOPES = 3


def main() -> None:
    """Take the rights away and start the command."""
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(CREATE, None, 0, 1)
    rules = json.loads(sys.argv[1])
    everything = (1 << 13) - 1
    everything |= 1 << 13 if version >= 2 else 0
    everything |= TRUNCATE if version >= 3 else 0
    everything |= IOCTL if version >= 5 else 0
    network = 0 if rules["network"] or version < 4 else TCP
    attributes = struct.pack("QQQ", everything, network, SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _checked(library.syscall(CREATE, attributes, ctypes.c_size_t(size), 0))
    for name, rights in (("read", EXECUTE | READ_FILE | READ_DIR), ("write", everything)):
        for path in rules[name]:
            _allow(library, ruleset, path, rights & everything)
    _checked(library.prctl(NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(library.syscall(RESTRICT, ruleset, 0))
    os.close(ruleset)
    os.execvp(sys.argv[2], sys.argv[2:])


def _allow(library: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        rights &= OF_FILES
    _checked(library.syscall(ADD, ruleset, 1, struct.pack("=Qi", rights, place), 0))
    os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        sys.exit("Landlock: " + os.strerror(ctypes.get_errno()))
    return result


if __name__ == "__main__":
    main()
