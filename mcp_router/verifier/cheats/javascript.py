"""Scans JavaScript and TypeScript source for what only code that wants to be judged well or to reach out does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mcp_router.verifier.cheats.exits import COMMAND_LINE
from mcp_router.verifier.cheats.javascript_names import ENDS, FOREIGN, GLOBALS, MODULES, ROWS
from mcp_router.verifier.cheats.signs import Sign
from mcp_router.verifier.cheats.tokens import Token, tokens_of
from mcp_router.verifier.cheats.words import told_by

COMMAND_FILE = re.compile(r"(^|/)(cli|main|bin|index\.cli)\.[cm]?[jt]s$")
SETTERS = {"Object.defineProperty", "Object.defineProperties", "Object.assign", "Reflect.set", "Object.setPrototypeOf"}
CONVERSIONS = {"valueOf", "toString", "toJSON", "Symbol.toPrimitive", "Symbol.hasInstance"}
STRINGS_OF_STACKS = {"split", "includes", "match", "indexOf", "search", "replace"}
LISTENERS = {f"process.{name}" for name in ("on", "once", "addListener", "prependListener", "prependOnceListener")}
AT_END = {"exit", "beforeExit", "uncaughtException", "unhandledRejection", "uncaughtExceptionMonitor"}
ON_DESCRIPTORS = {f"fs.{name}" for name in ("writeSync", "write", "closeSync", "close", "ftruncateSync", "writev")}
DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Chain:
    """a.b["c"] with its full name; at and end are the places of its tokens."""

    name: str
    at: int
    end: int


def scan(path: str, text: str, task: str | None, depth: int = 0) -> Iterator[Sign]:
    """Everything that is found in a file, one sign each."""
    tokens = tokens_of(text)
    command = bool(COMMAND_FILE.search(path) or COMMAND_LINE.search(path)) or text.startswith("#!")
    aliases = _aliases(tokens)
    for token in tokens:
        if token.kind == "string":
            yield from (Sign(token.line, what, topic) for what, topic in told_by(token.text, task))
            if token.text.startswith("data:text/javascript"):
                yield Sign(token.line, "it runs code from a string")
    at = 0
    while at < len(tokens):
        chain = _chain(tokens, at, aliases)
        if chain:
            yield from _judge(chain, tokens, command, task)
            yield from _code(path, chain, tokens, task, depth)
        yield from _shapes(tokens, at)
        at += 1


def _aliases(tokens: list[Token]) -> dict[str, str]:
    """What names stand for: imports, and what is taken from a module or from process."""
    aliases: dict[str, str] = {}
    for _ in range(2):
        for at, token in enumerate(tokens):
            if token.text in ("const", "let", "var") or (
                token.text in ("{", ",", "(", ";") and token.kind == "punctuation"
            ):
                _declared(tokens, at + 1, aliases)
            elif token.text == "import" and token.kind == "name":
                _imported(tokens, at + 1, aliases)
    return aliases


def _declared(tokens: list[Token], at: int, aliases: dict[str, str]) -> None:
    """`NAME = chain` and `{ a, b: c } = chain`."""
    if at + 2 >= len(tokens):
        return
    if tokens[at].kind == "name" and tokens[at + 1].text == "=":
        value = _chain(tokens, at + 2, aliases)
        if value and value.name != tokens[at].text and (value.end >= len(tokens) or tokens[value.end].text != "("):
            aliases.setdefault(tokens[at].text, value.name)
        if [token.text for token in tokens[at + 2 : at + 4]] == ["new", "Error"]:
            aliases.setdefault(tokens[at].text, "Error()")
    if tokens[at].text == "{":
        names, end = _pattern(tokens, at)
        if end + 1 < len(tokens) and tokens[end].text == "=" and (value := _chain(tokens, end + 1, aliases)):
            for member, name in names:
                aliases.setdefault(name, f"{value.name}.{member}")


def _imported(tokens: list[Token], at: int, aliases: dict[str, str]) -> None:
    """The forms of the import statement."""
    names: list[tuple[str, str]] = []
    while at < len(tokens) and tokens[at].text != "from" and tokens[at].kind != "string":
        if tokens[at].text == "{":
            found, at = _pattern(tokens, at)
            names += found
            continue
        if tokens[at].text == ";" or tokens[at].text == "(":
            return
        if tokens[at].kind == "name" and tokens[at].text not in ("as", "type"):
            names.append(("", tokens[at].text))
        at += 1
    if at + 1 < len(tokens) and tokens[at].text == "from" and tokens[at + 1].kind == "string":
        module = _module(tokens[at + 1].text)
        for member, name in names:
            aliases[name] = f"{module}.{member}" if member and member != "default" else module


def _pattern(tokens: list[Token], at: int) -> tuple[list[tuple[str, str]], int]:
    """The members and names of `{ a, b: c, d as e }`, and the place after it."""
    names: list[tuple[str, str]] = []
    at += 1
    while at < len(tokens) and tokens[at].text != "}":
        if tokens[at].text in ("{", ";", "("):
            return [], at
        if tokens[at].kind in ("name", "string"):
            member = name = tokens[at].text
            if at + 2 < len(tokens) and tokens[at + 1].text in (":", "as") and tokens[at + 2].kind == "name":
                name, at = tokens[at + 2].text, at + 2
            names.append((member, name))
        at += 1
    return names, at + 1


def _module(name: str) -> str:
    return name.removeprefix("node:")


def _chain(tokens: list[Token], at: int, aliases: dict[str, str]) -> Chain | None:
    """The chain that starts at a token, if one does and is not the middle of another."""
    if at >= len(tokens) or tokens[at].kind != "name" or (at and tokens[at - 1].text in (".", "?.")):
        return None
    start, name = at, aliases.get(tokens[at].text, tokens[at].text)
    at += 1
    while at + 1 < len(tokens):
        one, two = tokens[at], tokens[at + 1]
        if one.text in (".", "?.") and two.kind == "name":
            name, at = f"{name}.{two.text}", at + 2
        elif one.text in (".", "?.") and two.text == "[":
            at += 1
        elif one.text == "[" and two.kind == "string" and at + 2 < len(tokens) and tokens[at + 2].text == "]":
            name, at = f"{name}.{two.text}", at + 3
        elif one.text == "(" and (taken := _taken(name, tokens, at, aliases)):
            name, at = taken
        else:
            break
    parts = name.split(".")
    while len(parts) > 1 and parts[0] in ("globalThis", "global", "window", "self"):
        parts = parts[1:]
    return Chain(".".join(parts), start, at)


def _taken(name: str, tokens: list[Token], at: int, aliases: dict[str, str]) -> tuple[str, int] | None:
    """What a call gives that is known: a module, a member got by Reflect, a bound function, a new error."""
    texts = [token.text for token in tokens[at : at + 3]]
    loads = name == "import" or name.endswith(("require", "getBuiltinModule"))
    if loads and len(texts) == 3 and tokens[at + 1].kind == "string" and texts[2] == ")":
        return _module(texts[1]), at + 3
    if name == "Reflect.get" and (inner := _chain(tokens, at + 1, aliases)):
        rest = tokens[inner.end : inner.end + 3]
        if len(rest) == 3 and rest[0].text == "," and rest[1].kind == "string":
            return f"{inner.name}.{rest[1].text}", inner.end + 3
    if name == "Error" and len(texts) > 1:
        end = next((n for n in range(at, min(at + 6, len(tokens))) if tokens[n].text == ")"), None)
        return ("Error()", end + 1) if end is not None else None
    return None


def _judge(chain: Chain, tokens: list[Token], command: bool, task: str | None) -> Iterator[Sign]:
    name, line = chain.name, tokens[chain.at].line
    after = tokens[chain.end].text if chain.end < len(tokens) else ""
    before = tokens[chain.at - 1].text if chain.at else ""
    literal = tokens[chain.at].text
    for pattern, what, topic in ROWS:
        if pattern.search(name):
            yield Sign(line, f"{name} {what}", topic)
    if name in ENDS and not command:
        topic = "the command line" if name == "process.exitCode" else None
        yield Sign(line, f"{name} ends the process outside of a command line", topic)
    if re.match(r"^process\.argv\b", name) and not command:
        yield Sign(line, "process.argv looks at the command that runs it", "the command line")
    if name.startswith("process.env."):
        yield from (Sign(line, what, topic) for what, topic in told_by(name.split(".")[2], task))
    if name in MODULES and name != literal:
        what, topic = MODULES[name]
        yield Sign(line, f"{name} {what}", topic)
    if name.partition(".")[0] in GLOBALS and (
        before == "typeof"
        or literal in ("globalThis", "global")
        or (name.partition(".")[0] in ("jest", "vi", "mocha") and "." in name)
    ):
        yield Sign(line, "it looks for the test runner")
    if after == "=" and FOREIGN.match(name) and chain.end - chain.at > 1 and before not in ("const", "let", "var"):
        yield Sign(line, f"it changes {name}, which is not its own", "patching")
    if name in SETTERS and after == "(" and chain.end + 1 < len(tokens):
        yield from _set(tokens, chain.end + 1, line)
    if after == "[" and name in ("process", "globalThis", "global", "assert", "require") and before != "...":
        yield Sign(line, f"it looks up a name of {name} that it puts together")
    first = tokens[chain.end + 1] if after == "(" and chain.end + 1 < len(tokens) else None
    if name in LISTENERS and first and first.text in AT_END:
        yield Sign(line, f"{name} acts when the process ends", "the end of the process")
    if name == "Error.captureStackTrace" and first and first.text != "this":
        yield Sign(line, "Error.captureStackTrace looks at its callers", "callers")
    if (name.startswith("Error().stack")) or (".stack." in name and name.rpartition(".")[2] in STRINGS_OF_STACKS):
        yield Sign(line, "it looks at its callers", "callers")
    if name in ON_DESCRIPTORS and first and first.kind == "number" and not command:
        yield Sign(line, f"{name} works on a descriptor by number")


def _set(tokens: list[Token], at: int, line: int) -> Iterator[Sign]:
    """The first argument of a call that changes it."""
    target = _chain(tokens, at, _aliases(tokens))
    if target and (FOREIGN.match(target.name) or FOREIGN.match(f"{target.name}.x")) and target.name != "Object":
        yield Sign(line, f"it changes {target.name}, which is not its own", "patching")


def _code(path: str, chain: Chain, tokens: list[Token], task: str | None, depth: int) -> Iterator[Sign]:
    """Code that is run from a string: scanned too when it can be worked out."""
    if chain.name not in ("eval", "Function") and not chain.name.startswith("vm."):
        return
    if chain.end >= len(tokens) or tokens[chain.end].text != "(":
        return
    line = tokens[chain.at].line
    yield Sign(line, f"{chain.name} runs code from a string", "hidden code")
    told = tokens[chain.end + 1] if chain.end + 1 < len(tokens) else None
    if told and told.kind == "string" and depth < DEEPEST:
        yield from (Sign(line, sign.what, sign.topic) for sign in scan(path, told.text, task, depth + 1))


def _shapes(tokens: list[Token], at: int) -> Iterator[Sign]:
    """Conversions and getters that lie, proxies, and descriptors by number."""
    texts = [token.text for token in tokens[at : at + 4]]
    token = tokens[at]
    if texts[:2] == ["new", "Proxy"]:
        yield Sign(token.line, "new Proxy stands in for a value", "lookup")
    if texts[:2] == ["detached", ":"] and texts[2:3] == ["true"]:
        yield Sign(token.line, "it starts what lives on in the background", "processes")
    if texts[:2] == ["fd", ":"] and tokens[at + 2 : at + 3] and tokens[at + 2].kind == "number":
        yield Sign(token.line, "it works on a descriptor by number")
    name = ".".join(texts[:3:2]) if texts[:2] == ["Symbol", "."] else token.text
    if token.kind == "name" and name in CONVERSIONS and not (at and tokens[at - 1].text == "."):
        yield from _conversion(tokens, at, name)
    getter = token.text == "get" and texts[2:3] == ["("] and tokens[at + 1].kind == "name"
    told = {part.text for part in _body(tokens, at + 2)} if getter else set()
    if told & {"++", "--"} and "for" not in told:
        yield Sign(token.line, "a getter gives another answer each time")


def _conversion(tokens: list[Token], at: int, name: str) -> Iterator[Sign]:
    body = [part.text for part in _body(tokens, at + 1)]
    changes = bool({"++", "--", "+=", "-="} & set(body))
    fixed = bool(body) and "this" not in body and name in ("valueOf", "Symbol.toPrimitive", "Symbol.hasInstance")
    if changes or fixed:
        yield Sign(tokens[at].line, f"{name} answers the same, or as it likes, whatever it is asked")


def _body(tokens: list[Token], at: int) -> list[Token]:
    """The tokens between the next braces, or of an arrow's expression; nothing where no function follows."""
    start = next((n for n in range(at, min(at + 14, len(tokens))) if tokens[n].text in ("{", "=>")), None)
    if start is None or any(token.text == ";" for token in tokens[at:start]):
        return []
    if tokens[start].text == "=>" and start + 1 < len(tokens) and tokens[start + 1].text != "{":
        return tokens[start + 1 : start + 8]
    start += tokens[start].text == "=>"
    depth, end = 0, start
    while end < len(tokens):
        depth += {"{": 1, "}": -1}.get(tokens[end].text, 0) if tokens[end].kind == "punctuation" else 0
        end += 1
        if depth == 0:
            break
    return tokens[start + 1 : end - 1]
