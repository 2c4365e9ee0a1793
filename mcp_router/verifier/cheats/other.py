"""Scans source of other languages by patterns, comments aside: exits, runner detection, equality that lies, strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcp_router.verifier.cheats.signs import Sign
from mcp_router.verifier.cheats.words import told_by

COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
HASH_COMMENT = re.compile(r"(?m)(^|\s)#(?![!\[{])[^\n]*")
STRING = re.compile(r"\"((?:\\.|[^\"\\\n])*)\"|'((?:\\.|[^'\\\n])*)'")
HASHED = {"sh", "bash", "zsh", "rb", "pl", "mk", "yml", "yaml", "toml", "ex", "exs", "r", "jl", "fish"}
COMMAND = re.compile(r"(^|/)(main|cli|bin|cmd)[/.]|(^|/)(bin|cmd|scripts?)/")
DATA = {
    "json",
    "txt",
    "md",
    "rst",
    "csv",
    "tsv",
    "xml",
    "html",
    "css",
    "svg",
    "yml",
    "yaml",
    "toml",
    "ini",
    "cfg",
    "lock",
}
Row = tuple[str, re.Pattern[str], str, str | None]
EXIT = "ends the process outside of a command line"
TRUE = "its equality answers the same whatever it is asked"
ROWS: tuple[Row, ...] = (
    ("rs", re.compile(r"\bprocess::(exit|abort)\b|\bintrinsics::abort\b|\blibc::(_?exit|abort|kill)\b"), EXIT, None),
    (
        "rs",
        re.compile(r"\bcfg!\s*\(\s*(test|debug_assertions)\s*\)|#\[cfg\((not\()?test\)?\)\]\s*(?!mod\b|use\b)"),
        "it does something else under test",
        None,
    ),
    ("rs", re.compile(r"\bpanic::(set_hook|catch_unwind)|\bBacktrace::"), "it watches how tests fail", None),
    ("rs", re.compile(r"fn\s+(eq|ne)\s*\([^)]*\)\s*->\s*bool\s*\{\s*(true|false)\s*\}"), TRUE, None),
    (
        "rs",
        re.compile(r"\benv::(args|current_exe)\b|\bthread::current\(\)\s*\.name"),
        "it looks at the command that runs it",
        "the command line",
    ),
    (
        "rs",
        re.compile(r"macro_rules!\s*(assert|assert_eq|assert_ne|panic)\b"),
        "it replaces what tests assert with",
        None,
    ),
    ("rs", re.compile(r"\bTc(p|pListener)Stream\b|\bTcpStream\b|\bUdpSocket\b"), "opens a connection", "network"),
    ("go", re.compile(r"\b(os|syscall)\.(Exit|Kill)\b|\bruntime\.Goexit\b"), EXIT, None),
    (
        "go",
        re.compile(r"\btesting\.(Testing|Short|Verbose|CoverMode)\b|\"testing\"|flag\.Lookup\(\"test\.|\.test\"\)"),
        "it looks for the test runner",
        None,
    ),
    (
        "go",
        re.compile(r"\bruntime\.(Callers?|CallersFrames|Stack)\b|\bdebug\.(Stack|PrintStack)\b"),
        "it looks at its callers",
        "callers",
    ),
    ("go", re.compile(r"//go:linkname|\bunsafe\.Pointer\b"), "it reaches below the language", "native code"),
    ("java kt scala", re.compile(r"\bSystem\.exit\b|\.halt\s*\(|\bexitProcess\b"), EXIT, None),
    (
        "java kt scala",
        re.compile(r"boolean\s+equals\s*\([^)]*\)\s*\{\s*return\s+true;|fun\s+equals\([^)]*\)[^={]*=\s*true"),
        TRUE,
        None,
    ),
    (
        "java kt scala",
        re.compile(r"\bgetStackTrace\b|\bStackWalker\b|\borg\.junit\b"),
        "it looks at its callers",
        "callers",
    ),
    ("rb", re.compile(r"\bexit!?\b|\babort\b|\bProcess\.(exit|kill)\b"), EXIT, None),
    (
        "rb",
        re.compile(r"\bat_exit\b|\bMinitest\b|\bRSpec\b|\bTracePoint\b|\bcaller(_locations)?\b"),
        "it looks for the test runner",
        "callers",
    ),
    ("rb", re.compile(r"def\s+(==|!=|eql\?|===)\s*\(?\w*\)?\s*;?\s*(true|false)\s*;?\s*end"), TRUE, None),
    (
        "php",
        re.compile(r"\b(exit|die)\s*[(;]|\bdebug_backtrace\b|\bPHPUnit\b|\bregister_shutdown_function\b"),
        EXIT,
        None,
    ),
    (
        "c cc cpp cxx h hpp",
        re.compile(r"\b(_?_?[eE]xit|abort|quick_exit)\s*\(|\batexit\s*\(|\bptrace\s*\("),
        EXIT,
        "the end of the process",
    ),
    (
        "c cc cpp cxx h hpp",
        re.compile(r"#\s*define\s+(assert|EXPECT_\w+|ASSERT_\w+|main)\b|operator==\s*\([^)]*\)[^{]*\{\s*return\s+true"),
        TRUE,
        None,
    ),
    (
        "sh bash zsh",
        re.compile(r"\b(nohup|setsid|disown|crontab|chattr)\b"),
        "it starts what lives on in the background",
        "processes",
    ),
    ("sh bash zsh", re.compile(r"/dev/(tcp|udp)/|\b(curl|wget|nc|ncat)\s"), "opens a connection", "network"),
    ("sh bash zsh", re.compile(r":\(\)\s*\{"), "it starts processes without end", None),
)


def scan(path: str, text: str, task: str | None) -> Iterator[Sign]:
    """Everything that is found in a file, one sign each."""
    suffix = (
        path.rpartition(".")[2].lower() if "." in path.rpartition("/")[2] else "sh" if text.startswith("#!") else ""
    )
    if suffix in DATA:
        return
    bare = (HASH_COMMENT if suffix in HASHED else COMMENT).sub(lambda match: "\n" * match[0].count("\n"), text)
    for suffixes, pattern, what, topic in ROWS:
        if suffix in suffixes.split() and not (what == EXIT and COMMAND.search(path)):
            for match in pattern.finditer(bare):
                yield Sign(
                    1 + bare.count("\n", 0, match.start()),
                    f"{match[0].strip()[:30]} {what}" if what == EXIT else what,
                    topic,
                )
    for match in STRING.finditer(bare):
        line = 1 + bare.count("\n", 0, match.start())
        yield from (Sign(line, what, topic) for what, topic in told_by(match[1] or match[2] or "", task))
