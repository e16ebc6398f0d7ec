"""budget/settle."""

from __future__ import annotations

from orchestrator.domain.budget import Amounts
from orchestrator.rpc.mapping import MICRO
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.session import BudgetSettleParams, BudgetSettleResult


async def budget_settle(service: Service, params: BudgetSettleParams, peer: Peer) -> BudgetSettleResult:
    """Say what a call has used."""
    used = Amounts(tokens=params.tokens, money_microusd=round(params.money_usd * MICRO), turns=1)
    await service.hosted.settle(peer.id, params.session_id, params.reservation_id, used)
    return BudgetSettleResult()
