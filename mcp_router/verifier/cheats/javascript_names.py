"""JavaScript names that only code needs that wants to be judged well or to reach out, with what they do."""

from __future__ import annotations

import re

ENDS = {"process.exit", "process.exitCode", "process.exit.call", "process.exit.apply", "process.exit.bind"}
ROWS: tuple[tuple[re.Pattern[str], str, str | None], ...] = (
    (
        re.compile(
            r"^process\.(reallyExit|abort|_rawDebug|binding|_linkedBinding|dlopen|hasUncaught\w*|setUncaught\w*)\b"
        ),
        "reaches into the process itself",
        None,
    ),
    (re.compile(r"^process\.(kill|_kill|ppid|setsid)\b"), "reaches for other processes", "processes"),
    (
        re.compile(r"^process\.(execArgv|mainModule|_getActive\w+|_events|listeners|removeAllListeners)\b"),
        "looks at the program that runs it",
        None,
    ),
    (
        re.compile(
            r"^require\.cache\b|^(module\.)?Module\.(_|prototype|wrap|globalPaths)|^module\.(_\w+|children|register\b|syncBuiltin\w+)|^process\.moduleLoadList"
        ),
        "reaches for other modules",
        None,
    ),
    (re.compile(r"^require\.main\."), "looks at the program that runs it", None),
    (
        re.compile(r"^Error\.(prepareStackTrace|stackTraceLimit)\b|\.callee\b|^\w+\.caller\b"),
        "looks at its callers",
        "callers",
    ),
    (re.compile(r"^util\.getCallSites?\b"), "looks at its callers", "callers"),
    (re.compile(r"^(os\.)(homedir|userInfo)\b"), "reaches for the home folder", "the home folder"),
    (
        re.compile(
            r"^(net\.(connect|createConnection|Socket|createServer)|https?\.(get|request|createServer)|http2\.connect|dgram\.createSocket|dns\.(lookup|resolve\w*|promises)|tls\.connect|fetch|XMLHttpRequest|WebSocket|axios\b.*|undici\..*|EventSource|navigator\.sendBeacon)$"
        ),
        "opens a connection",
        "network",
    ),
    (re.compile(r"^fs\.(promises\.)?(symlink|link)(Sync)?$"), "makes links", "links"),
    (
        re.compile(r"^(v8\.(setFlags\w+|getHeap\w+)|inspector\.\w+|async_hooks\.createHook|perf_hooks\.createHook)$"),
        "watches what other code does",
        "tracing",
    ),
)
RUNNER: tuple[str, str | None] = ("reaches for the test runner", "the test runner")
RUNNER_MODULES = (
    *("test", "test/reporters", "vitest", "@jest/globals", "jest", "mocha", "ava", "tap", "tape", "chai", "sinon"),
    *("jasmine", "uvu", "uvu/assert", "expect", "@vitest/runner", "@vitest/expect", "@jest/expect", "should"),
)
MODULES: dict[str, tuple[str, str | None]] = {
    **dict.fromkeys(RUNNER_MODULES, RUNNER),
    "inspector": ("watches what other code does", "tracing"),
    "inspector/promises": ("watches what other code does", "tracing"),
}
GLOBALS = {
    *("describe", "it", "test", "expect", "jest", "vi", "mocha", "beforeEach", "afterEach", "before", "after", "suite"),
    *("jasmine", "__vitest_worker__", "__vitest_environment__", "Mocha", "assert"),
}
FOREIGN = re.compile(
    r"^(Object|Array|String|Number|Boolean|Function|Map|Set|WeakMap|Promise|RegExp|Symbol|Date|JSON|Math|Reflect|BigInt"
    r"|Buffer|console|process|Intl|TypedArray|Iterator|Error|assert|assert/strict|fs|path|util|test|vm|module|url"
    r"|events|stream|child_process|os|require|describe|it|expect|setTimeout|fetch|globalThis|global|AssertionError"
    r"|util/types|timers|crypto)\.(?!exports\b|stackTraceLimit\b|env\.|exitCode\b|title$|default$)\w"
)
"""Members of what JavaScript and Node bring along, which a file may use but not change."""
