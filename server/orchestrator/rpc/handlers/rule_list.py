"""rule/list."""

from __future__ import annotations

from anyio import to_thread

from orchestrator.rpc.rules import in_force, view
from orchestrator.rpc.service import Service
from orchestrator_protocol.search import RuleListParams, RuleListResult


async def rule_list(service: Service, params: RuleListParams) -> RuleListResult:
    """The rules that are in force in the workspace."""
    rules = await to_thread.run_sync(in_force, service.root)
    wanted = params.language.lower()
    return RuleListResult(rules=[view(rule) for rule in rules if not wanted or rule.language.lower() == wanted])
