"""Taking secrets out of text before it is kept or shown. Pure: no files, no clock, nothing of the product.

`redact` and `redact_bytes` take whole texts, `Redactor` takes a stream in pieces. Each secret becomes
`[redacted:<kind>]`. All of it takes time linear in the text.
"""

from __future__ import annotations

from orchestrator.redaction.own import own_secrets, secrets_of
from orchestrator.redaction.replacing import Redacted, RedactedBytes, redact, redact_bytes
from orchestrator.redaction.stream import Redactor

__all__ = ["Redacted", "RedactedBytes", "Redactor", "own_secrets", "redact", "redact_bytes", "secrets_of"]
