"""budget/change."""

from __future__ import annotations

from orchestrator.domain.commands import ChangeBudget
from orchestrator.rpc.mapping import limits_of
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import Budget
from orchestrator_protocol.session import BudgetChangeParams, BudgetChangeResult


async def budget_change(service: Service, params: BudgetChangeParams, peer: Peer) -> BudgetChangeResult:
    """Set limits of a mission anew."""
    budget = Budget(tokens=params.tokens, money_usd=params.money_usd, turns=params.turns, tool_calls=params.tool_calls)
    await service.do(params.mission_id, ChangeBudget(peer.name, limits_of(budget)))
    return BudgetChangeResult()
