"""What a shell command did, as far as its words tell: which files it may have changed, and which tests it ran."""

from __future__ import annotations

import os.path
import re
import shlex
from dataclasses import dataclass

COMMAND_CHARACTERS = 20_000
_HEREDOC = re.compile(r"(?<!<)<<(?!<)-?\s*(['\"]?)(\w+)\1")
_PATCHED = re.compile(r"^\*\*\* (?:Update|Add|Delete) File: (.+?)\s*$", re.MULTILINE)
_WRITES = re.compile(r"write_text|write_bytes|writeFile|open\([^)]*['\"][wax]|\.write\(")
_PATH = re.compile(r"[\w./-]*\w\.[A-Za-z]\w{0,7}\b")
_INTERPRETER = re.compile(r"python[\d.]*|py|bash|sh")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_QUIET = re.compile(r"-[qvxsl]+|--?(?:verbose|quiet|no-header|colou?r\S*|tb\S*|silent|nocapture)|-r\w+|--capture\S*")
_UPDATES = ("-u", "--update", "--snapshot-update", "--update-snapshots", "--updateSnapshot", "--force-regen")
_REWRITES = {"checkout", "restore", "reset", "stash", "revert", "merge", "rebase", "pull", "apply", "cherry-pick", "am"}
_REWRITES |= {"switch", "clean"}
_PREFIXES = {"env", "time", "nice", "sudo", "command", "exec", "xvfb-run", "npx", "bunx", "stdbuf", "nohup"}
_RUNNERS = {"uv", "poetry", "pipenv", "hatch", "pdm", "rye", "pnpm", "yarn", "bundle", "conda", "mise"}
_TESTS = {"pytest", "py.test", "nose2", "unittest", "tox", "nox", "jest", "vitest", "mocha", "ava", "ctest", "rspec"}
_TESTS |= {"phpunit", "nextest", "trial"}
_BUILDERS = {"npm", "pnpm", "yarn", "bun", "deno", "cargo", "go", "make", "just", "task", "mvn", "gradle", "gradlew"}
_BUILDERS |= {"dotnet", "swift", "mix", "rake", "manage.py", "zig", "bazel", "mvnw", "composer", "sbt", "lein"}
_TARGET = re.compile(r"(?:run[:-]?)?(?:tests?|check|verify|nextest)(?:[:_-]\w+)*$|^tests?[:_-]")
_SCRIPT = re.compile(r"(?:^|[/_-])(?:run[_-])?tests?(?:[_-]\w+)?(?:\.(?:sh|py|js|bash))?$|(?:^|/)test_\w+\.py$")


@dataclass(frozen=True, slots=True)
class Shell:
    """`edits` are paths, None among them where files were changed that the words do not name. `tests` are runs of
    tests as (folder, command), the command without what does not change its meaning. plain: the exit code is that of
    the one run of tests.
    """

    edits: tuple[str | None, ...] = ()
    tests: tuple[tuple[str, str], ...] = ()
    plain: bool = False


@dataclass(slots=True)
class _Segment:
    words: list[str]
    writes: list[str]
    end: str = ""


def read_shell(command: str, cwd: str) -> Shell:
    """What a command line did; of one that cannot be taken apart, that it may have changed anything.

    >>> read_shell("cd sub && python -m pytest -q tests/test_a.py 2>&1 | tail -3", "/r").tests
    (('/r/sub', 'pytest tests/test_a.py'),)
    >>> read_shell("sed -i 's/a/b/' shop/cart.py && pytest", "/r").edits
    ('shop/cart.py',)
    """
    text = command[:COMMAND_CHARACTERS]
    try:
        segments = _segments(_without_heredocs(text))
    except ValueError:
        return Shell(edits=(None,))
    edits, tests, folder = list(_written_by_scripts(text)), [], cwd
    for one in segments:
        words = _bare(one.words)
        if words[:1] == ["cd"] and len(words) > 1:
            folder = os.path.normpath(os.path.join(folder, os.path.expanduser(words[1])))  # noqa: PTH118, PTH111
            continue
        test = _test(words)
        if test is not None:
            tests.append((folder, test))
            edits += [None] if set(words) & set(_UPDATES) else []
        elif not (tests and words[:1] == ["tee"]):
            edits += _edits(words, one.writes)
    steps = [one for one in segments if one.words[:1] != ["cd"]]
    plain = len(steps) == 1 and not steps[0].end and all(one.end in ("&&", "") for one in segments)
    return Shell(tuple(dict.fromkeys(edits)), tuple(tests), plain)


def _without_heredocs(text: str) -> str:
    """The lines of a command that are run, without those that are only its input."""
    kept, ends = list[str](), list[str]()
    for line in text.split("\n"):
        if ends:
            ends = ends[1:] if line.strip() == ends[0] else ends
            continue
        ends = [match[2] for match in _HEREDOC.finditer(line)]
        kept.append(_HEREDOC.sub("", line))
    return "\n".join(kept)


def _segments(text: str) -> list[_Segment]:
    """Simple commands with what they write to and what follows them.

    Raises:
        ValueError: a quote is not closed.
    """
    lexer = shlex.shlex(text.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=";<>|&()")
    lexer.whitespace_split, lexer.commenters = True, ""
    segments, current, tokens = [], _Segment([], []), list(lexer)
    skip = False
    for n, token in enumerate(tokens):
        if skip:
            skip = False
        elif set(token) <= set(";|&()") and token not in ("&>",):
            current.end = token
            segments += [current] if current.words or current.writes else []
            current = _Segment([], [])
        elif set(token) <= set("<>&|"):
            skip = True
            target = tokens[n + 1] if n + 1 < len(tokens) else ""
            if ">" in token and token != ">&" and not target.startswith(("/dev/", "&")):
                current.writes.append(target)
            if current.words and current.words[-1] in ("1", "2"):
                current.words.pop()
        else:
            current.words.append(token)
    segments += [current] if current.words or current.writes else []
    if segments and segments[-1].end == ";":
        segments[-1].end = ""
    return segments


def _bare(words: list[str]) -> list[str]:
    """Words without assignments and programs that only start another one."""
    words = list(words)
    while words:
        name = words[0].rpartition("/")[2]
        if _ASSIGNED.match(words[0]) or name in _PREFIXES:
            words = words[1:]
        elif name == "timeout":
            words = [word for word in words[1:] if not word.startswith("-")][1:]
        elif name in _RUNNERS and words[1:2] and words[1] in ("run", "exec"):
            words = _after_options(words[2:])
        elif _INTERPRETER.fullmatch(name) and words[1:2] == ["-m"]:
            words = words[2:]
        elif _INTERPRETER.fullmatch(name) and words[1:] and not words[1].startswith("-"):
            words = words[1:]
        else:
            break
    return words


def _after_options(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in ("--with", "--group", "--extra", "-p", "--python") else words[1:]
    return words


def _test(words: list[str]) -> str | None:
    """The run of tests that a simple command is, in its plainest form."""
    if not words:
        return None
    name, rest = words[0].rpartition("/")[2], words[1:]
    is_test = (
        name in _TESTS
        or (name in _BUILDERS and any(_TARGET.search(word) for word in rest[:3]))
        or (name == "node" and "--test" in rest)
        or (_SCRIPT.search(words[0]) is not None and name not in ("test", "["))
    )
    if not is_test:
        return None
    kept = [word for word in rest if not _QUIET.fullmatch(word)]
    return " ".join([name, *kept])


def _edits(words: list[str], writes: list[str]) -> list[str | None]:
    found: list[str | None] = list(writes)
    name, rest = (words[0].rpartition("/")[2], words[1:]) if words else ("", [])
    paths = [word for word in rest if not word.startswith("-")]
    if name in ("rm", "mv", "cp", "tee", "touch", "truncate", "ln"):
        found += paths
    elif name in ("sed", "perl") and any(re.match(r"-\w*i|--in-place", word) for word in rest):
        found += [path for path in paths if _PATH.fullmatch(path)] or [None]
    elif (name == "git" and any(word in _REWRITES for word in rest[:3])) or name == "patch":
        found.append(None)
    return found


def _written_by_scripts(text: str) -> list[str | None]:
    """What a patch, or a script in the command itself, changes."""
    patched: list[str | None] = list(_PATCHED.findall(text))
    if patched or not _WRITES.search(text):
        return patched
    return list(dict.fromkeys(_PATH.findall(text))) or [None]
