"""The contract between the mission server and its clients.

Pydantic models, one noun a module; `methods.py` is the table of all methods, `errors.py` the registry of all errors.
Attributes are snake_case here and camelCase on the wire. Requests refuse fields they do not know, so that a misspelt
option is never silently ignored; results and events keep unknown fields, so that an older client can talk to a newer
server.
"""

PROTOCOL_VERSION = 1
"""Raised when a change breaks older clients. Both sides see it in `experimental.orchestrator.protocolVersion`."""
