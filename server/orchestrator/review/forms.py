"""The base's word on checks and the change's on all else, for files that hold both."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from pathlib import PurePosixPath
from typing import cast

_PYPROJECT_TOOLS = ("pytest", "coverage", "tox", "nox")
_PACKAGE_KEYS = ("scripts", "jest", "vitest", "mocha", "ava", "nyc", "c8", "babel")
_CARGO_KEYS = ("lib", "bin", "test", "bench")
_SETUP_SECTIONS = re.compile(r"^\[(?:tool:)?(?:pytest|coverage)[^\]]*\]|^\[aliases\]", re.MULTILINE)
_INLINE_TESTS = re.compile(rb"^[ \t]*#\[cfg\(test\)\]", re.MULTILINE)


def base_config(path: str, old: bytes, new: bytes | None) -> bytes | None:
    """What to put in place of a changed configuration."""
    name = PurePosixPath(path).name
    if new is None:
        return old
    if name == "pyproject.toml":
        return new if _tools(old) == _tools(new) else old
    if name == "Cargo.toml":
        return new if _targets(old) == _targets(new) else old
    if name == "package.json":
        return _package_form(old, new)
    if name == "setup.cfg":
        return new if _sections(old) == _sections(new) else old
    return old


def without_config(path: str, new: bytes) -> bytes | None:
    """What to put in place of a configuration that the base does not have; None: nothing."""
    name = PurePosixPath(path).name
    if name == "pyproject.toml":
        return None if _tools(new) != _tools(b"") else new
    if name == "Cargo.toml":
        return new
    if name == "package.json":
        return _package_form(b"{}", new)
    if name == "setup.cfg":
        return None if _sections(new) else new
    return new if name in {"Makefile", "makefile", "GNUmakefile"} else None


def base_inline_tests(old: bytes, new: bytes | None) -> bytes | None:
    """New code with the tests that the base had at its end."""
    if new is None:
        return old
    was, now = _INLINE_TESTS.search(old), _INLINE_TESTS.search(new)
    tests = old[was.start() :] if was else b""
    return new[: now.start()] + tests if now else new.rstrip() + b"\n\n" + tests


def _tools(content: bytes) -> object:
    try:
        tools = cast("dict[str, object]", tomllib.loads(content.decode()).get("tool", {}))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return content
    return {key: tools.get(key) for key in _PYPROJECT_TOOLS}


def _targets(content: bytes) -> object:
    try:
        data = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return content
    package = cast("dict[str, object]", data.get("package", {}))
    automatic = {key: value for key, value in package.items() if key.startswith("auto")}
    return automatic, {key: data.get(key) for key in _CARGO_KEYS}


def _sections(content: bytes) -> object:
    """The sections of a setup.cfg that configure checks."""
    text = content.decode("utf-8", "replace")
    if not _SETUP_SECTIONS.search(text):
        return {}
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return text
    return {name: dict(parser.items(name)) for name in parser.sections() if _SETUP_SECTIONS.match(f"[{name}]")}


def _package_form(old: bytes, new: bytes) -> bytes:
    try:
        before, after = json.loads(old), json.loads(new)
        if all(before.get(key) == after.get(key) for key in _PACKAGE_KEYS):
            return new
    except (ValueError, AttributeError, RecursionError):
        return old
    mixed = {key: value for key, value in after.items() if key not in _PACKAGE_KEYS}
    mixed |= {key: before[key] for key in _PACKAGE_KEYS if key in before}
    return json.dumps(mixed, indent=2).encode()
