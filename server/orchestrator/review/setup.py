"""What a worktree's set-up depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from orchestrator.review.files import read_regular

SETUP_TIMEOUT_S = 1_800.0
_INPUTS = (
    "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "requirements-dev.txt", "uv.lock", "poetry.lock",
    "pdm.lock", "Pipfile.lock", "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock",
    "pnpm-lock.yaml", "bun.lock", "Cargo.toml", "Cargo.lock", "go.mod", "go.sum", "Gemfile.lock", "composer.lock",
)  # fmt: skip


def setup_key(root: str, lines: Sequence[str]) -> str:
    """A digest of the set-up lines and of the manifests and lock files in a root: the same key, the same set-up."""
    digest = hashlib.sha256("\0".join(lines).encode())
    for name in _INPUTS:
        content = read_regular(root, name, 50_000_000)
        digest.update(f"\0{name}\0".encode() + (b"-" if content is None else hashlib.sha256(content).digest()))
    return digest.hexdigest()
