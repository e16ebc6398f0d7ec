"""A stock language client against the server that editors start: nothing of ours on the client's side."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

SOURCE = "def missing(name, names):\n    return not name in names\n"


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[sys.executable, "-m", "orchestrator", "serve"]))
async def client(lsp_client: LanguageClient, tmp_path: Path) -> AsyncGenerator[None]:
    """A client that has opened an empty workspace."""
    params = types.InitializeParams(
        capabilities=types.ClientCapabilities(
            window=types.WindowClientCapabilities(work_done_progress=True),
            text_document=types.TextDocumentClientCapabilities(
                publish_diagnostics=types.PublishDiagnosticsClientCapabilities(version_support=True)
            ),
        ),
        root_uri=tmp_path.as_uri(),
        workspace_folders=[types.WorkspaceFolder(tmp_path.as_uri(), "workspace")],
    )
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


@pytest.mark.asyncio
async def test_diagnostics_and_a_fix(client: LanguageClient, tmp_path: Path) -> None:
    uri = (tmp_path / "names.py").as_uri()
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, SOURCE)))
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    (diagnostic,) = client.diagnostics[uri]
    assert diagnostic.code == "py-negated-in"
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(uri), diagnostic.range, types.CodeActionContext([diagnostic])
        )
    )
    assert actions
    assert any("name not in names" in str(action.edit) for action in actions if isinstance(action, types.CodeAction))
