"""The programs that can run the server: where each has its configuration, and how our entry gets in and out."""

from mcp_router.clients.client import Client, Place, Scope
from mcp_router.clients.known import clients, here

__all__ = ["Client", "Place", "Scope", "clients", "here"]
