"""The server over streamable HTTP on loopback, for clients that cannot start a process; a bearer token guards it."""

from __future__ import annotations

import hmac
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

from mcp_router.errors import BadInput
from mcp_router.server import build_server
from mcp_router.session import Session

ADDRESS = "127.0.0.1"
TOKEN_VARIABLE = "ACROUTER_HTTP_TOKEN"
GRACE_S = 1
"""How long open streams may hold the end of the server."""


def serve_http(session: Session, port: int) -> None:
    """Serve streamable HTTP on 127.0.0.1, port 0 being any free one, behind the bearer token.

    The token is in the environment, else in the state folder. The address is printed to standard error.

    Raises:
        BadInput: the port is taken, or the token cannot be kept.
    """
    import uvicorn

    token, kept_in = _token(session.home)
    app = _Bearer(build_server(session).streamable_http_app(host=ADDRESS), token)
    with _bound(port) as listener:
        number = listener.getsockname()[1]
        print(f"acrouter: http://{ADDRESS}:{number}/mcp, bearer token in {kept_in}", file=sys.stderr, flush=True)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=GRACE_S)
        uvicorn.Server(config).run(sockets=[listener])


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise BadInput(
            f"--http: port {port} of {ADDRESS} cannot be had ({error.strerror}); name another port, or 0 for any."
        ) from None
    return listener


class _Bearer:
    """Lets a request through only with the token."""

    def __init__(self, app: Any, token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain")]
                await send({"type": "http.response.start", "status": 401, "headers": headers})
                await send({"type": "http.response.body", "body": b"a bearer token is needed\n"})
                return
        await self._app(scope, receive, send)


def _token(home: Path) -> tuple[str, str]:
    """The token, and where the user finds it."""
    named = os.environ.get(TOKEN_VARIABLE)
    if named:
        return named, f"${TOKEN_VARIABLE}"
    path = home / "http-token"
    try:
        if not path.exists():
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(secrets.token_urlsafe(32), encoding="ascii")
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be used ({error}); set {TOKEN_VARIABLE} instead.") from None
    if not token:
        raise BadInput(f"{path} is empty; remove it, and a new token is made.")
    return token, str(path)
