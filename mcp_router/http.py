"""The server over streamable HTTP on loopback, for clients that cannot start a process; a bearer token guards it."""

from __future__ import annotations

import hmac
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from mcp_router.server import build_server
from mcp_router.session import Session


def serve_http(session: Session, port: int) -> None:
    """Serve streamable HTTP on 127.0.0.1; the bearer token is in the environment or in the state folder."""
    import uvicorn

    app = _Bearer(build_server(session).streamable_http_app(), _token(session.home))
    print(f"acrouter: http://127.0.0.1:{port}/mcp, bearer token in {_token_file(session.home)}", file=sys.stderr)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


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


def _token_file(home: Path) -> Path:
    return home / "http-token"


def _token(home: Path) -> str:
    named = os.environ.get("ACROUTER_HTTP_TOKEN")
    if named:
        return named
    path = _token_file(home)
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text().strip()
