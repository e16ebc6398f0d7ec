"""JSON-RPC 2.0 messages: reading bodies, writing replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard, cast

import msgspec
from pydantic import BaseModel

from orchestrator_protocol.errors import code_of

Id = int | str
_MAX_ID_CHARS = 1_024
_INT64 = 1 << 63
_NO_PARAMS = msgspec.Raw(b"null")
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Request:
    """Must be answered exactly once. `raw` is the JSON text of its params, "null" where it has none."""

    id: Id
    method: str
    raw: bytes

    @property
    def params(self) -> Any:  # noqa: ANN401 - JSON data
        """The params as JSON data. Raises ValueError where text in them is no UTF-8."""
        return _decoder.decode(self.raw)


@dataclass(frozen=True, slots=True)
class Notification:
    """Is never answered."""

    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request of ours. `error` is None on success."""

    id: Any
    result: Any
    error: Any


@dataclass(frozen=True, slots=True)
class Invalid:
    """Nothing of the above. `id` is None where none could be read; `name` is the registered error's."""

    id: Id | None
    name: str
    reason: str


Message = Request | Notification | Response | Invalid


class _Call(msgspec.Struct):
    """A request as nearly every client sends it; its params are read once, by the method's own model."""

    jsonrpc: Literal["2.0"]
    id: int | str
    method: str
    params: msgspec.Raw = _NO_PARAMS


_call_decoder = msgspec.json.Decoder(_Call)


def parse(body: bytes, nesting_cap: int) -> Message:
    """Read one body. Never raises: what can't be read is Invalid."""
    if body.count(b"{") + body.count(b"[") <= nesting_cap:
        try:
            call = _call_decoder.decode(body)
        except (msgspec.MsgspecError, ValueError):
            pass  # something else than a plain request: the thorough way tells what
        else:
            if _is_id(call.id):
                return Request(call.id, call.method, bytes(call.params))
    return _parse_thoroughly(body, nesting_cap)


def _parse_thoroughly(body: bytes, nesting_cap: int) -> Message:
    try:
        data = _decoder.decode(body)
    except (msgspec.DecodeError, ValueError) as error:
        return Invalid(None, "parse_error", f"the frame's body is not valid JSON: {error}")
    except RecursionError:
        return Invalid(None, "invalid_request", f"the message is nested deeper than {nesting_cap} levels")
    if isinstance(data, list):
        return Invalid(None, "invalid_request", "batches are not supported; send one message a frame")
    if not isinstance(data, dict):
        return Invalid(None, "invalid_request", "a message must be an object")
    message = cast("dict[str, Any]", data)
    if body.count(b"{") + body.count(b"[") > nesting_cap and _is_deeper(message, nesting_cap):
        found = message.get("id")
        known = found if _is_id(found) else None
        return Invalid(known, "invalid_request", f"the message is nested deeper than {nesting_cap} levels")
    return _read(message)


def _read(message: dict[str, Any]) -> Message:
    method = message.get("method")
    if "method" not in message and ("result" in message or "error" in message):
        return Response(message.get("id"), message.get("result"), message.get("error"))
    if "id" not in message:
        if isinstance(method, str):
            return Notification(method, message.get("params"))
        return Invalid(None, "invalid_request", "the message is neither a request nor a notification nor a reply")
    found = message["id"]
    if not _is_id(found):
        return Invalid(None, "invalid_request", "an id must be a string of at most 1024 characters or a 64 bit integer")
    if message.get("jsonrpc") != "2.0":
        return Invalid(found, "invalid_request", 'the field jsonrpc must be "2.0"')
    if not isinstance(method, str):
        return Invalid(found, "invalid_request", "the field method must be a string")
    return Request(found, method, _encoder.encode(message.get("params")))


def _is_id(value: object) -> TypeGuard[Id]:
    if isinstance(value, str):
        return len(value) <= _MAX_ID_CHARS
    return isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64


def _is_deeper(value: dict[str, Any], cap: int) -> bool:
    level: list[Any] = [value]
    for _ in range(cap):
        following: list[Any] = []
        for item in level:
            children = cast("dict[str, Any]", item).values() if isinstance(item, dict) else cast("list[Any]", item)
            following.extend(cast("Any", child) for child in children if isinstance(child, dict | list))
        if not following:
            return False
        level = following
    return True


def encode_result(request_id: Id, result: object) -> bytes:
    """A success reply. Raises when the result is not JSON data."""
    encoded_id = b"%d" % request_id if isinstance(request_id, int) else _encoder.encode(request_id)
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (encoded_id, encode(result))


def encode_error(
    request_id: Id | None, name: str, reason: str, hint: str = "", facts: Mapping[str, object] | None = None
) -> bytes:
    """An error reply with the registered code of `name`; names without an entry travel in `data.code` all the same.

    `facts` is plain JSON data for programs, which becomes a part of `data`.
    """
    detail = {**(facts or {}), "code": name, "hint": _sendable(hint)}
    body = {"code": code_of(name), "message": _sendable(reason), "data": detail}
    return _encoder.encode({"jsonrpc": "2.0", "id": request_id, "error": body})


def encode_call(method: str, params: object, request_id: Id | None = None) -> bytes:
    """A request, or without an id a notification. Params are a model or JSON data."""
    call: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": msgspec.Raw(encode(params))}
    if request_id is not None:
        call["id"] = request_id
    return _encoder.encode(call)


def encode(value: object) -> bytes:
    """A model with its wire names, or JSON data, as JSON text."""
    if isinstance(value, BaseModel):
        return value.__pydantic_serializer__.to_json(value, by_alias=True)
    return _encoder.encode(value)


def _sendable(text: str) -> str:
    """Cut to what a person reads, and free of the lone surrogates that no encoder takes."""
    return text[:4_000].encode("utf-8", "replace").decode("utf-8")
