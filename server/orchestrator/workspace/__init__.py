"""The workspace room: path confinement, snapshots, worktrees, integration and delivery over a shadow repository."""

from orchestrator.workspace.confine import ConfinedEntry, ConfinedRoot
from orchestrator.workspace.room import ShadowWorkspace, open_workspace

__all__ = ["ConfinedEntry", "ConfinedRoot", "ShadowWorkspace", "open_workspace"]
