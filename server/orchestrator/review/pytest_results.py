"""Results test by test of a command that runs pytest, by way of the JUnit file that pytest can write."""

from __future__ import annotations

import re
import shlex
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.redaction import redact

MAX_RESULT_BYTES = 50_000_000
MESSAGE_CHARACTERS = 2_000
_PYTEST = re.compile(r"(?:^|[\s;&|(/])(?:pytest|py\.test)(?=$|[\s;&|)])")
_PLACE = re.compile(r"^(?P<path>[^\s:]+):(?P<line>\d+): ", re.MULTILINE)
NO_TESTS_EXIT_CODE = 5


@dataclass(frozen=True, slots=True)
class CaseFailure:
    """Why a test failed. `path` is relative to the tree as pytest says it, `line` zero-based."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class CaseResults:
    """What became of each test, by its id (`path::Class::name`); tests expected to fail count as skipped."""

    passed: frozenset[str] = frozenset()
    failed: Mapping[str, CaseFailure] = field(default_factory=dict[str, CaseFailure])
    skipped: frozenset[str] = frozenset()


def runs_pytest(command: str) -> bool:
    """Whether a shell line runs pytest exactly once, so that its results can be asked for."""
    return len(_PYTEST.findall(command)) == 1 and "no:junitxml" not in command


def pytest_environment(environment: Mapping[str, str], results: Path, options: tuple[str, ...]) -> dict[str, str]:
    """The environment with the options for pytest added to those that it has already."""
    added = (f"--junit-xml={results}", "-o", "junit_family=xunit1", *options)
    return {"PYTEST_ADDOPTS": " ".join([environment.get("PYTEST_ADDOPTS", ""), shlex.join(added)]).strip()}


def file_of(test_id: str) -> str:
    """The file of a test, from its id."""
    return test_id.split("::", maxsplit=1)[0]


def read_results(file: Path) -> CaseResults | None:
    """The results in a JUnit file; None when there is no usable one."""
    try:
        if file.is_symlink() or file.stat().st_size > MAX_RESULT_BYTES:
            return None
        content = file.read_bytes()
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            return None
        root = ET.fromstring(content)  # noqa: S314 - without a DTD there is nothing to expand
    except (OSError, ET.ParseError):
        return None
    passed: set[str] = set()
    skipped: set[str] = set()
    failed: dict[str, CaseFailure] = {}
    for case in root.iter("testcase"):
        test_id = _id(case)
        problem = case.find("failure")
        if problem is None:
            problem = case.find("error")
        if problem is not None:
            failed.setdefault(test_id, _failure(case, problem))
        elif case.find("skipped") is None:
            passed.add(test_id)
        else:
            skipped.add(test_id)
    return CaseResults(frozenset(passed - failed.keys()), failed, frozenset(skipped - failed.keys()))


def _id(case: ET.Element) -> str:
    file, name, owner = case.get("file", ""), case.get("name", ""), case.get("classname", "")
    module = re.sub(r"\.py$", "", file).replace("/", ".")
    name = re.sub(r"\b0x[0-9a-f]+", "0x", name)  # addresses of objects differ from run to run
    if not owner:
        return file or name  # A file that could not be collected.
    inner = owner.removeprefix(module).strip(".")
    return redact("::".join(part for part in (file, *inner.split("."), name) if part)).text


def _failure(case: ET.Element, problem: ET.Element) -> CaseFailure:
    path = case.get("file", "")
    text = (problem.text or "").strip()
    places = [found for found in _PLACE.finditer(text) if found["path"] == path]
    line = int(places[-1]["line"]) - 1 if places else int(case.get("line") or 0)
    summary = problem.get("message", "").strip()
    message = text if summary in text else f"{summary}\n{text}"
    return CaseFailure(path, max(line, 0), tail(redact(message).text, MESSAGE_CHARACTERS))


def tail(text: str, characters: int) -> str:
    """The end of a text; where something was cut, it says so."""
    if len(text) <= characters:
        return text
    mark = "[… the beginning is cut]\n"
    return mark + text[len(text) - characters + len(mark) :]
