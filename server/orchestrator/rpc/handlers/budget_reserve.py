"""budget/reserve."""

from __future__ import annotations

from orchestrator.domain.budget import Amounts
from orchestrator.rpc.mapping import MICRO
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.session import BudgetReserveParams, BudgetReserveResult


async def budget_reserve(service: Service, params: BudgetReserveParams, peer: Peer) -> BudgetReserveResult:
    """Hold back the worst case of a model call."""
    worst = Amounts(tokens=params.tokens, money_microusd=round(params.money_usd * MICRO), turns=1)
    return BudgetReserveResult(reservation_id=await service.hosted.reserve(peer.id, params.session_id, worst))
