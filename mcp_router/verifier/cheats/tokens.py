"""Tokens of JavaScript and TypeScript: names, strings and punctuation, without comments; constant strings folded."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

LEXER = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?(?:\*/|\Z)|\A\#![^\n]*)
      | (?P<name>[A-Za-z_$\#][\w$]*)
      | (?P<number>0[xX][\da-fA-F_]+n?|\d[\d_.]*(?:[eE][+-]?\d+)?n?)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<template>`)
      | (?P<punctuation>=>|===|!==|==|!=|\?\.|\?\?=|\|\|=|&&=|\+\+|--|[-+*/%&|^]=|\.\.\.|\?\?|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
BEFORE_REGEX = {
    *("(", ",", "=", ":", "[", "!", "&", "|", "?", "{", "}", ";", "=>", "&&", "||", "return", "typeof", "==", "===")
}
ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "\n": ""}
ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Token:
    """kind is name, number, string, regex or punctuation; a string's text is its value."""

    kind: str
    text: str
    line: int


def tokens_of(text: str) -> list[Token]:
    """The tokens of a file, with strings put together where they are constant."""
    tokens = _lex(text)
    for _ in range(ROUNDS):
        folded = _fold(tokens)
        if folded == tokens:
            break
        tokens = folded
    return tokens


def _lex(text: str, line: int = 1) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(text):
        last = found[-1].text if found else ";"
        regex = REGEX.match(text, at) if text[at] == "/" and text[at : at + 2] not in ("//", "/*") else None
        if regex and (last in BEFORE_REGEX or not found):
            found.append(Token("regex", regex[0], line))
            at = regex.end()
            continue
        match = LEXER.match(text, at)
        assert match is not None
        kind, piece = str(match.lastgroup), match[0]
        if kind == "template":
            inner, end = _template(text, match.end(), line)
            found += inner
            line += text.count("\n", at, end)
            at = end
            continue
        if kind == "string":
            found.append(Token("string", _unescaped(piece[1:-1]), line))
        elif kind != "space":
            found.append(Token(kind, _unescaped(piece) if kind == "name" else piece, line))
        line += piece.count("\n")
        at = match.end()
    return found


def _template(text: str, at: int, line: int) -> tuple[list[Token], int]:
    """A template's parts, joined by plus signs, and where it ends."""
    parts: list[Token] = [Token("punctuation", "(", line)]
    start = at
    while at < len(text) and text[at] != "`":
        if text[at] == "\\":
            at += 2
        elif text.startswith("${", at):
            parts += [Token("string", _unescaped(text[start:at]), line), Token("punctuation", "+", line)]
            end, depth = at + 2, 1
            while end < len(text) and depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            parts += [
                *_lex(text[at + 2 : end - 1], line + text.count("\n", start, at)),
                Token("punctuation", "+", line),
            ]
            at = start = end
        else:
            at += 1
    parts += [Token("string", _unescaped(text[start:at]), line), Token("punctuation", ")", line)]
    return parts, at + 1


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "ux" and len(code) > 1:
            point = int(code.strip("ux{}"), 16)
            return chr(point) if point < 0x110000 else ""
        return ESCAPED.get(code, code)

    return ESCAPE.sub(one, text)


def _fold(tokens: list[Token]) -> list[Token]:
    """One pass of putting strings together."""
    values = _constants(tokens)
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind == "name" and token.text in values and _is_value(tokens, at):
            token = Token("string", values[token.text], token.line)
        step = _call(tokens, at)
        if step:
            text, at = step
            found.append(Token("string", text, token.line))
            continue
        found.append(token)
        at += 1
        _join(found)
    return found


def _join(found: list[Token]) -> None:
    """Put "a" + "b" together, and take parentheses from around a string."""
    if len(found) > 2 and found[-1].kind == found[-3].kind == "string" and found[-2].text == "+":
        whole = Token("string", found[-3].text + found[-1].text, found[-3].line)
        del found[-3:]
        found.append(whole)
    called = (
        len(found) > 3 and (found[-4].kind == "name" or found[-4].text in (")", "]")) and found[-4].text != "return"
    )
    if len(found) > 2 and found[-3].text == "(" and found[-2].kind == "string" and found[-1].text == ")" and not called:
        whole = found[-2]
        del found[-3:]
        found.append(whole)


def _constants(tokens: list[Token]) -> dict[str, str]:
    """Names that are given one string and nothing else."""
    values: dict[str, str] = {}
    for at in range(1, len(tokens) - 2):
        keyword, name, sign, value = tokens[at - 1 : at + 3]
        ends = at + 3 >= len(tokens) or tokens[at + 3].text in (";", ",") or tokens[at + 3].line > value.line
        if keyword.text == "const" and sign.text == "=" and value.kind == "string" and ends:
            values[name.text] = value.text
    return values


def _is_value(tokens: list[Token], at: int) -> bool:
    """Whether a name stands where it is read: beside a plus, in brackets or as an argument."""
    before = tokens[at - 1].text if at else ""
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    return (before in ("+", "[", "(", ",") and after in ("+", "]", ")", ",", ".")) and before != "."


def _call(tokens: list[Token], at: int) -> tuple[str, int] | None:
    """A call on constants that gives a string, with the place after it."""
    texts = [token.text for token in tokens[at : at + 14]]
    kinds = [token.kind for token in tokens[at : at + 14]]
    if texts[:1] == ["["] and "]" in texts[:14] and texts[texts.index("]") :][1:3] == [".", "join"]:
        end = texts.index("]")
        parts = [(kinds[n], texts[n]) for n in range(1, end) if texts[n] != ","]
        if end + 5 < len(texts) and kinds[end + 4] == "string" and all(kind == "string" for kind, _ in parts):
            return texts[end + 4].join(text for _, text in parts), at + end + 6
    if kinds[:1] == ["string"] and texts[1:3] == [".", "split"] and len(texts) > 4 and kinds[4] == "string":
        tail = [".", "reverse", "(", ")", ".", "join", "("]
        if texts[6:13] == tail and texts[4] == "":
            return texts[0][::-1], at + 15
    if texts[:4] == ["String", ".", "fromCharCode", "("]:
        return _characters(tokens, at + 4)
    if texts[:2] == ["atob", "("] and kinds[2:3] == ["string"]:
        return _decoded(texts[2], "base64"), at + 4
    if texts[:4] == ["Buffer", ".", "from", "("] and kinds[4:5] == ["string"] and texts[5:6] == [","]:
        return _decoded(texts[4], texts[6]), at + (
            12 if texts[8:10] == [".", "toString"] and texts[11:12] == [")"] else 8
        )
    return None


def _characters(tokens: list[Token], at: int) -> tuple[str, int] | None:
    codes = []
    while at < len(tokens) and tokens[at].kind == "number" and tokens[at + 1].text in (",", ")"):
        codes.append(int(tokens[at].text.rstrip("n"), 0))
        at += 2
        if tokens[at - 1].text == ")":
            return "".join(chr(code) for code in codes if code < 0x110000), at
    return None


def _decoded(text: str, form: str) -> str:
    try:
        data = bytes.fromhex(text) if form == "hex" else base64.b64decode(text + "==")
    except (ValueError, binascii.Error):
        return ""
    return data.decode("utf-8", "replace")
