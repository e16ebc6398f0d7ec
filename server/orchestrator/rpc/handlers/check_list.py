"""check/list."""

from __future__ import annotations

from orchestrator.domain.decide import seal_receipts
from orchestrator.rpc.mapping import receipt_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.finding import CheckListParams, CheckListResult, CheckView


async def check_list(service: Service, params: CheckListParams) -> CheckListResult:
    """The commands that judge a mission, with their receipts."""
    mission = service.get(params.mission_id)
    receipts = mission.seal.receipts if mission.seal else seal_receipts(mission)
    checks = [
        CheckView(
            name=check.name,
            command=check.command,
            when=check.when.value,
            timeout_s=check.timeout_s,
            is_declared=check.is_declared,
            source=check.source,
            receipts=[receipt_view(receipt) for receipt in receipts if receipt.check == check.name],
        )
        for check in mission.checks
    ]
    return CheckListResult(checks=checks, held_back=list(mission.held_back))
