"""rule/explain."""

from __future__ import annotations

from difflib import get_close_matches

from anyio import to_thread

from orchestrator.errors import OrchestratorError
from orchestrator.rpc.rules import definition, in_force, view
from orchestrator.rpc.service import Service
from orchestrator_protocol.search import RuleExplainParams, RuleExplainResult


async def rule_explain(service: Service, params: RuleExplainParams) -> RuleExplainResult:
    """One rule, in each language that has it."""
    return await to_thread.run_sync(_explained, service.root, params.rule_id)


def _explained(root: str, rule_id: str) -> RuleExplainResult:
    rules = in_force(root)
    found = [rule for rule in rules if rule.rule_id == rule_id]
    if not found:
        near = get_close_matches(rule_id, [rule.rule_id for rule in rules], n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "rule/list names all"
        raise OrchestratorError("unknown_rule", f"there is no rule {rule_id!r}", hint)
    note = next((rule.note for rule in found if rule.note), "")
    return RuleExplainResult(rules=[view(rule) for rule in found], note=note, definition=definition(found))
