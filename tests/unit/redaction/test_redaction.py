"""Secrets are taken out, and what only looks like one stays."""

from __future__ import annotations

import base64
import sysconfig
import uuid
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redaction_false_alarms import ROOT, lock_files, sources, tally
from secrets_made import ALNUM, BASE64, HEX, PLACED, TOKENS, drawn, pem, seeded

from orchestrator.redaction import Redacted, RedactedBytes, redact, redact_bytes, secrets_of
from orchestrator.redaction.vendors import KINDS

AROUND = ("{}", "the key is {} today", '{{"value": "{}"}}', "x={}\n", "a\n{}\nb", "({})", "url?k={}&b=1", "`{}`,")


@pytest.mark.parametrize("kind", TOKENS)
def test_tokens_of_every_vendor_are_taken_out(kind: str) -> None:
    rng = seeded(kind)
    for _ in range(20):
        for make in TOKENS[kind]:
            token = make(rng)
            for around in AROUND:
                text = around.format(token)
                assert redact(text) == Redacted(around.format(f"[redacted:{kind}]"), 1), text


def test_made_kinds_are_found_kinds() -> None:
    assert set(TOKENS) <= set(KINDS)


@pytest.mark.parametrize("line", [line for line, _ in PLACED])
def test_values_in_telling_places_are_taken_out(line: str) -> None:
    make = dict(PLACED)[line]
    rng = seeded(line)
    kept = 0
    for _ in range(200):
        value = make(rng)
        text = redact(line.format(value)).text
        kept += value in text
        assert value in text or redact(text).count == 0
        assert text.startswith(line.partition("{}")[0].replace("{{", "{")) or value in text
    assert kept <= 4, f"{kept} of 200 values stayed"


RANDOM_LOOKING = {
    "git commit": lambda r: f"commit {drawn(r, HEX, 40)}",
    "short commit": lambda r: f"{drawn(r, HEX, 7)}..{drawn(r, HEX, 7)}",
    "uuid": lambda r: f"token_id: {uuid.UUID(int=r.getrandbits(128))}",
    "uuid token": lambda r: f'"token": "{uuid.UUID(int=r.getrandbits(128))}"',
    "sri": lambda r: f'"integrity": "sha512-{base64.b64encode(r.randbytes(64)).decode()}"',
    "pip hash": lambda r: f"    --hash=sha256:{drawn(r, HEX, 64)} \\",
    "cargo checksum": lambda r: f'checksum = "{drawn(r, HEX, 64)}"',
    "go sum": lambda r: f"example.com/x v1.0.0/go.mod h1:{base64.b64encode(r.randbytes(32)).decode()}",
    "image": lambda r: f"src='data:image/png;base64,{base64.b64encode(r.randbytes(300)).decode()}'",
    "public key": lambda r: f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{drawn(r, BASE64, 43)} me@host",
    "public pem": lambda r: pem(r).replace("PRIVATE", "PUBLIC"),
    "certificate": lambda r: (
        pem(r)
        .replace("OPENSSH PRIVATE KEY", "PRIVATE KEY")
        .replace("RSA ", "")
        .replace("EC ", "")
        .replace("PRIVATE KEY", "CERTIFICATE")
    ),
    "public key name": lambda r: f'publicKeyToken="{drawn(r, HEX, 16)}"',
    "cache key": lambda r: f'cache_key = "{drawn(r, ALNUM, 32)}"',
    "key id": lambda r: f'"key_id": "{drawn(r, ALNUM, 24)}"',
    "etag": lambda r: f'etag: "{drawn(r, HEX, 32)}"',
    "code": lambda r: "token = self.tokenizer.next_token_of_kind2(Kind3, b64)",
    "types": lambda r: "def f(password: Optional[SecretStr], api_key: str = DEFAULT_API_KEY_V2): ...",
    "placeholder": lambda r: "API_KEY=your-api-key-here1 PASSWORD=${DB_PASSWORD_2} token: <TOKEN123456789>",
    "prose": lambda r: "Basic authentication2 needs a bearer credential3, see the authorization: header",
    "url": lambda r: "https://host:8080/path@2x and http://user@host/ and git@host:me/x.git",
    "mark of a key": lambda r: "if text.startswith('-----BEGIN RSA PRIVATE KEY-----'): raise",
    "temporary": lambda r: f"/tmp/pytest-of-me/pytest-{drawn(r, '123', 3)}/test_token_secret_{drawn(r, ALNUM, 8)}0",
}


@pytest.mark.parametrize("name", RANDOM_LOOKING)
def test_what_only_looks_random_stays(name: str) -> None:
    rng = seeded(name)
    for _ in range(100):
        text = RANDOM_LOOKING[name](rng)
        assert redact(text) == Redacted(text, 0)


FRAMES = {
    "plain": lambda key: key,
    "windows": lambda key: key.replace("\n", "\r\n"),
    "escaped": lambda key: '{"private_key": "' + key.replace("\n", "\\n") + '\\n"}',
    "added": lambda key: "\n".join("+" + line for line in key.split("\n")),
    "indented": lambda key: "\n".join("    " + line for line in key.split("\n")),
    "numbered": lambda key: "\n".join(f"{n:6}\t{line}" for n, line in enumerate(key.split("\n"))),
    "a test's report": lambda key: "\n".join("E       " + line for line in key.split("\n")),
    "a log": lambda key: "\n".join(f"2026-01-01 12:00:00,123 INFO app: {line}" for line in key.split("\n")),
    "one line": lambda key: key.replace("\n", " "),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("lines", [1, 3, 27])
def test_private_keys_are_taken_out_whole(frame: str, lines: int) -> None:
    rng = seeded(frame)
    for _ in range(10):
        key = pem(rng, lines)
        text = f"before\n{FRAMES[frame](key)}\nafter {drawn(rng, ALNUM, 3)}\n"
        found = redact(text)
        assert not [line for line in key.split("\n")[1:-1] if line in found.text], found.text
        assert found.count == 1
        assert found.text.startswith("before\n")
        assert "after" in found.text
        assert "PRIVATE" not in found.text


def test_a_key_that_is_cut_is_taken_out_too() -> None:
    key = pem(seeded(3), 10)
    lines = key.split("\n")
    for cut in range(2, 11):
        head = redact("\n".join(lines[:cut]) + "\nand then a sentence follows here\n")
        assert head == Redacted("[redacted:private-key]\nand then a sentence follows here\n", 1)
        tail = redact("a sentence before that\n" + "\n".join(lines[cut:]) + "\nafter")
        assert tail == Redacted("a sentence before that\n[redacted:private-key]\nafter", 1)


def test_own_secrets_are_found_by_their_exact_value() -> None:
    environment = {
        "MY_PASSWORD": "correct horse battery", "DB_DSN": "plain-but-ours-7", "X_KEY": "abc",
        "PATH": "/usr/bin:/bin/long",
        "AWS_REGION": "eu-central-1", "SSH_AUTH_SOCK": "/tmp/ssh-x/agent.1", "PUBLIC_KEY": "published-value-12345",
        "TOKEN_FILE": "/run/secrets/token", "GIT_AUTHOR_NAME": "Somebody Known", "SOME_TOKEN": "true",
        "PWD": "/home/me/project",
        "DEPLOY_KEY": "-----BEGIN KEY-----\nfirst-line-of-a-value\nshort\n-----END KEY-----",
    }  # fmt: skip
    own = secrets_of(environment)
    assert set(own) == {b"correct horse battery", b"plain-but-ours-7", b"first-line-of-a-value"}
    text = "".join(f"{name}={value}\n" for name, value in environment.items())
    found = redact(text, own)
    assert found.count == 3
    assert "correct horse" not in found.text
    assert redact(found.text, own) == Redacted(found.text, 0)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_redacting_again_changes_nothing_and_the_rest_stays(data: st.DataObject) -> None:
    rng = seeded(data.draw(st.integers()))
    makers = [make for group in TOKENS.values() for make in group]
    pieces = data.draw(
        st.lists(st.one_of(st.text(max_size=20), st.sampled_from([" ", "\n", "=", "://", "token: "])), max_size=8)
    )
    text = "".join(piece + f" {rng.choice(makers)(rng)} " for piece in pieces)
    once = redact(text)
    assert redact(once.text) == Redacted(once.text, 0)
    assert once.count >= len(pieces) - text.count("://") - text.count("=")


def test_bytes_that_are_no_text_survive() -> None:
    token = TOKENS["github-token"][0](seeded(1)).encode()
    data = bytes(range(256)) + b" " + token + b"\xff\xfe"
    assert redact_bytes(data) == RedactedBytes(bytes(range(256)) + b" [redacted:github-token]\xff\xfe", 1)
    assert redact("\ud800 " + token.decode()).text == "\ud800 [redacted:github-token]"


@pytest.mark.parametrize(
    "unit",
    ["sk-", "eyJ", "-eyJ", "eyJaaaaaaaa.", "-----BEGIN RSA PRIVATE KEY-----\n", "-----END ", "token=", "://a:", "MTA",
     "a", "key:", "authorization: ", "A" * 64 + "\n", '"', "\\", "password==", "0", "Q~",
     "-----BEGIN PRIVATE KEY-----" + "A" * 20],
)  # fmt: skip
def test_hostile_repetition_ends(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    assert len(redact(text).text) > 0


def test_real_code_and_lock_files_raise_hardly_any_alarm() -> None:
    code = tally([*sources(Path(sysconfig.get_paths()["purelib"]))][::25])
    assert code.size_bytes > 500_000
    assert code.per_megabyte < 1, code.shown
    locks = tally(lock_files(ROOT))
    assert locks.files >= 4
    assert not locks.shown
