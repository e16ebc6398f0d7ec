"""Fetching one page of the public web: addresses are looked at before anything is sent, and everything has a cap.

A name is resolved once, every address of it must be public, and the connection goes to an address that was looked at,
so that a name whose address changes meanwhile (DNS rebinding) leads nowhere else. Each redirect is a new address and is
looked at in the same way. No cookies, no proxy, no key: nothing of the machine goes along.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from orchestrator.ports.host import ToolError
from orchestrator.redaction import redact

MAX_URL_CHARACTERS: Final = 2_000
MAX_BODY_BYTES: Final = 2_000_000
MAX_REDIRECTS: Final = 5
TIMEOUT_S: Final = 20.0
"""For all of it: name, redirects, body."""
_PIECE_BYTES: Final = 65_536
_PORTS: Final = frozenset({80, 443})
"""Below 1024 these alone: other services must not be spoken to in HTTP."""
_HEADERS: Final = {"User-Agent": "opencode-orchestrator", "Accept": "text/*, application/json", "Connection": "close"}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Response:
    """What came: `url` is the last address, `content_type` without parameters; `is_cut` when there was more."""

    url: str
    content_type: str
    charset: str
    body: bytes
    is_cut: bool


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, also by what is embedded in it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Web:
    """The way out. `is_allowed` and `resolve` are the machine's; tests bring others."""

    def __init__(self, is_allowed: Callable[[Address], bool] = is_public, resolve: Resolve = resolve) -> None:
        """Nothing is connected."""
        self._is_allowed = is_allowed
        self._resolve = resolve

    def fetch(self, url: str) -> Response:
        """Get a page. Blocking, for at most about TIMEOUT_S beyond the resolver's time. Raises ToolError."""
        deadline = time.monotonic() + TIMEOUT_S
        for _ in range(MAX_REDIRECTS + 1):
            place = checked(url)
            try:
                answer = self._get(place, deadline)
            except (OSError, http.client.HTTPException, ValueError) as error:
                what = f"{place.hostname} can't be read: {type(error).__name__}: {error}"
                raise ToolError("fetch_failed", what, "try another page") from error
            if isinstance(answer, Response):
                return answer
            url = urljoin(url, answer)
        raise ToolError("fetch_failed", f"more than {MAX_REDIRECTS} redirects", "name the page itself")

    def _get(self, place: SplitResult, deadline: float) -> Response | str:
        """The response, or where it redirects to."""
        port = place.port or (443 if place.scheme == "https" else 80)
        host = str(place.hostname)
        address = self._address(host, port)
        with _line(place.scheme, host, address, port, deadline) as line:
            connection = http.client.HTTPConnection(host, port)
            connection.sock = line
            target = (place.path or "/") + (f"?{place.query}" if place.query else "")
            connection.request("GET", target, headers=_HEADERS)
            with connection.getresponse() as response:
                return _answer(place, response, deadline)

    def _address(self, host: str, port: int) -> str:
        """One address of the host, after all were looked at. Raises ToolError `private_address`."""
        if port < 1_024 and port not in _PORTS:
            raise ToolError("private_address", f"port {port} is not for pages", "")
        found = self._resolve(host, port)
        for address in found:
            if not self._is_allowed(ipaddress.ip_address(address.partition("%")[0])):
                raise ToolError("private_address", f"{host} is no host of the public internet ({address})", "")
        if not found:
            raise ToolError("fetch_failed", f"{host} has no address", "")
        return found[0]


def checked(url: str) -> SplitResult:
    """The parts of an address that may be fetched. Raises ToolError `bad_address`."""
    try:
        place = urlsplit(url)
        is_fine = place.scheme in {"http", "https"} and bool(place.hostname) and not place.username and place.port != 0
    except ValueError:
        place, is_fine = urlsplit(""), False
    if not is_fine or len(url) > MAX_URL_CHARACTERS or any(ord(mark) <= 32 or ord(mark) > 126 for mark in url):
        raise ToolError("bad_address", "no address of a page", "http:// or https://, without spaces and names of users")
    if redact(url).count:
        raise ToolError("bad_address", "the address holds what looks like a secret", "leave it out")
    return place


@contextmanager
def _line(scheme: str, host: str, address: str, port: int, deadline: float) -> Generator[socket.socket]:
    """A connection to exactly this address; the name is only said in it, and proven by the certificate.

    It ends at the deadline whatever is under way: a peer that sends a byte now and then can't hold it.
    """
    with ExitStack() as stack:
        line = stack.enter_context(socket.create_connection((address, port), timeout=_left_s(deadline)))
        if scheme == "https":
            context = ssl.create_default_context()
            line = context.wrap_socket(line, server_hostname=host, do_handshake_on_connect=False)
            stack.enter_context(line)
        timer = threading.Timer(_left_s(deadline), _cut, (line,))
        timer.daemon = True
        timer.start()
        stack.callback(timer.cancel)
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        yield line


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _answer(place: SplitResult, response: http.client.HTTPResponse, deadline: float) -> Response | str:
    """The page, or where it redirects to. Raises ToolError and OSError."""
    if response.status in _REDIRECTS and (location := response.getheader("Location")):
        return location
    if response.status != http.HTTPStatus.OK:
        raise ToolError("fetch_failed", f"{place.hostname} answers {response.status}", "try another page")
    if response.getheader("Content-Encoding", "identity") != "identity":
        raise ToolError("fetch_failed", f"{place.hostname} sends packed text, though none was asked for", "")
    pieces: list[bytes] = []
    size = 0
    while size <= MAX_BODY_BYTES and (piece := response.read1(_PIECE_BYTES)):
        pieces.append(piece)
        size += len(piece)
    _left_s(deadline)
    headers = response.headers
    charset = headers.get_content_charset() or "utf-8"
    body = b"".join(pieces)[:MAX_BODY_BYTES]
    return Response(place.geturl(), headers.get_content_type(), charset, body, size > MAX_BODY_BYTES)


def _left_s(deadline: float) -> float:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError(f"not done within {TIMEOUT_S:.0f} s")
    return left_s
