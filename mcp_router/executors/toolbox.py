"""The tools as a model sees them: their schemas, and the calls that it makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_router.executors.conversation import Tool, ToolCall, ToolResult
from mcp_router.executors.files import ToolError

if TYPE_CHECKING:
    from mcp_router.executors.files import Folder

_TYPES: dict[str, type] = {"string": str, "integer": int}


def _tool(name: str, description: str, required: dict[str, str], optional: dict[str, str] | None = None) -> Tool:
    fields = required | (optional or {})
    properties = {key: {"type": "integer" if key.endswith("_line") else "string"} for key in fields}
    for key, text in fields.items():
        if text:
            properties[key]["description"] = text
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    return Tool(name, description, schema)


TOOLS = (
    _tool(
        "list_files",
        "List the files of the folder.",
        {},
        {"folder": "Only those under it.", "pattern": "A glob for path or name, such as *.py."},
    ),
    _tool(
        "read_file",
        "Read a text file, or some of its lines.",
        {"path": ""},
        {"first_line": "Counted from 1.", "last_line": ""},
    ),
    _tool(
        "search",
        "Find the lines that match a Python regular expression.",
        {"pattern": ""},
        {"folder": "Only files under it, or that file.", "files": "A glob for path or name, such as *.py."},
    ),
    _tool(
        "edit_file",
        "Replace one passage of a file.",
        {"path": "", "old": "The passage, copied exactly; it must occur once.", "new": ""},
    ),
    _tool("write_file", "Make a new file, or replace a file as a whole.", {"path": "", "text": ""}),
    _tool("delete_file", "Delete a file.", {"path": ""}),
)


def use(folder: Folder, call: ToolCall) -> ToolResult:
    """Do what a call asks for; what is wrong with it is told to the model, never raised."""
    try:
        arguments = _checked(call)
        return ToolResult(call.id, getattr(folder, call.name)(**arguments))
    except ToolError as error:
        return ToolResult(call.id, str(error), error=True)
    except OSError as error:
        return ToolResult(call.id, f"{call.name} could not be done: {error.strerror}.", error=True)


def _checked(call: ToolCall) -> dict[str, Any]:
    tool = next((tool for tool in TOOLS if tool.name == call.name), None)
    if tool is None:
        raise ToolError(f"There is no tool {call.name!r}; use {', '.join(tool.name for tool in TOOLS)}.")
    if not isinstance(call.arguments, dict):
        raise ToolError(f"The arguments of {call.name} are no JSON object; send one.")
    arguments = {key: value for key, value in call.arguments.items() if value is not None}
    properties = tool.parameters["properties"]
    for name in tool.parameters["required"]:
        if name not in arguments:
            raise ToolError(f"{call.name} needs {name}; give it.")
    for name, value in arguments.items():
        if name not in properties:
            raise ToolError(f"{call.name} takes no {name}; it takes {', '.join(properties)}.")
        kind = properties[name]["type"]
        if type(value) is not _TYPES[kind]:
            raise ToolError(f"{name} of {call.name} must be of type {kind}.")
    return arguments
