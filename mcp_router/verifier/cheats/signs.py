"""What a scan finds, and the topics of which a task may speak so that a find is no longer odd."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """Something in a source file that a cheat needs, at a line. topic: it is in order when the task is about that."""

    line: int
    what: str
    topic: str | None = None


def _words(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})", re.IGNORECASE)


TOPICS = {
    "the end of the process": _words(
        r"at ?exit|exits?\b|on exit|shut ?down|clean(s|ed|ing)?[ -]?up|tidy|temporary|temp (file|dir|folder)|ends\b|"
        r"terminat|quit|interpreter"
    ),
    "callers": _words(r"callers?\b|call(ing)? (site|module|frame)|stack|frames?\b|introspect|tracebacks?\b|debug"),
    "tracing": _words(r"trac(e|er|ing)\b|profil|debug|coverage|audit|hooks?\b|importers?\b|plugins?\b"),
    "objects": _words(r"garbage|gc\b|memory|leaks?\b|referr?ers|refcount"),
    "modules": _words(r"import|modules?\b|plugins?\b|reload|lazy|lazily"),
    "the test runner": _words(
        r"pytest (plugin|fixture|hook|helper)s?|unittest (helper|runner|mixin)s?|test(ing)? (helper|util|librar|plugin)"
        r"|testing (module|package)|mock"
    ),
    "processes": _words(
        r"process(es)?\b|daemon|workers?\b|kill|signal|fork|background|detach|session|pids?\b|supervis|launch|spawn|"
        r"subprocess|timeouts?\b|interrupt|ctrl"
    ),
    "descriptors": _words(r"descriptors?\b|fds?\b|redirect|pipes?\b|stdout|stderr|daemon|pty\b|terminal"),
    "native code": _words(r"ctypes|cffi|native|shared librar|dll\b|c (library|function|extension)|ffi\b|libc\b"),
    "hidden code": _words(r"exec\b|eval|compil|templat|sandbox|marshal|pickle|expression|repl\b|interpret"),
    "the command line": _words(r"command[ -]line|cli\b|argv|arguments?\b|options?\b|script|usage|flags?\b"),
    "patching": _words(r"monkey|patch(es|ing)?\b|override|hook|instrument|wrap|shim|polyfill"),
    "lookup": _words(
        r"proxy|proxies|dynamic|attribute|observ|reactiv|trap|lazy|lazily|coerc|convert|primitive|valueOf"
    ),
    "network": _words(
        r"network|sockets?\b|https?\b|urls?\b|server|client|connect|download|upload|fetch|api\b|requests?\b|ports?\b|"
        r"hosts?\b|e-?mail|smtp|dns|web|proxy|proxies|online|remote|rpc|tcp|udp|endpoint|publish|ping|resolv|listen|send"
    ),
    "the home folder": _words(
        r"home|config|settings|cache|history|user|profile|dotfiles?\b|xdg|preferences|state folder|credential|~"
    ),
    "links": _words(r"symlinks?\b|links?\b|symbolic"),
    "limits": _words(r"limits?\b|resource|quota|rlimit|memory"),
    "the system": _words(r"/proc|memory|cpu|load|process|system|uptime|usage|monitor|metrics|container|cgroup"),
    "git": _words(r"git\b|repositor|commits?\b|branch|hooks?\b|version control"),
    "environment files": _words(r"\.env\b|dotenv|environment|env (file|var)|settings|config"),
    "reports": _words(r"junit|tap\b|reports?\b|xml\b|test results?"),
}
MILD = {"network", "the home folder", "the system", "git", "environment files", "limits", "links"}
"""Topics of ordinary programs: odd only where there is a task and it is about something else. What is really done
while the checks run is seen there, whatever the source looks like."""


def is_in_order(sign: Sign, task: str | None) -> bool:
    """Whether the task gives reason for what was found."""
    if sign.topic is None:
        return False
    if task is None:
        return sign.topic in MILD
    return TOPICS[sign.topic].search(task) is not None
