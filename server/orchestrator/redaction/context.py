"""Values that are secrets because of where they stand: in a header, in an address, beside a name that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.redaction.entropy import class_count, is_identifier_of_content, looks_random
from orchestrator.redaction.span import Span

_WORD = re.compile(rb"key|token|secret|passw|passphrase|pwd|credential|authorization|cookie|bearer |basic ")
# After the word: the rest of the name, quotes, a sign, quotes, the value. JSON may stand escaped in a string.
_ASSIGNED = re.compile(
    rb"[\w.-]{0,40}(?:\\{0,3}[\"'`])?\]?[ \t]{0,4}(?:=>|:=|==?|:)[ \t]{0,4}"
    rb"(?:\\{0,3}[\"'`](?P<quoted>[^\s\"'`<>(){}\[\],;\\]{8,512}+)|(?P<bare>[^\s\"'`<>(){}\[\],;\\&|]{8,512}+))"
    rb"(?P<after>.?)",
    re.DOTALL,
)
_MORE = re.compile(rb"[^\s\"'`<>(){}\[\],;\\&|]*+")
_NAME_BEFORE = re.compile(rb"[A-Za-z0-9_.-]{0,40}\Z")
_NAME_AFTER = re.compile(rb"[\w.-]{0,40}")
_SCHEME = re.compile(
    rb"(?:bearer|basic|token|apikey|digest|negotiate)[ \t]{1,4}(?P<value>[A-Za-z0-9+/_.~=-]{8,}+)", re.IGNORECASE
)
_HEADER = re.compile(
    rb"authorization\\{0,3}[\"'`]?[ \t]{0,4}[:=,][ \t]{0,4}\\{0,3}[\"'`]?[ \t]{0,2}"
    rb"(?:(?:bearer|basic|token|apikey|bot)[ \t]{1,4})?"
    rb"(?P<value>[A-Za-z0-9+/_.~=-]{8,}+)",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(rb"://[^\s/:@\"'<>`]{0,128}:(?P<value>[^\s/@\"'<>`\[\]]{1,256})@[A-Za-z0-9\[]")
_PLACEHOLDER = re.compile(
    rb"[$%{<*].*|.*(?:example|placeholder|changeme|change_me|your[_-]|dummy|redacted|x{5,}|\*{3,}|\.\.\.).*|(.)\1+",
    re.IGNORECASE | re.DOTALL,
)
_NO_PASSWORD = re.compile(
    rb"(?:my)?(?:pass|passwd|password|pwd|pw|secret|token|user|username|test|foo|bar|p)", re.IGNORECASE
)
"""What documentation writes where a password stands in an address."""
_STRONG = re.compile(
    rb"secret|token|passw|pwd|passphrase|credential"
    rb"|(?:api|app|access|private|client|encryption|signing|auth|account|storage|shared|master|service|admin|session"
    rb"|deploy|license|webhook|ssh|bot|role|user|consumer|integration|subscription)[_.-]?key"
)
_ENV_KEY = re.compile(rb"[A-Z][A-Z0-9_]*_KEY(?:_[A-Z0-9]+)?")
_NO_SECRET = re.compile(
    rb"public|pubkey|hash|digest|checksum|sha\d|md5|key_?id|keyid|fingerprint|thumbprint|cache|primary|foreign|sort"
    rb"|partition|etag|integrity|tokeniz|token_?(?:type|count|id|url|uri|endpoint|regex|re$|map|stream|class|name)"
    rb"|_(?:url|uri|path|file|dir|name|regex|pattern|field|header|label|type|format|length|size|re|id|ttl|count)$"
)
_PASSWORD = re.compile(rb"passw|pwd|passphrase")
_CODE = re.compile(
    rb"[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)+|[A-Za-z_]{1,19}|[\d.+eE_-]+|(?![A-Za-z0-9+/]{40}\Z)(?:[A-Za-z]:[\\/].*|\.{0,2}/.*|[a-z][\w+.-]*://.*)"
)


def contextual(data: bytes) -> Iterator[Span]:
    """Secrets told by their surroundings."""
    position = data.find(b"://")
    while position >= 0:
        found = _URL_PASSWORD.match(data, position)
        if (
            found is not None
            and not _PLACEHOLDER.fullmatch(found["value"])
            and not _NO_PASSWORD.fullmatch(found["value"])
        ):
            yield Span(*found.span("value"), "url-password")
        position = data.find(b"://", position + 3)
    for word in _WORD.finditer(data.lower()):
        yield from _at(data, word.start(), word.group())


def _at(data: bytes, position: int, word: bytes) -> Iterator[Span]:
    """What stands at a word."""
    if word in {b"bearer ", b"basic ", b"authorization"}:
        found = (_HEADER if word == b"authorization" else _SCHEME).match(data, position)
        if found is not None and _is_credential(found["value"]):
            yield Span(*found.span("value"), "authorization")
        return
    found = _ASSIGNED.match(data, position)
    if found is None:
        return
    window = data[max(0, position - 40) : position]
    before, after = _NAME_BEFORE.search(window), _NAME_AFTER.match(data, position)
    name = (before.group() if before else b"") + (after.group() if after else b"")
    group = "quoted" if found["quoted"] else "bare"
    start, end = found.span(group)
    if _is_secret(name, found[group], is_quoted=group == "quoted", after=found["after"]):
        more = _MORE.match(data, end)
        kind = "password" if _PASSWORD.search(name.lower()) else "assigned-secret"
        yield Span(start, more.end() if more else end, kind)


def _is_credential(value: bytes) -> bool:
    """Whether what follows a scheme is a credential and not the next word of a sentence."""
    if _PLACEHOLDER.fullmatch(value):
        return False
    return looks_random(value) or (class_count(value.rstrip(b"=")) >= 3 and not _CODE.fullmatch(value))


def _is_secret(name: bytes, value: bytes, *, is_quoted: bool, after: bytes) -> bool:
    low = name.lower()
    if _NO_SECRET.search(low) or not (_STRONG.search(low) or _ENV_KEY.fullmatch(name)):
        return False
    if _PLACEHOLDER.fullmatch(value) or _CODE.fullmatch(value) or (after in {b"(", b"[", b"{"} and not is_quoted):
        return False
    if is_identifier_of_content(value):
        # A digest's form: a secret only beside a name that can mean nothing else.
        return (
            bool(_ENV_KEY.fullmatch(name) or _STRONG.search(low))
            and len(value) >= 32
            and looks_random(value)
            and b"-" not in value
        )
    if looks_random(value):
        return True
    return bool(_PASSWORD.search(low)) and class_count(value) >= 3 and (is_quoted or name.isupper())
