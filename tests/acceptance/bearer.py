"""A proxy on loopback that adds the bearer token, for a test suite that can send none."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


@contextmanager
def with_token(port: int, token: str) -> Iterator[str]:
    """The address of a proxy to a port; all else of a request, Host and Origin too, goes through as it came."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(port, token))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/mcp"
    finally:
        server.shutdown()
        server.server_close()


def _handler(port: int, token: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            there = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    there.putheader(name, value)
            there.putheader("Authorization", f"Bearer {token}")
            there.endheaders(body)
            self._pass_on(there.getresponse())

        def _pass_on(self, answer: http.client.HTTPResponse) -> None:
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            # A stream ends when either side goes away.
            with contextlib.suppress(http.client.HTTPException, OSError):
                while part := answer.read1(65536):
                    self.wfile.write(part)
                    self.wfile.flush()

        do_GET = do_POST = do_DELETE = do_OPTIONS = _forward

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    return Handler
