"""Tokens that can be told by their own form: what the vendors' documentation says of prefix, alphabet and length."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.redaction.span import Span

_FORMS: tuple[tuple[str, str], ...] = (
    # Keys for models.
    ("anthropic-key", r"sk-ant-[a-z]{3,8}\d\d-[\w-]{20,}"),
    ("openrouter-key", r"sk-or-(?:v\d-)?[0-9a-f]{32,}"),
    ("openai-key", r"sk-(?:proj|svcacct|admin|None)-[\w-]{20,}|sk-[A-Za-z0-9]{40,}|sess-[A-Za-z0-9]{40}"),
    ("deepseek-key", r"sk-[0-9a-f]{32}"),
    ("sk-key", r"sk-[A-Za-z0-9]{20,}"),
    ("groq-key", r"gsk_[A-Za-z0-9]{40,}"),
    ("xai-key", r"xai-[A-Za-z0-9]{60,}"),
    ("perplexity-key", r"pplx-[A-Za-z0-9]{40,}"),
    ("cerebras-key", r"csk-[a-z0-9]{40,}"),
    ("nvidia-key", r"nvapi-[\w-]{40,}"),
    ("together-key", r"tgp_v1_[\w-]{40,}"),
    ("replicate-key", r"r8_[A-Za-z0-9]{37}"),
    ("huggingface-token", r"hf_[A-Za-z0-9]{32,}|api_org_[A-Za-z0-9]{32,}"),
    ("langsmith-key", r"lsv2_[a-z]{2}_[0-9a-f]{32}_[0-9a-f]{10}"),
    ("databricks-token", r"dapi[0-9a-f]{32}"),
    # Clouds.
    ("google-key", r"AIza[\w-]{35}|GOCSPX-[\w-]{28}|ya29\.[\w-]{20,}|1//0[\w-]{40,}"),
    ("aws-key-id", r"(?:AKIA|ASIA|ABIA|ACCA)(?![A-Z0-9]{9}EXAMPLE)[A-Z2-7]{16}"),
    ("aws-key", r"ABSK[A-Za-z0-9+/]{100,}={0,2}"),
    ("azure-key", r"(?:AccountKey|SharedAccessKey|SharedSecretKey)=[A-Za-z0-9+/]{40,88}={0,2}"),
    ("azure-secret", r"[A-Za-z0-9_~.-]{3}\dQ~[\w~.-]{31,34}"),
    ("azure-sas", r"sig=[A-Za-z0-9%+/]{40,60}(?:%3D|=)"),
    ("digitalocean-token", r"do[opr]_v1_[0-9a-f]{64}"),
    ("cloudflare-key", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}|cf(?:ut|at|k)_[\w-]{40,}"),
    ("heroku-key", r"HRKU-[\w-]{36,}"),
    ("flyio-token", r"FlyV1 fm\d_[\w+/=,-]{40,}"),
    ("vault-token", r"hv[sbr]\.[\w-]{24,}"),
    # Code and packages.
    ("github-token", r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}"),
    ("gitlab-token", r"gl(?:pat|dt|oas|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[\w.-]{20,}"),
    ("bitbucket-token", r"ATBB[A-Za-z0-9_=]{28,}|ATCTT3x[\w=-]{60,}|ATATT3x[\w=-]{60,}"),
    ("npm-token", r"npm_[A-Za-z0-9]{36}"),
    ("pypi-token", r"pypi-A[\w-]{50,}"),
    ("rubygems-key", r"rubygems_[0-9a-f]{48}"),
    ("crates-token", r"cio[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("docker-token", r"dckr_[a-z]{3}_[\w-]{20,}"),
    ("linear-key", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    ("notion-token", r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])"),
    ("sentry-token", r"sntry[su]_[\w+/=-]{40,}"),
    ("grafana-token", r"glc_[A-Za-z0-9+/]{32,}={0,2}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    ("newrelic-key", r"NRAK-[A-Z0-9]{27}"),
    ("postman-key", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("supabase-key", r"sb[ps]_(?:secret_)?[A-Za-z0-9_-]{31,}"),
    # Messages and money.
    ("slack-token", r"xox[abeoprs]-[\w-]{10,}|xapp-\d-[\w-]{20,}"),
    ("slack-webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/]{20,}"),
    ("discord-webhook", r"(?:discord|discordapp)\.com/api/webhooks/\d{15,20}/[\w-]{50,}"),
    ("discord-token", r"(?:M[Tjz]|N[DTjz]|O[DT])[\w-]{21,26}\.[\w-]{6}\.[\w-]{27,}"),
    ("telegram-token", r"\d{8,10}:AA[\w-]{32,34}"),
    ("stripe-key", r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}={0,2}"),
    ("square-token", r"sq0[a-z]{3}-[\w-]{22,}|EAAA[\w-]{60}"),
    ("shopify-token", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("twilio-key", r"SK[0-9a-f]{32}"),
    ("sendgrid-key", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    ("mailgun-key", r"key-[0-9a-f]{32}"),
    ("mailchimp-key", r"[0-9a-f]{32}-us\d{1,2}"),
)
_TOKEN = (
    "(?<![A-Za-z0-9])(?:"
    + "|".join(f"(?P<{kind.replace('-', '_')}>{form})" for kind, form in _FORMS)
    + r"|(?<![\w-])(?P<jwt>eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]*+|eyJ[\w-]{8,}+\.[\w-]*+(?:\.[\w-]++){3}))"
)
_FORM = re.compile(_TOKEN.encode())
# Every form holds a run of at least `_SHORTEST` of these; most text holds few such runs.
_RUN = re.compile(rb"[A-Za-z0-9_+/=~.:%,-]{16,}+")
_GATE = re.compile(rb"[0-9]|hf_|api_org_|gl[a-z]{2,5}-|gh[a-z]_|npm_|[rs]k[-_]")
"""Nearly all tokens hold a digit, or begin like these; searching only such runs saves two thirds of the time."""
_RUN_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/=~.:%,-"
_SHORTEST = 16
_AS_RUN = bytes(97 if code in _RUN_BYTES else 32 for code in range(256))

KINDS = (*(kind for kind, _ in _FORMS), "jwt")
"""The kinds that this module finds."""


def vendor_tokens(data: bytes) -> Iterator[Span]:
    """The tokens of known form."""
    if b"a" * _SHORTEST not in data.translate(_AS_RUN):
        return
    for run in _RUN.finditer(data):
        if _GATE.search(run.group()) is None:
            continue
        for found in _FORM.finditer(data, max(0, run.start() - 6), run.end()):
            yield Span(found.start(), found.end(), (found.lastgroup or "token").replace("_", "-"))
