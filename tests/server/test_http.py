"""Streamable HTTP: on loopback only, behind a bearer token, gone on SIGTERM."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import psutil
import pytest
from mcp.client.streamable_http import streamable_http_client

from .scene import MODULE, TASK, Scene
from .speaking import connected, until

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@contextmanager
def serving(scene: Scene, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process and the address that it printed."""
    process = subprocess.Popen(
        [*MODULE, "serve", "--http", str(port)],
        cwd=scene.root,
        env=scene.env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/mcp", line)
        assert found, line
        until(lambda: listening(process), "the socket")
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def listening(process: subprocess.Popen[str]) -> set[tuple[str, int]]:
    found = psutil.Process(process.pid).net_connections("inet")
    return {tuple(one.laddr) for one in found if one.status == psutil.CONN_LISTEN}


@pytest.fixture
def token(plain: Scene) -> str:
    plain.extra["ACROUTER_HTTP_TOKEN"] = "token-0123456789"
    return "token-0123456789"


def test_the_token_opens_the_three_tools(plain: Scene, token: str) -> None:
    with serving(plain) as (process, address):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": token}):
            refused = httpx2.post(address, json=PING, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        client = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})
        with connected(streamable_http_client(address, http_client=client)) as connection:
            assert connection.call("route_task", task=TASK)["status"] == "advised"
        foreign = {"Authorization": f"Bearer {token}", "Host": "evil.example"}
        assert httpx2.post(address, json=PING, headers=foreign).status_code in (403, 421)
        assert {host for host, _ in listening(process)} == {"127.0.0.1"}


def test_it_ends_on_ctrl_c(plain: Scene, token: str) -> None:
    assert token
    with serving(plain) as (process, _):
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=5)
        assert time.monotonic() - started < 3.0
        assert (process.returncode, printed) == (0, "")
        assert "Traceback" not in errors
    plain.nothing_is_left()


def test_it_ends_while_a_client_is_connected(plain: Scene, token: str) -> None:
    client = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})
    with (
        serving(plain) as (process, address),
        connected(streamable_http_client(address, http_client=client), mode="legacy") as connection,
    ):
        assert connection.call("route_task", task=TASK)["status"] == "advised"
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(5)
        assert time.monotonic() - started < 3.0


def test_without_a_named_token_one_is_made_for_the_user_alone(plain: Scene) -> None:
    with serving(plain) as (_, address):
        path = plain.home / "http-token"
        assert path.stat().st_mode & 0o777 == 0o600
        token = path.read_text()
        assert len(token) > 30
        assert httpx2.post(address, json=PING, headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_port_that_is_taken_is_named(plain: Scene, token: str) -> None:
    assert token
    with serving(plain) as (_, address):
        port = address.split(":")[2].removesuffix("/mcp")
        done = plain.command("serve", "--http", port, code=2, process=True)
        assert port in done.stderr
        assert "another port" in done.stderr
