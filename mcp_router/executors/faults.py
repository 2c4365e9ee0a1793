"""What a provider may do wrong, in one sentence each, and which of it is worth another try.

The retries are ours and not the SDKs': theirs sleep as long as the server says, cannot be cancelled, and repeat
calls that timed out, which may be billed each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mcp_router.errors import AcrouterError, ProviderError
from mcp_router.executors.conversation import LimitReached, Patience

if TYPE_CHECKING:
    from mcp_router.executors.conversation import Turn
    from mcp_router.executors.endpoint import Endpoint

RETRY_DELAYS_S = (0.5, 2.0)
"""Seconds before the second and the third try, where the provider does not say."""

UNBILLED = ("auth", "rate_limit", "refused", "unreachable")
"""Kinds of fault after which nothing is owed: the request was turned away before any work, or never arrived."""


def answered(call: Callable[[], Turn], endpoint: Endpoint, patience: Patience) -> Turn:
    """The turn that `call` gets; tried again, at most twice, after a 429 or a 5xx, never beyond the deadline.

    Raises:
        ProviderError: the provider failed; Cancelled, LimitReached: as Patience.check.
    """
    for delay in (*RETRY_DELAYS_S, None):
        try:
            return call()
        except (AcrouterError, LimitReached):
            raise
        except Exception as error:
            fault = explain(error, endpoint)
            wait = _wait_s(error, delay)
            # A wait for bytes is never longer than what is left, so the deadline looks like a silent provider.
            patience.check()
        if wait is None or wait >= patience.left_s():
            raise fault
        patience.wait(wait)
    raise AssertionError("the last round returns or raises")


def explain(error: Exception, endpoint: Endpoint) -> ProviderError:
    """The fault behind an SDK's exception, in one sentence that names the model, the provider and the fix.

    kind: auth (401, 403), rate_limit (429), refused (other 4xx), server (5xx), unreachable, timeout (no byte for
    timeout_s), garbage (not the protocol's shape, or the connection closed half way).
    """
    who = endpoint.describe()
    setting = f"models.{endpoint.model}"
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _explain_status(status, error, endpoint)
    names = set(_names(error))
    if any("Timeout" in name for name in names):
        return ProviderError(
            "timeout", f"{who} sent nothing for {endpoint.timeout_s:g} s; try again, or raise {setting}.timeout_s."
        )
    if names & {"ConnectError", "ProxyError", "UnsupportedProtocol", "InvalidURL"}:
        return ProviderError("unreachable", f"{who} cannot be reached; check {setting}.base_url and the network.")
    if names & {"TransportError", "APIConnectionError"}:
        return ProviderError("garbage", f"{who} closed the connection in the middle of its answer; try again.")
    if "APIError" in names:
        said = _said(error, endpoint)
        return ProviderError("server", f"{who} broke off its answer with an error{said}; try again.")
    return ProviderError(
        "garbage",
        f"{who} did not answer as its protocol says; check base_url, provider and api of {setting}.",
    )


def _explain_status(status: int, error: Exception, endpoint: Endpoint) -> ProviderError:
    who, setting, said = endpoint.describe(), f"models.{endpoint.model}", _said(error, endpoint)
    if status in (401, 403):
        fix = f"correct it or set {setting}.key_env"
        return ProviderError("auth", f"{endpoint.key_env} is not accepted by {who}: HTTP {status}; {fix}.")
    if status == 429:
        return ProviderError("rate_limit", f"{who} takes no more requests now: HTTP 429{said}; try again later.")
    if status >= 500:
        return ProviderError("server", f"{who} failed: HTTP {status}{said}; try again later.")
    if status >= 400:
        fix = f"check served_as, effort and base_url of {setting}"
        return ProviderError("refused", f"{who} refused the request: HTTP {status}{said}; {fix}.")
    return ProviderError("server", f"{who} broke off its answer with an error{said}; try again.")


def _said(error: Exception, endpoint: Endpoint) -> str:
    """What the provider itself said of it, cut and without the key; it is a stranger's text."""
    body: Any = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else None
    if not isinstance(message, str):
        return ""
    words = " ".join(endpoint.redact(message).split()).rstrip(".")
    return f', saying "{words[:160]}"'


def _wait_s(error: Exception, delay: float | None) -> float | None:
    """Seconds to wait before the next try; None: do not try again."""
    status = getattr(error, "status_code", None)
    if delay is None or not isinstance(status, int) or not (status == 429 or status >= 500):
        return None
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        return max(0.0, float(headers.get("retry-after", delay)))
    except ValueError:
        return delay


def _names(error: BaseException) -> Iterator[str]:
    """Names of the classes of an exception and of what caused it: neither SDK need be imported to tell."""
    seen: BaseException | None = error
    while seen is not None:
        yield from (cls.__name__ for cls in type(seen).__mro__)
        seen = seen.__cause__
