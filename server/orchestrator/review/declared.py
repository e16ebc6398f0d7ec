"""The distributions that a Python workspace declares in its manifests, and the modules that they are known to bring."""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import cast

from orchestrator.review.files import read_regular
from orchestrator.review.python_ast import parse

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_REQUIREMENTS_FILE = re.compile(r"^(.*requirements.*|constraints.*)\.(txt|in)$")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")

PROVIDERS: dict[str, tuple[str, ...]] = {
    "attr": ("attrs",), "bs4": ("beautifulsoup4",), "cairo": ("pycairo",), "Crypto": ("pycryptodome", "pycrypto"),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"), "dateutil": ("python-dateutil",),
    "docx": ("python-docx",), "dotenv": ("python-dotenv",), "faiss": ("faiss-cpu", "faiss-gpu"), "fitz": ("pymupdf",),
    "git": ("gitpython",), "github": ("pygithub",), "gi": ("pygobject",), "google": ("protobuf",), "grpc": ("grpcio",),
    "jose": ("python-jose",), "jwt": ("pyjwt",), "ldap": ("python-ldap",), "Levenshtein": ("python-levenshtein",),
    "magic": ("python-magic",), "multipart": ("python-multipart",), "MySQLdb": ("mysqlclient",),
    "nacl": ("pynacl",), "OpenSSL": ("pyopenssl",), "PIL": ("pillow",), "pkg_resources": ("setuptools",),
    "pptx": ("python-pptx",), "psycopg2": ("psycopg2-binary",), "pydantic_core": ("pydantic",),
    "pydispatch": ("pydispatcher",), "_pytest": ("pytest",),
    "pythoncom": ("pywin32",), "rest_framework": ("djangorestframework",), "ruamel": ("ruamel-yaml",),
    "serial": ("pyserial",), "skimage": ("scikit-image",), "sklearn": ("scikit-learn",), "slugify": ("python-slugify",),
    "socketio": ("python-socketio",), "starlette": ("fastapi",), "telegram": ("python-telegram-bot",),
    "tlz": ("toolz",), "usb": ("pyusb",), "websocket": ("websocket-client",), "win32api": ("pywin32",),
    "win32con": ("pywin32",), "wx": ("wxpython",), "yaml": ("pyyaml",), "zmq": ("pyzmq",),
}  # fmt: skip
"""Import names whose distribution is called otherwise."""


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def provides(declared: frozenset[str], module: str) -> bool:
    """Whether one of the declared distributions plausibly brings a module (dotted name)."""
    parts = module.split(".")
    top = normalised(parts[0])
    if {normalised(".".join(parts[:count])) for count in range(1, len(parts) + 1)} & declared:
        return True
    if any(name in declared for name in PROVIDERS.get(parts[0], ())):
        return True
    if {f"python-{top}", f"py{top}", f"{top}-python", f"{top}-py", f"types-{top}"} & declared:
        return True
    # `opentelemetry-api` brings `opentelemetry`, `django-filter` needs `django`.
    return any(name.startswith(f"{top}-") for name in declared)


def declared_distributions(root: str, paths: Iterable[str]) -> frozenset[str]:
    """The normalised names of what the manifests among these paths require or are."""
    found: set[str] = set()
    for path in paths:
        name = PurePosixPath(path).name
        reader = _READERS.get(name)
        if reader is None and (_REQUIREMENTS_FILE.match(name) or PurePosixPath(path).parent.name == "requirements"):
            reader = _from_requirements
        if reader is None:
            continue
        content = read_regular(root, path, 2_000_000)
        if content is not None:
            found.update(normalised(entry) for entry in reader(content.decode("utf-8", "replace")))
    return frozenset(found)


def _names(requirements: Iterable[object]) -> Iterator[str]:
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement) if isinstance(requirement, str) else None
        if match:
            yield match.group(1)


def _from_requirements(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from _EGG.findall(line)
        yield from _names([line])


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _from_pyproject(text: str) -> Iterator[str]:
    try:
        data = _table(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    project, tools = _table(data.get("project")), _table(data.get("tool"))
    yield from _names([project.get("name")])
    yield from _names(_items(project.get("dependencies")))
    yield from _names(_items(_table(data.get("build-system")).get("requires")))
    groups = [project.get("optional-dependencies"), data.get("dependency-groups")]
    groups.append(_table(tools.get("pdm")).get("dev-dependencies"))
    groups += [_table(environment) for environment in _table(_table(tools.get("hatch")).get("envs")).values()]
    for group in groups:
        for requirements in _table(group).values():
            yield from _names(_items(requirements))
    yield from _names(_items(_table(tools.get("uv")).get("dev-dependencies")))
    poetry = _table(tools.get("poetry"))
    tables = [poetry, *(_table(group) for group in _table(poetry.get("group")).values())]
    for table in tables:
        for key in ("dependencies", "dev-dependencies"):
            yield from _table(table.get(key))


def _from_setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    yield from _names([parser.get("metadata", "name", fallback="")])
    for key in ("install_requires", "setup_requires", "tests_require"):
        yield from _from_requirements(parser.get("options", key, fallback=""))
    if parser.has_section("options.extras_require"):
        for _, value in parser.items("options.extras_require"):
            yield from _from_requirements(value)


def _from_setup_py(text: str) -> Iterator[str]:
    """Every literal string in the requirement arguments; what is computed stays unseen."""
    try:
        tree = parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in {
            "name",
            "install_requires",
            "extras_require",
            "tests_require",
        }:
            yield from _names(part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant))


def _from_pipfile(text: str) -> Iterator[str]:
    try:
        data = _table(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    for key in ("packages", "dev-packages"):
        yield from _table(data.get(key))


_READERS = {
    "pyproject.toml": _from_pyproject,
    "setup.cfg": _from_setup_cfg,
    "setup.py": _from_setup_py,
    "Pipfile": _from_pipfile,
}
