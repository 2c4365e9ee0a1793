"""What the base's checks rely on beyond the files whose names say so: scripts that the commands name, data that only
tests read, modules that a new file would stand in for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from mcp_router.verifier.changes import Change, Tree
from mcp_router.verifier.git import git
from mcp_router.verifier.paths import IMPORT_ROOT, classify, shadows
from mcp_router.verifier.task_runners import MAKEFILES, rules, test_commands

DATA = {
    *(
        "json",
        "txt",
        "csv",
        "tsv",
        "yaml",
        "yml",
        "xml",
        "html",
        "svg",
        "out",
        "golden",
        "expected",
        "dat",
        "sql",
        "md",
    ),
    *("snap", "ambr", "approved", "ndjson", "jsonl", "toml", "ini", "log", "tap", "sse", "ans", "gold"),
}
CHECKS = re.compile(r"test|check|spec|verif|valid|expect|golden|assert|lint|compare|^ci\b", re.IGNORECASE)
ASSERTS = re.compile(r"\bassert|process\.exit|sys\.exit|\bexpect\(|raise SystemExit")
IMPORTS = re.compile(r"require\(['\"]\.|from ['\"]\.|^(?:from|import) \w", re.MULTILINE)
WORD = re.compile(r"[\w@./\-]+")
MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "tox.ini", "environment.yml")
KNOWN = {
    *("numpy", "pandas", "scipy", "requests", "attr", "attrs", "six"),
    *("hypothesis", "mock", "yaml", "packaging", "setuptools", "pkg_resources", "django", "flask", "click", "pydantic"),
    *("jinja2", "werkzeug", "sqlalchemy", "httpx", "aiohttp", "responses", "freezegun", "faker", "dateutil", "pytz"),
    *(
        "lxml",
        "bs4",
        "simplejson",
        "ujson",
        "orjson",
        "tomli",
        "typing_extensions",
        "exceptiongroup",
        "nose",
        "coverage",
    ),
}


class Reliance:
    """Looks things up in the base only when a patch gives reason to.

    command: the command line of the checks where the caller named one.
    """

    def __init__(self, base: Tree, command: str | None = None) -> None:
        self.base = base
        self.command = command

    @cached_property
    def names(self) -> frozenset[str]:
        """All paths of the base."""
        return frozenset(self.base.names())

    def kind(self, change: Change) -> str:
        """The class of a changed path, by its name and by what the base's checks do with it."""
        path = change.path
        if change.added and (self._stands_in(path) or self._takes_over(path)):
            return "harness"
        kind = classify(path)
        if kind in ("source", "docs") and not change.added:
            if path in self.named:
                return "harness"
            if path.rpartition(".")[2].lower() in DATA and self._only_tests_read(path):
                return "test_support"
        return kind

    @cached_property
    def named(self) -> frozenset[str]:
        """Files that the commands of the checks name and that decide: scripts, data, programs that assert."""
        found: set[str] = set()
        wave = self._mentioned(self._commands())
        for _ in range(2):
            texts = self.base.texts(sorted(wave))
            wave = {path for path, text in texts.items() if self._decides(path, text)}
            found |= wave
            scripts = [texts[path] for path in wave if _is_script(path, texts[path])]
            wave = self._mentioned(scripts) - found
        return frozenset(found)

    def _commands(self) -> list[str]:
        texts = self.base.texts([name for name in MAKEFILES if name in self.names])
        steps = [
            " ".join(lines) for text in texts.values() for name, lines in rules(text).items() if CHECKS.search(name)
        ]
        return [self.command or "", *(command for command, _ in test_commands(self.base)), *steps, *self._scripts()]

    def _scripts(self) -> Iterable[str]:
        text = self.base.text("package.json") if "package.json" in self.names else None
        return re.findall(r'"[\w:-]*(?:test|check|lint)[\w:-]*"\s*:\s*"((?:\\.|[^"\\])*)"', text or "")

    def _mentioned(self, texts: Iterable[str]) -> set[str]:
        words = {word.removeprefix("./") for text in texts for word in WORD.findall(text)}
        return words & self.names

    def _decides(self, path: str, text: str) -> bool:
        name = path.rpartition("/")[2]
        asserts = ASSERTS.search(text) and IMPORTS.search(text)
        telling = _is_script(path, text) or CHECKS.search(name) or asserts
        return bool(telling) and classify(path) in ("source", "docs")

    def _only_tests_read(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        listed = git(self.base.root, "grep", "-lzF", "-e", name, self.base.id, check=False)
        users = [user.decode("utf-8", "replace").partition(":")[2] for user in listed.split(b"\0") if user]
        # Of a script that checks, it cannot be told whether it reads what is expected or what is to be judged.
        kinds = {classify(user) for user in users if user != path and not _is_script(user, "")}
        return bool(kinds & {"test", "test_support", "harness"}) and "source" not in kinds

    def _stands_in(self, path: str) -> bool:
        """Whether a new module at an import root hides one of the standard library, of pytest or of a dependency."""
        match = IMPORT_ROOT.match(path)
        if match is None or (match["root"] and f"{match['root']}/__init__.py" in self.names):
            return False
        name = match["name"]
        if f"{name}.py" in self.names or f"{name}/__init__.py" in self.names:
            return False
        return shadows(path) or name in KNOWN or name in self._dependencies

    @cached_property
    def _dependencies(self) -> frozenset[str]:
        listed = [
            name for name in self.names if re.match(r"^(requirements/)?[\w-]*requirements?[\w-]*\.(txt|in)$", name)
        ]
        texts = self.base.texts([*listed, *(name for name in MANIFESTS if name in self.names)])
        own = {match for text in texts.values() for match in re.findall(r"(?m)^\s*name\s*=\s*['\"]?([\w.-]+)", text)}
        found = re.findall(
            r"(?m)(?:^|[\"'])\s*([A-Za-z][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:[<>=!~;@\"']|$)", "\n".join(texts.values())
        )
        return frozenset(re.sub(r"[-.]", "_", word).lower() for word in set(found) - own)

    def _takes_over(self, path: str) -> bool:
        """Whether a new file hides a Makefile, or makes a target of one look up to date."""
        if path.lower() in ("gnumakefile", "makefile") and any(name in self.names for name in MAKEFILES):
            return True
        if "/" in path or "." in path or not self.names & set(MAKEFILES):
            return False
        texts = self.base.texts([name for name in MAKEFILES if name in self.names])
        return any(path in rules(text) and CHECKS.search(path) for text in texts.values())


def _is_script(path: str, text: str) -> bool:
    return path.endswith((".sh", ".bash", ".bats", ".ps1", ".bat", ".cmd")) or bool(re.match(r"#!.*sh\b", text))
