"""Where redaction stands in the way to disk: the log and the output of commands."""

from __future__ import annotations

import logging
from pathlib import Path

from secrets_made import TOKENS, seeded

from orchestrator.sandbox.output import OutputKeeper
from orchestrator.telemetry.log import log_to_file


def test_the_log_keeps_no_secret_of_a_traceback(tmp_path: Path) -> None:
    secret = TOKENS["openai-key"][0](seeded(1))
    before = logging.root.handlers[:], logging.root.level
    try:
        log_to_file(tmp_path / "log")
        try:
            int(f"refused {secret}")
        except ValueError:
            logging.getLogger("x").exception("with %s", {"authorization": f"Bearer {secret}"})
        for handler in logging.root.handlers:
            handler.close()
    finally:
        logging.root.handlers[:], level = before
        logging.root.setLevel(level)
    text = (tmp_path / "log").read_text()
    assert secret not in text
    assert text.count("[redacted:openai-key]") == 2
    assert "Traceback" in text


def test_kept_output_and_its_file_are_the_same_redacted_bytes(tmp_path: Path) -> None:
    secret = TOKENS["npm-token"][0](seeded(1)).encode()
    place = tmp_path / "log"
    with OutputKeeper(cap_bytes=10_000, spill_path=str(place), spill_cap_bytes=10_000) as keeper:
        keeper.feed(b"token " + secret[:15])
        keeper.feed(secret[15:] + b"\nno newline at the end: " + secret)
        assert keeper.kept() == b"token [redacted:npm-token]\nno newline at the end: [redacted:npm-token]"
        assert keeper.size_bytes == len(keeper.kept())
    assert place.read_bytes() == keeper.kept()
