"""mission/start."""

from __future__ import annotations

from pathlib import Path

from anyio import to_thread

from orchestrator.config.layers import load
from orchestrator.domain.words import ApprovalMode, DeliveryMode
from orchestrator.rpc.mapping import limits_of
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import Budget, ContextItem, MissionStartParams, MissionStartResult

CONFIGURED = frozenset({"host", "delivery", "approval", "budget"})
"""What the configuration says where the client does not."""


async def mission_start(service: Service, params: MissionStartParams) -> MissionStartResult:
    """Take a mission in."""
    from orchestrator.engine.service import StartRequest  # noqa: PLC0415 - the engine loads with the first mission

    if not _is_whole(params):
        params = await to_thread.run_sync(filled, params, Path(service.root))
    mission, before = await service.start(
        StartRequest(
            text=params.text,
            host=params.host,
            delivery=DeliveryMode(params.delivery),
            is_trusted=params.trust,
            max_iterations=params.max_iterations,
            approval=ApprovalMode(params.approval),
            limits=limits_of(params.budget),
            wall_time_s=params.budget.wall_time_s or 0.0,
            key=params.key,
            context=tuple(_place(item) for item in params.context),
            models=tuple(sorted(params.models.items())),
        )
    )
    return MissionStartResult(mission_id=mission.id, status=mission.standing.value, queue_position=before)


def filled(params: MissionStartParams, root: Path) -> MissionStartParams:
    """What the client left out, and each limit that it left out, as the user's and the project's configuration say.

    Raises OrchestratorError `wrong_configuration`.
    """
    if _is_whole(params):
        return params
    said = CONFIGURED & params.model_fields_set
    config = load(root).require()
    left_out = {name: getattr(config, name) for name in CONFIGURED - said if name != "budget"}
    budget = Budget(**config.budget.model_dump() | params.budget.model_dump(exclude_unset=True))
    return params.model_copy(update={**left_out, "budget": budget})


def _is_whole(params: MissionStartParams) -> bool:
    """Whether the client said everything that the configuration could say."""
    is_said = params.model_fields_set >= CONFIGURED
    return is_said and params.budget.model_fields_set >= Budget.model_fields.keys()


def _place(item: ContextItem) -> str:
    """A context item as the domain keeps it: "path", or "path:first-last" with lines from 1."""
    if item.first_line is None:
        return item.path
    return f"{item.path}:{item.first_line}-{item.last_line or item.first_line}"
