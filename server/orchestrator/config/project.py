"""A workspace's own file: `.opencode/orchestrator.jsonc`."""

from __future__ import annotations

from orchestrator.config.model import Config
from orchestrator.config.problem import ConfigError
from orchestrator.config.reading import read_document

__all__ = ["ConfigError", "ProjectConfig", "read_project_config"]

ProjectConfig = Config
"""What a workspace's file says, with the defaults for all else."""


def read_project_config(text: str, source: str) -> ProjectConfig:
    """Read the text of a workspace's file; `source` is its name in errors. An empty text gives the defaults.

    Raises ConfigError with the place, the key and, for a misspelt key, the nearest right one. Whether it tightens what
    the user says is judged where both are known, by `layers.Sources.over`.
    """
    document = read_document(text, source)
    if document.problems:
        raise document.problems[0]
    return ProjectConfig.model_validate(document.data)
