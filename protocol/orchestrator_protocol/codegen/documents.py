"""Every generated file of the contract, by path."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator_protocol.codegen.contract import Contract, gather
from orchestrator_protocol.codegen.lua import lua
from orchestrator_protocol.codegen.openrpc import openrpc
from orchestrator_protocol.codegen.page import page
from orchestrator_protocol.codegen.python import python
from orchestrator_protocol.codegen.schema import DIALECT
from orchestrator_protocol.codegen.typescript import typescript


def documents(root: Path) -> dict[Path, str]:
    """What the repository at `root` should hold; reads `schema/server.json` and the golden frames there."""
    protocol = root / "protocol"
    contract = gather(protocol)
    return {
        protocol / "schema/protocol.schema.json": _json(_bundle(contract)),
        protocol / "schema/openrpc.json": _json(openrpc(contract)),
        root / "docs/protocol.md": page(contract),
        **{protocol / "orchestrator_protocol/plain" / name: text for name, text in python(contract).items()},
        **{protocol / "typescript" / name: text for name, text in typescript(contract).items()},
        **{protocol / "lua" / name: text for name, text in lua(contract).items()},
    }


def stale(root: Path, wanted: dict[Path, str]) -> list[Path]:
    """Generated sources that nothing writes any more, such as those of a noun that was renamed."""
    found = [*(root / "protocol/typescript").glob("*.ts"), *(root / "protocol/lua").glob("*.lua")]
    return [path for path in found if path not in wanted]


def _bundle(contract: Contract) -> dict[str, object]:
    return {
        "$schema": DIALECT,
        "title": "OpenCode Orchestrator protocol",
        "description": "Every shape of the protocol below $defs; openrpc.json says which method uses which.",
        "$defs": contract.definitions,
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
