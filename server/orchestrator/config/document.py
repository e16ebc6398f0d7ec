"""The JSON Schema of the configuration files, for editors."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from typing import Any, cast

from orchestrator.config import model
from orchestrator.config.model import Config
from orchestrator.config.narrowing import PROJECT, USER_ONLY
from orchestrator.config.settings import kinds

_EXAMPLES: dict[str, list[Any]] = {
    "checks": [[{"name": "tests", "command": "python -m pytest -q", "timeout_s": 120}]],
    "setup": [["npm ci"]],
    "models": [{"default": ["local/qwen3-coder"], "planner": ["cloud/large", "local/qwen3-coder"]}],
    "providers": [{"local": {"base_url": "http://localhost:11434/v1"}, "cloud": {"key": "env:OPENAI_API_KEY"}}],
    "hooks": [[{"name": "format", "on": "attempt.committed", "command": "ruff format ."}]],
    "limits": [{"slots": 8, "session_timeout_s": 600}],
    "budget": [{"tokens": 2_000_000, "money_usd": 5}],
    "tools": [{"worker": ["read_file", "edit_file"]}],
    "sandbox": [{"required": ["landlock"], "network": False}],
}


def configuration_schema() -> dict[str, Any]:
    """Draft 2020-12; every key with what it means, its default, and who may set it."""
    schema = Config.model_json_schema(by_alias=True)
    said = _attribute_docs()
    for name, shape in {"Config": schema, **cast("dict[str, Any]", schema["$defs"])}.items():
        for key, member in shape.get("properties", {}).items():
            member.pop("title", None)
            attribute = "schema_address" if key == "$schema" else key
            member["description"] = said[name, attribute] + _who(key if name == "Config" else "")
            if name == "Config" and key in _EXAMPLES:
                member["examples"] = _EXAMPLES[key]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "OpenCode Orchestrator configuration",
        "description": "The user's config.jsonc and a workspace's .opencode/orchestrator.jsonc. " + _doc(Config),
    }
    return head | {key: value for key, value in schema.items() if key not in head}


def _who(key: str) -> str:
    """Who may set a key of the top level."""
    rules = {kind.rule for kind in kinds().values() if kind.path[0] == key}
    if rules == {USER_ONLY}:
        return " Only in your own file."
    return " Only in a workspace's file." if rules == {PROJECT} else ""


def _attribute_docs() -> dict[tuple[str, str], str]:
    """The strings below the attributes of each section."""
    tree = ast.parse(inspect.getsource(model))
    return {
        (section.name, field.target.id): inspect.cleandoc(after.value.value)
        for section in tree.body
        if isinstance(section, ast.ClassDef)
        for field, after in pairwise(section.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str)
    }


def _doc(shape: type) -> str:
    return inspect.getdoc(shape) or ""
