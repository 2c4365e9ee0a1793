"""Strings that tell what code is after, in any language: the runner's variables, reports, secrets, other processes."""

from __future__ import annotations

import re
from collections.abc import Iterator

Row = tuple[re.Pattern[str], str, str | None]

ROWS: tuple[Row, ...] = (
    (
        re.compile(
            r"PYTEST_|_pytest\b|^PYT(E|ES|EST)?$|NODE_TEST_|JEST_WORKER|^(VITEST|JEST|MOCHA)(_\w+)?$|UNITTEST_|ACROUTER_"
            r"|^(un)?mocha$|node:test\b|--test-reporter|NEXTEST|RUST_TEST|^test\.(v|run|timeout)$"
        ),
        "it names the test runner or its variables",
        None,
    ),
    (
        re.compile(
            r"junit[\w.-]*\.xml|\bjunit\b|<testsuites?\b|<testcase\b|^TAP version \d|^(not )?ok \d+\b|^1\.\.\d+\s*$"
            r"|\n(not )?ok \d+\b|^# (tests|pass) \d|\bRan \d+ tests?\b|\b\d+ passed\b|\btest result: ok\b"
        ),
        "it writes what a test runner reports",
        "reports",
    ),
    (
        re.compile(
            r"\.ssh\b|\bid_(rsa|ed25519|ecdsa|dsa)\b|\.aws\b|\.netrc\b|\.pypirc\b|\.npmrc\b|\.gnupg\b|\.kube\b|known_hosts"
            r"|\.docker/config|authorized_keys|/etc/(passwd|shadow|sudoers)|\.git-credentials|\.config/gh\b|wallet\.dat"
            r"|gcloud/|\.vault-token"
        ),
        "it names a file of secrets",
        None,
    ),
    (
        re.compile(
            r"\.(bashrc|bash_profile|bash_login|zshrc|zprofile|zshenv|profile|gitconfig|xinitrc)\b"
            r"|\bcrontab\b|/etc/(cron|rc|profile|ld\.so)|LaunchAgents|systemd/user|\.config/(autostart|fish)"
        ),
        "it names a file that runs when the user starts a session",
        None,
    ),
    (
        re.compile(r"\.git/?\\?/?(hooks|config|objects|refs)\b|^hooks?/(pre|post)-|core\.hooksPath"),
        "it names git's own files",
        None,
    ),
    (re.compile(r"^\.git$|/\.git$"), "it names git's own files", "git"),
    (re.compile(r"^\.env$|[/\\]\.env$"), "it names a file of secrets", "environment files"),
    (
        re.compile(
            r"^/proc/(cpuinfo|meminfo|loadavg|uptime|version|stat|mounts|self/(status|statm|stat|cgroup|mounts))$"
        ),
        "it reads of the system under /proc",
        "the system",
    ),
    (
        re.compile(
            r"^/proc(/|$)(?!(cpuinfo|meminfo|loadavg|uptime|version|stat|mounts|self/(status|statm|stat|cgroup|mounts))$)"
            r"|^/dev/(fd|tcp|udp|mem|kmem|pts)(/|$)"
        ),
        "it reaches for other processes or their descriptors",
        None,
    ),
    (re.compile(r"^~(/|$)|^\$HOME\b|^HOME$|^USERPROFILE$"), "it reaches for the home folder", "the home folder"),
    (
        re.compile(
            r"(^|[/\\])(conftest\.py|sitecustomize(\.py)?|usercustomize(\.py)?|pytest\.ini|tox\.ini)$|[\w-]\.pth$"
            r"|(^|[/\\])(tests?|__tests__|spec)[/\\][\w./\\-]*\.(py|[cm]?[jt]sx?|json|txt|snap|rs|go|rb)$"
            r"|(^|[/\\])(test_\w+\.py|\w+\.(test|spec)\.[cm]?[jt]sx?)$|__snapshots__"
        ),
        "it names files of the tests or of their configuration",
        None,
    ),
    (
        re.compile(r"\b(nohup|setsid|disown)\b|^start_new_session$"),
        "it starts what lives on in the background",
        "processes",
    ),
    (
        re.compile(r"(^|[\s;|&])(curl|wget|nc|ncat|telnet|ssh|scp|rsync)\s+\S|^(curl|wget|nc|ncat|telnet|ssh|scp)$"),
        "it calls a program that opens connections",
        "network",
    ),
    (re.compile(r"(^|[\s;|&])(kill|pkill|killall)\s+-?\w|^(pkill|killall)$"), "it ends other processes", "processes"),
    (re.compile(r":\(\)\s*\{.*\|.*&\s*\}\s*;"), "it starts processes without end", None),
    (
        re.compile(r"^(?:tb_frame|f_back|f_locals|f_globals|f_code|gi_frame|cr_frame|__globals__)$"),
        "it looks at its callers",
        "callers",
    ),
)


def told_by(text: str, task: str | None = None) -> Iterator[tuple[str, str | None]]:
    """What a string tells, with the topic that would explain it. A string that the task itself names tells nothing."""
    if task and len(text) > 2 and text in task:
        return
    for pattern, what, topic in ROWS:
        found = pattern.search(text)
        if found and not (task and len(found[0].strip()) > 3 and found[0].strip() in task):
            yield what, topic
