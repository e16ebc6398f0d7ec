"""Calls from the server to its client: answered, refused, late, and cut off."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import anyio
import pytest

from orchestrator.client.connection import connected
from orchestrator.errors import OrchestratorError
from orchestrator.rpc import message
from orchestrator.rpc.connections import open_connections
from orchestrator.rpc.initialize import checked_hello
from orchestrator.rpc.limits import DEFAULT
from orchestrator.rpc.server import serve

pytestmark = pytest.mark.anyio


async def test_calls_to_the_client(pipe, fake, tmp_path) -> None:
    _, open_service = fake
    server_in, client_out = pipe(8)
    client_in, server_out = pipe(8)
    heard: list[object] = []
    async with open_connections(is_shared=True) as connections, anyio.create_task_group() as tasks:

        async def run() -> None:
            await serve(
                server_in,
                server_out,
                open_service=open_service,
                make_linter=None,
                connections=connections,
                limits=replace(DEFAULT, pending_calls=3),
            )

        tasks.start_soon(run)
        async with connected(client_in, client_out) as client:
            inner = client._take

            def take(received: message.Message) -> None:
                heard.append(received)
                if isinstance(received, message.Request) and received.method == "echo":
                    client._outbox.put(message.encode_result(received.id, received.params))
                elif isinstance(received, message.Request) and received.method == "silent":
                    return
                else:
                    inner(received)

            client._take = take
            ours = {"host": {"name": "editor", "containment": "mediated"}, "approve": {"plans": True}}
            params = {
                "rootUri": tmp_path.as_uri(),
                "clientInfo": {"name": "test", "version": "1"},
                "capabilities": {"experimental": {"orchestrator": ours, "another": 5}},
            }
            await client.call("initialize", params)
            (peer,) = connections.peers.values()
            assert (peer.name, peer.capabilities.host and peer.capabilities.host.name) == ("test 1", "editor")
            assert peer.capabilities.approve.plans
            assert not peer.capabilities.approve.permissions
            assert await peer.call("echo", {"a": 1}) == {"a": 1}
            with pytest.raises(OrchestratorError) as refused:
                await peer.call("unheard/of", {})
            assert refused.value.code == "client_refused"
            with pytest.raises(OrchestratorError) as silent:
                await peer.call("silent", {}, timeout_s=0.1)
            assert silent.value.code == "client_silent"
            async with anyio.create_task_group() as asking:
                for _ in range(3):
                    asking.start_soon(partial(peer.call, "silent", {}, timeout_s=60))
                await anyio.wait_all_tasks_blocked()
                with pytest.raises(OrchestratorError) as busy:
                    await peer.call("echo", {})
                assert busy.value.code == "server_busy"
                asking.cancel_scope.cancel()
            assert await peer.call("echo", {"b": 2}) == {"b": 2}
            await anyio.sleep(0.1)
            cancels = [m for m in heard if isinstance(m, message.Notification) and m.method == "$/cancelRequest"]
            assert len(cancels) == 4, "one for each call that was given up"

            async def leave() -> None:
                await anyio.sleep(0.1)
                client.notify("exit", None)

            tasks.start_soon(leave)
            with pytest.raises(OrchestratorError) as gone:
                await peer.call("silent", {}, timeout_s=60)
            assert gone.value.code == "client_gone"
            with anyio.fail_after(10):
                await peer.closed.wait()
            with pytest.raises(OrchestratorError) as later:
                await peer.call("echo", {})
            assert later.value.code == "client_gone"
        for stream in (client_out, server_in, client_in, server_out):
            await stream.aclose()


@pytest.mark.parametrize(
    ("said", "code"),
    [({"protocolVersion": 2}, "protocol_mismatch"), ({"host": {"maxSessions": 0}}, "invalid_params")],
)
async def test_capabilities_are_checked(said, code) -> None:
    with pytest.raises(OrchestratorError) as caught:
        checked_hello({"capabilities": {"experimental": {"orchestrator": said}}})
    assert caught.value.code == code
