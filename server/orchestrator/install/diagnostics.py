"""The server as a language server of OpenCode: its entry below `lsp`, which shows findings as diagnostics."""

from __future__ import annotations

import json
from collections.abc import Sequence

from orchestrator.errors import OrchestratorError
from orchestrator.install.jsonc_edit import is_blank, member_of, root_of, with_member, without

_KEY = "lsp"
_NAME = "orchestrator"
EXTENSIONS = (
    *(".py", ".pyi", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"),
    *(".go", ".rs", ".java", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".rb", ".php"),
)
"""Files that OpenCode shows to the server."""


def with_diagnostics(text: str, command: Sequence[str]) -> str:
    """The text with the server among OpenCode's language servers, which that switches on as a whole.

    Raises OrchestratorError `broken_jsonc`, and `unfit_config` where somebody has switched them off.
    """
    said = json.dumps({"command": list(command), "extensions": list(EXTENSIONS)}, ensure_ascii=False)
    root = root_of(text)
    servers = member_of(root, _KEY)
    if servers is None:
        return with_member(text, root, f'"{_KEY}": {{"{_NAME}": {said}}}')
    if servers.members is None:
        if text[servers.start : servers.end] != "true":
            raise OrchestratorError(
                "unfit_config",
                f'"{_KEY}" is switched off',
                f'take "{_KEY}" out of the file, or leave --diagnostics out',
            )
        return f'{text[: servers.start]}{{"{_NAME}": {said}}}{text[servers.end :]}'
    ours = member_of(servers, _NAME)
    if ours is None:
        return with_member(text, servers, f'"{_NAME}": {said}')
    return text if text[ours.start : ours.end] == said else text[: ours.start] + said + text[ours.end :]


def without_diagnostics(text: str, original: str) -> str:
    """The text without the server; when no other is left, `lsp` is what `original` says. Raises as the above."""
    if is_blank(text):
        return text
    root = root_of(text)
    servers = member_of(root, _KEY)
    ours = member_of(servers, _NAME) if servers else None
    if servers is None or ours is None:
        return text
    if len(servers.members or ()) > 1:
        return without(text, servers, ours)
    earlier = None if is_blank(original) else member_of(root_of(original), _KEY)
    if earlier is None:
        return without(text, root, servers)
    return text[: servers.start] + original[earlier.start : earlier.end] + text[servers.end :]
