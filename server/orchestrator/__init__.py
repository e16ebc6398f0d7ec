"""OpenCode Orchestrator: a mission server for coding agents."""

__version__ = "0.1.0"
