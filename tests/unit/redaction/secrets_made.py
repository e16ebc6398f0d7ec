"""Values that have the form of secrets, made anew from a seed, so that no file of the repository holds one."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
WORD = ALNUM + "_-"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
DIGITS = string.digits
BASE64 = ALNUM + "+/"


def seeded(seed: str | int) -> random.Random:
    """The same values at every run."""
    return random.Random(seed)  # noqa: S311 - nothing here has to be a secret


def drawn(rng: random.Random, alphabet: str, count: int) -> str:
    """A random text."""
    return "".join(rng.choices(alphabet, k=count))


def _jwt(rng: random.Random) -> str:
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": drawn(rng, DIGITS, 10)})]
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, drawn(rng, WORD, 43)])


def _discord(rng: random.Random) -> str:
    owner = base64.b64encode(str(rng.randrange(10**17, 10**18)).encode()).decode().rstrip("=")
    return f"{owner}.{drawn(rng, WORD, 6)}.{drawn(rng, ALNUM, 27)}"


def pem(rng: random.Random, lines: int = 12) -> str:
    """The text of a private key."""
    words = rng.choice(["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"])
    body = [drawn(rng, BASE64, 64) for _ in range(lines)] + [drawn(rng, BASE64, rng.randrange(1, 40)) + "=="]
    return "\n".join([f"-----BEGIN {words}-----", *body, f"-----END {words}-----"])


Maker = Callable[[random.Random], str]
TOKENS: dict[str, tuple[Maker, ...]] = {
    "anthropic-key": (lambda r: f"sk-ant-api03-{drawn(r, WORD, 93)}AA", lambda r: f"sk-ant-oat01-{drawn(r, WORD, 80)}"),
    "openrouter-key": (lambda r: f"sk-or-v1-{drawn(r, HEX, 64)}",),
    "openai-key": (
        lambda r: f"sk-proj-{drawn(r, WORD, 120)}",
        lambda r: f"sk-svcacct-{drawn(r, WORD, 60)}",
        lambda r: f"sk-{drawn(r, ALNUM, 20)}T3BlbkFJ{drawn(r, ALNUM, 20)}",
    ),
    "deepseek-key": (lambda r: f"sk-{drawn(r, HEX, 32)}",),
    "groq-key": (lambda r: f"gsk_{drawn(r, ALNUM, 52)}",),
    "xai-key": (lambda r: f"xai-{drawn(r, ALNUM, 80)}",),
    "perplexity-key": (lambda r: f"pplx-{drawn(r, ALNUM, 48)}",),
    "cerebras-key": (lambda r: f"csk-{drawn(r, LOWER, 48)}",),
    "nvidia-key": (lambda r: f"nvapi-{drawn(r, WORD, 64)}",),
    "together-key": (lambda r: f"tgp_v1_{drawn(r, WORD, 43)}",),
    "replicate-key": (lambda r: f"r8_{drawn(r, ALNUM, 37)}",),
    "huggingface-token": (lambda r: f"hf_{drawn(r, string.ascii_letters, 34)}",),
    "langsmith-key": (lambda r: f"lsv2_pt_{drawn(r, HEX, 32)}_{drawn(r, HEX, 10)}",),
    "databricks-token": (lambda r: f"dapi{drawn(r, HEX, 32)}",),
    "google-key": (
        lambda r: f"AIza{drawn(r, WORD, 35)}",
        lambda r: f"GOCSPX-{drawn(r, WORD, 28)}",
        lambda r: f"ya29.{drawn(r, WORD, 60)}",
    ),
    "aws-key-id": (lambda r: f"AKIA{drawn(r, string.ascii_uppercase + '234567', 16)}",),
    "azure-key": (lambda r: f"AccountKey={drawn(r, BASE64, 86)}==",),
    "azure-secret": (lambda r: f"{drawn(r, ALNUM, 3)}8Q~{drawn(r, WORD + '.~', 34)}",),
    "digitalocean-token": (lambda r: f"dop_v1_{drawn(r, HEX, 64)}",),
    "cloudflare-key": (lambda r: f"v1.0-{drawn(r, HEX, 24)}-{drawn(r, HEX, 146)}",),
    "vault-token": (lambda r: f"hvs.{drawn(r, WORD, 90)}",),
    "github-token": (
        lambda r: f"gh{r.choice('pousr')}_{drawn(r, ALNUM, 36)}",
        lambda r: f"github_pat_{drawn(r, ALNUM, 22)}_{drawn(r, ALNUM, 59)}",
    ),
    "gitlab-token": (lambda r: f"glpat-{drawn(r, WORD, 20)}", lambda r: f"glrt-{drawn(r, WORD, 20)}"),
    "npm-token": (lambda r: f"npm_{drawn(r, ALNUM, 36)}",),
    "pypi-token": (lambda r: f"pypi-AgEIcHlwaS5vcmc{drawn(r, WORD, 120)}",),
    "docker-token": (lambda r: f"dckr_pat_{drawn(r, WORD, 27)}",),
    "slack-token": (
        lambda r: f"xoxb-{drawn(r, DIGITS, 12)}-{drawn(r, DIGITS, 12)}-{drawn(r, ALNUM, 24)}",
        lambda r: f"xapp-1-{drawn(r, UPPER, 11)}-{drawn(r, DIGITS, 13)}-{drawn(r, HEX, 64)}",
    ),
    "slack-webhook": (
        lambda r: f"hooks.slack.com/services/T{drawn(r, UPPER, 8)}/B{drawn(r, UPPER, 8)}/{drawn(r, ALNUM, 24)}",
    ),
    "discord-webhook": (lambda r: f"discord.com/api/webhooks/{drawn(r, DIGITS, 18)}/{drawn(r, WORD, 68)}",),
    "discord-token": (_discord,),
    "telegram-token": (lambda r: f"{r.randrange(10**9, 10**10)}:AA{drawn(r, WORD, 33)}",),
    "stripe-key": (
        lambda r: f"sk_live_{drawn(r, ALNUM, 24)}",
        lambda r: f"rk_test_{drawn(r, ALNUM, 24)}",
        lambda r: f"whsec_{drawn(r, ALNUM, 32)}",
    ),
    "square-token": (lambda r: f"sq0atp-{drawn(r, WORD, 22)}",),
    "shopify-token": (lambda r: f"shpat_{drawn(r, HEX, 32)}",),
    "twilio-key": (lambda r: f"SK{drawn(r, HEX, 32)}",),
    "sendgrid-key": (lambda r: f"SG.{drawn(r, WORD, 22)}.{drawn(r, WORD, 43)}",),
    "mailgun-key": (lambda r: f"key-{drawn(r, HEX, 32)}",),
    "mailchimp-key": (lambda r: f"{drawn(r, HEX, 32)}-us{r.randrange(1, 22)}",),
    "jwt": (_jwt,),
}
"""Makers by kind of tokens that are told by their own form."""

PLACED: tuple[tuple[str, Maker], ...] = (
    ("MISTRAL_API_KEY={}", lambda r: drawn(r, ALNUM, 32)),
    ("export AWS_SECRET_ACCESS_KEY={}", lambda r: drawn(r, BASE64, 40)),
    ("TWILIO_AUTH_TOKEN: {}", lambda r: drawn(r, HEX, 32)),
    ("CLOUDFLARE_API_TOKEN='{}'", lambda r: drawn(r, WORD, 40)),
    ("GITHUB_TOKEN={}", lambda r: drawn(r, HEX, 40)),
    ('"token": "{}"', lambda r: drawn(r, ALNUM, 24)),
    ('{{\\"client_secret\\": \\"{}\\"}}', lambda r: drawn(r, ALNUM, 32)),
    ("api_key = '{}'", lambda r: drawn(r, LOWER, 32)),
    ("//registry.example/:_authToken={}", lambda r: drawn(r, ALNUM, 36)),
    ("Authorization: Bearer {}", lambda r: drawn(r, WORD, 40)),
    ("curl -H 'authorization: Basic {}'", lambda r: base64.b64encode(drawn(r, ALNUM, 24).encode()).decode()),
    ("'Authorization': 'token {}'", lambda r: drawn(r, HEX, 40)),
    ("postgres://app:{}@db.internal:5432/app", lambda r: drawn(r, ALNUM + "!.", 14)),
    ("git clone https://user:{}@host.invalid/x.git", lambda r: drawn(r, ALNUM, 20)),
    ('PASSWORD="{}"', lambda r: "aB3!" + drawn(r, ALNUM, 8)),
    ("https://host.invalid/x?access_token={}", lambda r: drawn(r, ALNUM, 30)),
)
"""Lines with a place for a value that only its surroundings tell."""
