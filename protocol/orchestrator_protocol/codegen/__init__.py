"""Writes what clients in other languages read: JSON Schema, OpenRPC, TypeScript, Lua, and docs/protocol.md.

`contract` gathers all from the models, the tables and `protocol/schema/server.json` (what only the server knows); each
other module renders one kind of document from that and from nothing else. `python -m orchestrator_protocol.codegen`
writes the documents into the repository.
"""
