"""Keys by name, prices with their age, and addresses that take connections; nothing is sent."""

from __future__ import annotations

import socket

import pytest

from mcp_router.doctor import models
from mcp_router.doctor.findings import Status

from .machine import Machine

SECRET = "0123456789-very-secret"


def model(name: str, **more: str) -> str:
    """A table of config.toml."""
    lines = {"provider": '"openai"', **more}
    return "\n".join([f"[models.{name}]", *(f"{key} = {value}" for key, value in lines.items())]) + "\n"


def test_keys_are_told_by_name_alone(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_KEY", SECRET)
    monkeypatch.delenv("UNSET_KEY", raising=False)
    machine.configure(
        model("a", key_env='"SET_KEY"')
        + model("b", key_env='"UNSET_KEY"')
        + model("c", base_url='"http://127.0.0.1:9"')
    )
    found = list(models.keys(machine.ground()))
    assert [one.status for one in found] == [Status.OK, Status.FAILURE, Status.OK]
    assert "SET_KEY is set, for a" in found[0].says
    assert "UNSET_KEY is not set" in found[1].says
    assert (found[1].fix or "").startswith("export UNSET_KEY=")
    assert SECRET not in repr(found)
    assert str(len(SECRET)) not in repr(found)


def test_without_a_model_there_is_no_key_to_ask_for(machine: Machine) -> None:
    assert [one.status for one in models.keys(machine.ground())] == [Status.NOT_APPLICABLE]
    assert [one.status for one in models.executors(machine.ground())] == [Status.NOT_APPLICABLE]


def test_clients_own_models_have_prices_of_a_known_day(machine: Machine) -> None:
    found = list(models.prices(machine.ground()))
    assert "the list is" in found[-1].says


def test_an_unknown_price_is_a_failure_only_where_a_budget_needs_it(machine: Machine) -> None:
    machine.configure(model("own"))
    (loose,) = models.prices(machine.ground())
    assert loose.status is Status.WARNING
    machine.configure("[budget]\nday_usd = 1\n" + model("own"))
    (capped,) = models.prices(machine.ground())
    assert capped.status is Status.FAILURE
    assert '[models."own"]' in (capped.fix or "")
    machine.configure("[budget]\nday_usd = 1\n" + model("own", price="{ input = 1, output = 2 }"))
    assert [one.status for one in models.prices(machine.ground())] == [Status.OK]


def test_an_address_is_connected_to_and_nothing_is_sent(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as open_port, socket.create_server(("127.0.0.1", 0)) as other:
        open_port.settimeout(10)
        closed = other.getsockname()[1]
        other.close()
        here = open_port.getsockname()[1]
        machine.configure(
            model("up", base_url=f'"http://127.0.0.1:{here}/v1"')
            + model("down", base_url=f'"http://me:{SECRET}@127.0.0.1:{closed}/v1"')
        )
        sdk, up, down = models.executors(machine.ground())
        connection, _ = open_port.accept()
        with connection:
            connection.settimeout(10)
            assert connection.recv(100) == b""
    assert (sdk.status, up.status, down.status) == (Status.OK, Status.OK, Status.FAILURE)
    assert f"127.0.0.1:{closed} takes no connection" in down.says
    assert SECRET not in down.says
