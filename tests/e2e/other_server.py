"""A program that is no orchestrator server, for clients that are pointed at one."""

from __future__ import annotations

import sys

OTHER_SERVER = """
import json, sys
while True:
    length = int(sys.stdin.buffer.readline().split(b":")[1])
    sys.stdin.buffer.readline()
    message = json.loads(sys.stdin.buffer.read(length))
    if "id" in message:
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], **REPLY}).encode()
        sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
        sys.stdout.buffer.flush()
"""


def other(reply: dict[str, object]) -> list[str]:
    """A language server that answers everything in one way."""
    return [sys.executable, "-c", f"REPLY = {reply!r}\n{OTHER_SERVER}"]
