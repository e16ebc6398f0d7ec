"""The OpenRPC document (https://spec.open-rpc.org, version 1.3.2)."""

from __future__ import annotations

import json
from typing import Any

from orchestrator_protocol import PROTOCOL_VERSION
from orchestrator_protocol.codegen.contract import Contract, Entry, common_errors
from orchestrator_protocol.codegen.schema import Schema, wire_text
from orchestrator_protocol.errors import ErrorKind

_SCHEMAS = "#/components/schemas/"
_TAGS = {
    "to_server": "The client sends it.",
    "to_client": "The server sends it; the client answers.",
    "notification": "It gets no reply.",
}


def openrpc(contract: Contract) -> dict[str, Any]:
    """Every method with its params by name, result, errors and examples."""
    kinds = dict.fromkeys([*common_errors(), *(kind for entry in contract.entries for kind in entry.errors)])
    return {
        "openrpc": "1.3.2",
        "info": {
            "title": "OpenCode Orchestrator",
            "version": str(PROTOCOL_VERSION),
            "description": "JSON-RPC 2.0 with Content-Length framing, after LSP's initialize. See docs/protocol.md.",
            "license": {"name": "MIT"},
        },
        "methods": [_method(entry, contract) for entry in contract.entries],
        "components": {
            "schemas": {name: moved(schema) for name, schema in contract.definitions.items()},
            "errors": {kind.name: _error(kind, contract) for kind in kinds},
            "tags": {name: {"name": name, "description": text} for name, text in _TAGS.items()},
        },
    }


def _method(entry: Entry, contract: Contract) -> dict[str, Any]:
    method = entry.method
    schema = contract.definitions[method.params.__name__]
    required = frozenset(schema.get("required", ()))
    tags = ["to_server" if entry.is_to_server else "to_client", *([] if entry.is_request else ["notification"])]
    described: dict[str, Any] = {
        "name": method.name,
        "summary": method.doc,
        "description": schema.get("description", ""),
        "tags": [{"$ref": f"#/components/tags/{tag}"} for tag in tags],
        "paramStructure": "by-name",
        "params": [
            _param(name, moved(member), is_required=name in required) for name, member in schema["properties"].items()
        ]
        if "properties" in schema
        else [],
    }
    if method.result:
        described["result"] = {"name": "result", "schema": {"$ref": _SCHEMAS + method.result.__name__}}
        described["errors"] = [
            {"$ref": f"#/components/errors/{kind.name}"} for kind in dict.fromkeys([*entry.errors, *common_errors()])
        ]
        described["examples"] = _examples(entry)
    if entry.is_to_server:
        described["x-command"] = method.command
    return described


def _param(name: str, schema: Schema, *, is_required: bool) -> dict[str, Any]:
    described = {"description": schema["description"]} if "description" in schema else {}
    return {"name": name, **described, "required": is_required, "schema": schema}


def _examples(entry: Entry) -> list[dict[str, Any]]:
    """One pairing: the fullest params that are known to fit, and the first result."""
    if not entry.params_examples or not entry.result_examples:
        return []
    params = max(entry.params_examples, key=lambda example: len(json.dumps(example)))
    return [
        {
            "name": entry.method.name,
            "params": [{"name": name, "value": value} for name, value in params.items()],
            "result": {"name": "result", "value": entry.result_examples[0]},
        }
    ]


def _error(kind: ErrorKind, contract: Contract) -> dict[str, Any]:
    data = {"code": kind.name, "hint": contract.hints.get(kind.name, ""), "isRetryUseful": kind.is_retry_useful}
    return {"code": kind.code, "message": wire_text(kind.meaning), "data": data}


def moved(schema: Any) -> Any:  # noqa: ANN401 - JSON data
    """The schema with its references to where OpenRPC keeps shapes."""
    return json.loads(json.dumps(schema).replace('"#/$defs/', f'"{_SCHEMAS}'))
