"""The distribution as it is published, and an environment that holds it and what it declares, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv")


def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def build(out: Path) -> tuple[Path, Path]:
    """The source distribution, and the wheel built from it: by uv where there is one, else with pip."""
    if UV:
        run(UV, "build", "--quiet", "--python", sys.executable, "--out-dir", str(out), str(ROOT), cwd=out)
        return _one(out, "*.tar.gz"), _one(out, "*.whl")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--target", str(out / "tools"))
    run(*pip, *project()["build-system"]["requires"], cwd=out)
    hatchling = (sys.executable, "-m", "hatchling", "build", "-d", str(out))
    tools = {**os.environ, "PYTHONPATH": str(out / "tools")}
    run(*hatchling, "-t", "sdist", cwd=ROOT, **tools)
    with tarfile.open(_one(out, "*.tar.gz")) as packed:
        packed.extractall(out / "unpacked", filter="data")
    run(*hatchling, "-t", "wheel", cwd=_one(out / "unpacked", "*"), **tools)
    return _one(out, "*.tar.gz"), _one(out, "*.whl")


def install(wheel: Path, folder: Path) -> Path:
    """A fresh environment with the wheel; its folder of programs.

    What the wheel requires is linked in from the environment of the tests, so that no download is waited for; what
    it does not require is not there.
    """
    venv.create(folder, with_pip=False)
    pip = (UV, "pip", "install", "--python", str(folder)) if UV else _pip_for(folder)
    run(*pip, "--quiet", "--no-deps", "--no-index", str(wheel), cwd=folder.parent)
    paths = {"base": str(folder), "platbase": str(folder)}
    modules = Path(sysconfig.get_path("purelib", "venv", paths))
    for needed in _closure(project()["project"]["dependencies"]):
        _link(needed, modules)
    return Path(sysconfig.get_path("scripts", "venv", paths))


def run(*argv: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A command that succeeds."""
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, env=env or None)
    assert done.returncode == 0, f"{argv}: {done.stdout[-1000:]} {done.stderr[-3000:]}"
    return done


def _pip_for(folder: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "pip", "--python", str(folder), "install")


def _closure(requirements: list[str]) -> Iterator[Distribution]:
    """What requirements bring along, each once."""
    known: set[tuple[str, str]] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        required, asked_for = waiting.pop()
        if required.marker is not None and not required.marker.evaluate({"extra": asked_for}):
            continue
        found = distribution(required.name)
        name = re.sub(r"[-_.]+", "-", required.name).lower()
        if (name, "") not in known:
            yield found
        for extra in ("", *required.extras):
            if (name, extra) not in known:
                known.add((name, extra))
                waiting += [(Requirement(text), extra) for text in found.requires or ()]


def _link(installed: Distribution, modules: Path) -> None:
    for name in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
        place = modules / name
        if not place.exists():
            place.symlink_to(Path(str(installed.locate_file(name))))


def _one(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found
