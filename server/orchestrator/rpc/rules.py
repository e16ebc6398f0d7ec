"""The rules of the style guardian that are in force in a workspace."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from orchestrator import native
from orchestrator.domain.finding import web_address
from orchestrator.errors import OrchestratorError
from orchestrator_protocol.search import RuleView

CONFIG_NAMES: Final = ("sgconfig.yml", "sgconfig.yaml")


def in_force(root: str) -> list[native.Rule]:
    """The built-in rules and those that the workspace adds, by id and language. Raises OrchestratorError `bad_rule`."""
    rules = native.RuleSet.builtin()
    config = next((Path(root, name) for name in CONFIG_NAMES if Path(root, name).is_file()), None)
    if config:
        try:
            own = native.RuleSet.from_config(str(config))
        except native.RuleError as error:
            raise OrchestratorError("bad_rule", str(error), "correct it") from error
        if own.problems:
            first = own.problems[0]
            reason = f"{first.source}:{first.line or 1}:{first.column or 1}: {first.reason}"
            raise OrchestratorError("bad_rule", reason, "correct it")
        rules = rules.extended(own)
    return sorted(rules.rules(), key=lambda rule: (rule.rule_id, rule.language))


def view(rule: native.Rule) -> RuleView:
    """One rule as it travels."""
    return RuleView(
        id=rule.rule_id,
        language=rule.language,
        severity=rule.severity,
        message=rule.message,
        is_fixable=rule.is_fixable,
        url=web_address(rule.url) or "",
    )


def definition(rules: list[native.Rule]) -> str:
    """The texts of the files that define these rules, one after another as documents of one YAML text.

    Raises OrchestratorError `bad_rule` when a file of the workspace can't be read any more.
    """
    try:
        texts = {
            name: _builtin().get(name) or Path(name).read_text(encoding="utf-8")
            for name in dict.fromkeys(rule.source_name for rule in rules)
        }
    except (OSError, UnicodeDecodeError) as error:
        raise OrchestratorError("bad_rule", f"a rule's file can't be read: {error}", "correct it") from error
    return "\n---\n".join(text.strip("\n") for text in texts.values()) + "\n"


@cache
def _builtin() -> dict[str, str]:
    return dict(native.builtin_files()[0])
