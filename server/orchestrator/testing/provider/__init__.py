"""A provider of models that needs no model: real HTTP on loopback, OpenAI's and Anthropic's protocols, and every fault.

For tests of hosts and clients. docs/fake-provider.md explains scripts; `python -m orchestrator.testing.provider FILE`
runs one for programs in other languages. It listens on loopback alone.
"""

from __future__ import annotations

from orchestrator.testing.provider.competence import Competence
from orchestrator.testing.provider.exchange import Answer, Call, Failure, Message, Policy, ToolCall
from orchestrator.testing.provider.faults import FAULTS, Fault, struck
from orchestrator.testing.provider.mistakes import Mistake, Skill, wrong_bodies
from orchestrator.testing.provider.script import ProviderScript, Script, load_script
from orchestrator.testing.provider.seeded import SeededFaults
from orchestrator.testing.provider.server import FakeProvider, serving

__all__ = [
    "FAULTS",
    "Answer",
    "Call",
    "Competence",
    "Failure",
    "FakeProvider",
    "Fault",
    "Message",
    "Mistake",
    "Policy",
    "ProviderScript",
    "Script",
    "SeededFaults",
    "Skill",
    "ToolCall",
    "load_script",
    "serving",
    "struck",
    "wrong_bodies",
]
