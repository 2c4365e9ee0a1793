"""What a shell command did, as far as its words tell: which files it may have changed, and which tests it ran."""

from __future__ import annotations

import os.path
import re
import shlex
from dataclasses import dataclass

COMMAND_CHARACTERS = 20_000
_HEREDOC = re.compile(r"(?<!<)<<(?!<)-?\s*(['\"]?)(\w+)\1")
_PATCHED = re.compile(r"^\*\*\* (?:Update|Add|Delete) File: (.+?)\s*$", re.MULTILINE)
_WRITES = re.compile(
    r"write_text|write_bytes|writeFile|open\([^)]*['\"][wax]|\.write\(|os\.(?:remove|unlink|rename|replace)|\.unlink\(|"
    r"shutil\.|rmtree|unlinkSync|rmSync"
)
_MANY = re.compile(r"glob\(|walk\(|listdir|iterdir|scandir|readdir")
_PATH = re.compile(r"[\w./-]*\w\.[A-Za-z]\w{0,7}\b")
_INTERPRETER = re.compile(r"python[\d.]*|py|bash|sh")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_QUIET = re.compile(r"-[qvxs]+|--?(?:verbose|quiet|no-header|colou?r\S*|tb\S*|silent|nocapture)|-r\w+|--capture\S*")
_UPDATES = ("-u", "--update", "--snapshot-update", "--update-snapshots", "--updateSnapshot", "--force-regen", "-update")
_PREFIXES = {"env", "time", "nice", "sudo", "command", "exec", "xvfb-run", "npx", "bunx", "stdbuf", "nohup"}
_RUNNERS = {"uv", "poetry", "pipenv", "hatch", "pdm", "rye", "pnpm", "yarn", "bundle", "conda", "mise"}
_TESTS = {"pytest", "py.test", "nose2", "unittest", "tox", "nox", "jest", "vitest", "mocha", "ava", "ctest", "rspec"}
_TESTS |= {"phpunit", "nextest", "trial"}
_BUILDERS = {"npm", "pnpm", "yarn", "bun", "deno", "cargo", "go", "make", "just", "task", "mvn", "gradle", "gradlew"}
_BUILDERS |= {"dotnet", "swift", "mix", "rake", "manage.py", "zig", "bazel", "mvnw", "composer", "sbt", "lein"}
_TARGET = re.compile(r"(?:[\w:-]*:)?(?:run[:-]?)?(?:tests?|check|verify|nextest)(?:[:_-][\w-]+)*")
_NO_TARGETS = {"install", "add", "i", "get", "mod", "remove", "uninstall", "update", "upgrade", "audit"}
"""Of builders: after these the name of a package follows."""
_OF_THE_ENVIRONMENT = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "CI"}
_OF_THE_ENVIRONMENT |= {"NO_COLOR", "FORCE_COLOR", "TERM"}
"""Variables that do not make it another run of tests."""
_RUN_BY_NAME = re.compile(r"\.(?:py|js|mjs|ts|rb)$")
_KEYWORDS = {"do", "then", "else", "elif", "if", "while", "until", "!", "{", "}", "done", "fi", "esac"}
_READS = frozenset(
    re.findall(
        r"\S+",
        """. : [ ack ag alias apply_patch awk basename bg black break cargo case cat cd chmod clang clear cmp
        column comm composer continue cut date declare deno df diff dir dirname docker dotnet du echo egrep
        eslint exit export expr false fd fg fgrep file find flake8 for function gcc gem gh go gofmt gradle
        gradlew grep head help hexdump hostname id isort java javac jobs jq just kill less let ll local ls make
        man md5sum mix mkdir more mvn mvnw mypy nl node npm od pip pip3 pnpm popd prettier printenv printf
        ps pushd pwd pyright python python3 rake read readlink realpath return rg ruby ruff rustc rustfmt sed
        seq set sha256sum shift sleep sort source stat strings swift tail tee test top touch tr tree true
        tsc type ulimit umask uname uniq unset uv wait wc which whoami xxd yarn yes zig""",
    )
)
"""Programs that leave files as they are, or are taken to where their words do not say otherwise: a run of some script,
a build, a formatter. What is not among them may have changed anything."""
_TAKES = (["-C"], ["-c"])
"""Options of git that a value follows."""
_GIT_READS = frozenset(
    re.findall(
        r"\S+",
        """add blame branch cat-file commit config describe diff fetch grep init log ls-files ls-tree push reflog
        remote rev-list rev-parse shortlog show show-ref status tag version""",
    )
)
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
    ('/r/shop/cart.py',)
    """
    text = command[:COMMAND_CHARACTERS]
    try:
        segments = _segments(_without_heredocs(text))
    except ValueError:
        return Shell(edits=(None,))
    edits, tests, folder = [path and _joined(cwd, path) for path in _written_by_scripts(text)], [], cwd
    for one in segments:
        words, variables = _bare(one.words)
        if words[:1] in (["cd"], ["pushd"]) and len(words) > 1:
            folder = _joined(folder, os.path.expanduser(words[1]))  # noqa: PTH111
            continue
        test = _test(words, variables)
        if test is not None:
            tests.append((folder, test))
            edits += [None] if set(words) & set(_UPDATES) or any("UPDATE" in name for name in variables) else []
        elif not (tests and words[:1] == ["tee"]):
            edits += [path and _joined(folder, path) for path in _edits(words, one.writes, folder)]
        if ")" in one.end:
            folder = cwd
    steps = [one for one in segments if one.words[:1] not in (["cd"], ["pushd"])]
    plain = len(steps) == 1 and not steps[0].end and all(one.end in ("&&", "") for one in segments)
    return Shell(tuple(dict.fromkeys(edits)), tuple(tests), plain)


def _joined(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path))  # noqa: PTH118


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


def _bare(words: list[str]) -> tuple[list[str], list[str]]:
    """Words without assignments and programs that only start another one; and the assignments."""
    words, variables = list(words), list[str]()
    while words:
        name = words[0].rpartition("/")[2]
        if _ASSIGNED.match(words[0]):
            variables.append(words[0])
            words = words[1:]
        elif name in _PREFIXES or name in _KEYWORDS:
            words = words[1:]
        elif name == "timeout":
            words = words[1:]
            while words and words[0].startswith("-"):
                words = words[2:] if words[0] in ("-s", "-k", "--signal", "--kill-after") else words[1:]
            words = words[1:]
        elif name in _RUNNERS and words[1:2] and words[1] in ("run", "exec"):
            words = _after_options(words[2:])
        elif _INTERPRETER.fullmatch(name) and words[1:2] == ["-m"]:
            words = words[2:]
        elif _INTERPRETER.fullmatch(name) and words[1:] and not words[1].startswith("-"):
            words = words[1:]
        else:
            break
    return words, variables


def _after_options(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in ("--with", "--group", "--extra", "-p", "--python") else words[1:]
    return words


def _test(words: list[str], variables: list[str]) -> str | None:
    """The run of tests that a simple command is, in its plainest form."""
    if not words:
        return None
    name, rest = words[0].rpartition("/")[2], words[1:]
    is_test = (
        name in _TESTS
        or (name in _BUILDERS and _is_target(name, rest))
        or (name == "node" and "--test" in rest)
        or (_SCRIPT.search(words[0]) is not None and name not in ("test", "["))
    )
    if not is_test:
        return None
    kept = [word for word in rest if not _QUIET.fullmatch(word)]
    given = [one for one in variables if one.partition("=")[0] not in _OF_THE_ENVIRONMENT]
    return " ".join([*given, words[0].removeprefix("./") if _SCRIPT.search(words[0]) else name, *kept])


def _is_target(name: str, rest: list[str]) -> bool:
    """Whether a builder is told to test; `cargo check` only compiles."""
    named = [word for word in rest if not word.startswith("-")][:3]
    if not named or named[0] in _NO_TARGETS or (name == "cargo" and named[0] == "check"):
        return False
    return any(_TARGET.fullmatch(word) for word in named)


def _edits(words: list[str], writes: list[str], folder: str) -> list[str | None]:
    found: list[str | None] = list(writes)
    name, rest = (words[0].rpartition("/")[2], words[1:]) if words else ("", [])
    paths = [word for word in rest if not word.startswith("-")]
    if name in ("bash", "sh") and "-c" in rest[:-1]:
        found += read_shell(rest[rest.index("-c") + 1], folder).edits
    elif name in ("rm", "mv", "cp", "tee", "touch", "truncate", "ln", "unlink"):
        found += [None if "$" in path else path for path in paths]
    elif "inplace" in rest:
        found.append(None)
    elif name in ("sed", "perl", "ruby") and any(re.match(r"-\w*i|--in-place", word) for word in rest):
        named = [path for path in paths if _PATH.fullmatch(path) or "*" in path]
        found += [None] if not named or any("$" in path for path in paths[1:]) else named
    elif name == "xargs":
        found += _edits(_after_options(rest), [], folder)
    elif name == "find" and any(word in ("-delete", "-exec", "-execdir", "-ok") for word in rest):
        run = rest[rest.index("-exec") + 1 :] if "-exec" in rest else ["-delete"]
        found += [None] if _edits(run, [], folder) or run == ["-delete"] else []
    elif name == "git":
        found += _edits_of_git(rest)
    elif name and name not in _READS and not _INTERPRETER.fullmatch(name) and not _RUN_BY_NAME.search(words[0]):
        found.append(None)
    return found


def _edits_of_git(rest: list[str]) -> list[str | None]:
    told = next((word for n, word in enumerate(rest) if not word.startswith("-") and rest[n - 1 : n] not in _TAKES), "")
    if told in ("rm", "mv"):
        return [word for word in rest[rest.index(told) + 1 :] if not word.startswith("-")]
    return [] if told in _GIT_READS or not told else [None]


def _written_by_scripts(text: str) -> list[str | None]:
    """What a patch, or a script in the command itself, changes."""
    patched: list[str | None] = list(_PATCHED.findall(text))
    if patched or not _WRITES.search(text):
        return patched
    found: list[str | None] = list(dict.fromkeys(_PATH.findall(text)))
    return [*found, None] if _MANY.search(text) or not found else found
