"""One user in an empty home with the sample shop; nothing here is collected unless it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mcp_router.demo.subtasks import make_repository
from mcp_router.demo.where import history_file

from .clients import User
from .models import Script, ScriptedModels

HERE = Path(__file__).parent
Hire = Callable[[Script], User]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Real clients need npm's registry and minutes: `make acceptance` runs them, `make test` does not."""
    del collection_path
    asked = any(
        (config.invocation_params.dir / arg.partition("::")[0]).resolve().is_relative_to(HERE) for arg in config.args
    )
    return None if asked else True


@pytest.fixture
def hire(tmp_path: Path) -> Iterator[Hire]:
    """Makes a user whose models follow a script; what a script raised fails the test."""
    with ExitStack() as stack:
        served: list[ScriptedModels] = []

        def make(script: Script) -> User:
            served.append(stack.enter_context(ScriptedModels(script)))
            user = User(tmp_path / "home", tmp_path / "shop", served[-1])
            make_repository(history_file(), user.repo)
            user.configure()
            stack.callback(user.leave)
            return user

        yield make
    assert not [fault for models in served for fault in models.faults]
