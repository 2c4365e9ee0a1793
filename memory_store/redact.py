"""Takes keys and passwords out of text before it is kept.

Three rules: tokens that tell themselves by their form (providers' keys, JWT, private keys), passwords inside
URLs, and values beside a name that says what they are (`password=`, `api_key:`). The last one is the one that
can err, so a value that reads like code or like a plain word stays. What this lets through and what it must
not touch is the table in `tests/memory/test_redact.py`.
"""

from __future__ import annotations

import re

HIDDEN = "[redacted]"

_TOKEN = re.compile(
    r"""
    -----BEGIN\ [A-Z ]{0,30}PRIVATE\ KEY(?:\ BLOCK)?-----
        (?:[\s\S]*?-----END\ [A-Z ]{0,30}PRIVATE\ KEY(?:\ BLOCK)?-----|[\s\S]*)
  | (?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))(?:
        sk-(?:ant|proj|svcacct|admin|or|live|test)-[A-Za-z0-9_-]{6,}
      | sk-[A-Za-z0-9]{16,}
      | (?:sk|rk|whsec)_(?:(?:live|test)_)?[A-Za-z0-9]{16,}
      | gh[pousr]_[A-Za-z0-9]{16,} | github_pat_[A-Za-z0-9_]{16,} | glpat-[A-Za-z0-9_-]{16,}
      | (?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])
      | xox[a-z]-[A-Za-z0-9-]{8,} | xapp-[A-Za-z0-9-]{8,}
      | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{16,}
      | (?:hf|gsk|r8|npm|dop_v1|shpat)_[A-Za-z0-9]{20,} | (?:xai|pplx|tvly)-[A-Za-z0-9-]{20,}
      | pypi-[A-Za-z0-9_-]{50,} | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}
      | eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?
    )
  | (?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{16,}
    """,
    re.VERBOSE,
)

_URL_PASSWORD = re.compile(r"""(?<=://)([^\s/:@"'`<>]{0,100}):[^\s/"'`<>]{1,200}@""")
_URL_TOKEN = re.compile(r"(?<=://)(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}(?=(?::x-oauth-basic)?@)")

_STRONG = r"""
    pass(?:word|wd|phrase) | pwd | secret(?:[_-]?(?:access[_-]?)?key)?
  | (?:api|access|auth|account|private|signing|encryption|master|shared)[_-]?key
  | (?:access|auth|refresh|api|bearer|session|bot)[_-]?token
"""
_WEAK = r"credentials? | (?<![A-Za-z0-9])(?:token|key) | _token | (?-i:_KEY)"
_VALUE = r"""
    \\{0,3}(?P<quote>["'`])(?P<quoted>[^"'`\n\\]{1,500})\\{0,3}(?P=quote)
  | (?P<bare>[^\s"'`,;&|<>(){}\[\]\\]{4,500}+)(?![(\[{])
"""
_NAMED = re.compile(
    rf"""(?:(?P<strong>{_STRONG})|{_WEAK})(?P<sep>\\{{0,3}}["']?\s{{0,3}}(?:={{1,3}}>?|:=?)\s{{0,3}})(?:{_VALUE})""",
    re.VERBOSE | re.IGNORECASE,
)
_FLAG = re.compile(
    rf"""--[a-z-]{{0,30}}(?:(?P<strong>{_STRONG})|{_WEAK})(?P<sep>\s+)(?:{_VALUE})""", re.VERBOSE | re.IGNORECASE
)
_HEADER = re.compile(
    r"""(authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest)\s+|(?=[A-Za-z._~+/=-]{0,200}[0-9])))
        [A-Za-z0-9._~+/=-]{8,}""",
    re.VERBOSE | re.IGNORECASE,
)
_BEARER = re.compile(
    r"(?<![A-Za-z0-9])((?:bearer|basic)\s+)(?=[A-Za-z._~+/=-]{0,200}[0-9])[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE
)

_OTHER_KEYS = re.compile(
    r"(?:cache|primary|foreign|sort|partition|idempotency|dedupe|row|object|public|host)[ _-]$", re.IGNORECASE
)
_PLACEHOLDER = re.compile(r"[$%{<*.]|https?://|(?:~|\.{1,2})?/[\w.-]+(?:/[\w.-]+)*\.\w{1,8}$|\W+$")
_WORDS = re.compile(r"[A-Za-z_][A-Za-z_.-]*[?!.:]*$")
_CONSTANT = re.compile(r"(?:none|null|nil|true|false|undefined|str(?:ing)?|required|optional|password|secret)$", re.I)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.I)
_LETTER_BESIDE_DIGIT = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")

# What a text must hold for the patterns above to match: nearly all text is done with after looking for these.
_MARKS = (
    *("-----BEGIN ", "sk-", "sk_", "rk_", "whsec_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
    *("AKIA", "ASIA", "xox", "xapp-", "AIza", "ya29.", "hf_", "gsk_", "r8_", "npm_", "dop_v1_", "shpat_", "xai-"),
    *("pplx-", "tvly-", "pypi-", "SG.", "eyJ", "hooks.slack.com"),
)
_SCHEMES = ("authorization", "bearer", "basic")
_NAMES = ("pass", "pwd", "secret", "key", "token", "credential")


def redact(text: str) -> str:
    """`text` with each secret that it shows replaced by "[redacted]"; all else as it was. Idempotent."""
    if any(mark in text for mark in _MARKS):
        text = _TOKEN.sub(HIDDEN, text)
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
        text = _URL_TOKEN.sub(HIDDEN, text)
    lower = text.lower()
    if any(scheme in lower for scheme in _SCHEMES):
        text = _HEADER.sub(rf"\1{HIDDEN}", text)
        text = _BEARER.sub(rf"\1{HIDDEN}", text)
    if any(name in lower for name in _NAMES):
        text = _FLAG.sub(_hide_value, text)
        text = _NAMED.sub(_hide_value, text)
    return text


def _hide_value(match: re.Match[str]) -> str:
    group = "bare" if match["quote"] is None else "quoted"
    if not _is_secret(match, match[group]):
        return match[0]
    start, end = (position - match.start() for position in match.span(group))
    return match[0][:start] + HIDDEN + match[0][end:]


def _is_secret(match: re.Match[str], value: str) -> bool:
    if HIDDEN in value or re.search(r"\s", value) or _PLACEHOLDER.match(value) or _CONSTANT.match(value):
        return False
    before = match.string[max(0, match.start() - 16) : match.start()]
    if match["strong"] is None:
        return not _OTHER_KEYS.search(before) and not _UUID.match(value) and _is_random(value)
    if match["quote"] or not _WORDS.match(value):
        return True
    # A bare word: `PASSWORD=letmein` of an environment, but `connect(password=secret)` or `password: str` in code.
    return match["sep"] == "=" and "." not in value and not re.search(r"[(,]\s*[\w.]*$", before)


def _is_random(value: str) -> bool:
    """Long, and mixed as words and version numbers are not."""
    return len(value) >= 16 and len(_LETTER_BESIDE_DIGIT.findall(value)) >= 3
