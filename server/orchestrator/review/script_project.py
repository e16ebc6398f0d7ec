"""What a JavaScript or TypeScript project brings: dependencies, aliases and workspace packages, by folder."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import cast

from orchestrator.review.files import read_regular

_DEPENDENCY_KEYS = (
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "optionalDependencies",
    "bundledDependencies",
    "bundleDependencies",
)
_BUILD_CONFIG = re.compile(
    r"^((vite|vitest|webpack|rollup|jest|babel|svelte|nuxt|metro|astro|next|rspack|rsbuild|esbuild|craco|vue)\.config"
    r"|webpack|\.babelrc|electron\.vite\.config)[\w.-]*\.?([cm]?[jt]s|json)?$"
)
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


@dataclass(slots=True)
class ScriptProjects:
    """All projects of a tree. Keys are folders ("." is the root); patterns may hold one `*`."""

    dependencies: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    own_names: set[str] = field(default_factory=set[str])
    hash_imports: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    aliases: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    base_folders: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    ambient: set[str] = field(default_factory=set[str])
    build_texts: dict[str, str] = field(default_factory=dict[str, str])
    targets: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """(folder, pattern, target): below the folder a name that fits the pattern means this path of the tree."""

    def is_known_at(self, folder: str, package: str) -> bool:
        """Whether a project around a folder depends on a package, or is it."""
        typed = f"@types/{package.removeprefix('@').replace('/', '__')}"
        return any({package, typed} & self.dependencies.get(above, set()) for above in folders_above(folder))

    def is_alias_at(self, folder: str, specifier: str) -> bool:
        """Whether a pattern of a project around a folder fits a specifier, or a build configuration names its start."""
        start = specifier.split("/", maxsplit=1)[0]
        quoted = re.compile(rf"""(['"`^/\s{{]){re.escape(start)}(['"`$/:\s]|$)""")
        for above in folders_above(folder):
            patterns = self.hash_imports if specifier.startswith("#") else self.aliases
            if any(fits(pattern, specifier) for pattern in patterns.get(above, [])):
                return True
            if quoted.search(self.build_texts.get(above, "")):
                return True
        return False


def fits(pattern: str, specifier: str) -> bool:
    """Whether a specifier fits a pattern with at most one `*`."""
    head, star, tail = pattern.partition("*")
    if not star:
        return specifier == pattern
    return specifier.startswith(head) and specifier.endswith(tail) and len(specifier) >= len(head) + len(tail)


def folders_above(folder: str) -> list[str]:
    """The folder and all above it, up to the root of the tree."""
    pure = PurePosixPath(folder)
    return [str(pure), *(str(above) for above in pure.parents)]


def read_projects(root: str, paths: list[str]) -> ScriptProjects:
    """Read the manifests among these paths."""
    projects = ScriptProjects()
    for path in paths:
        pure = PurePosixPath(path)
        folder = str(pure.parent)
        if pure.name == "package.json":
            _add_manifest(projects, folder, _json(root, path))
        elif re.match(r"^[tj]sconfig.*\.json$", pure.name):
            _add_paths(projects, folder, _json(root, path))
        elif pure.name in {"deno.json", "deno.jsonc", "import_map.json"}:
            keys = list(_table(_json(root, path).get("imports")))
            patterns = [f"{key}*" if key.endswith("/") else key for key in keys]
            projects.aliases.setdefault(folder, []).extend([*patterns, *(f"{key}/*" for key in keys)])
        elif _BUILD_CONFIG.match(pure.name):
            text = (read_regular(root, path, 500_000) or b"").decode("utf-8", "replace")
            projects.build_texts[folder] = projects.build_texts.get(folder, "") + text
        elif path.endswith(".d.ts"):
            text = (read_regular(root, path, 500_000) or b"").decode("utf-8", "replace")
            projects.ambient.update(re.findall(r"""declare\s+module\s+['"]([^'"]+)['"]""", text))
    return projects


def _add_manifest(projects: ScriptProjects, folder: str, data: dict[str, object]) -> None:
    names = projects.dependencies.setdefault(folder, set())
    for key in _DEPENDENCY_KEYS:
        value = data.get(key)
        if isinstance(value, dict | list):
            names.update(str(name) for name in cast("dict[str, object] | list[object]", value))
    if isinstance(data.get("name"), str):
        projects.own_names.add(str(data["name"]))
        projects.targets += [("", pattern, _at(folder, target)) for pattern, target in _entries(data)]
    projects.hash_imports.setdefault(folder, []).extend(_table(data.get("imports")))
    for pattern, value in _table(data.get("imports")).items():
        projects.targets += [(_at(folder, ""), pattern, _at(folder, target)) for target in _leaves(value)]
    jest = _table(data.get("jest")).get("moduleNameMapper")
    if jest:
        projects.build_texts[folder] = projects.build_texts.get(folder, "") + json.dumps(jest)


def _add_paths(projects: ScriptProjects, folder: str, data: dict[str, object]) -> None:
    options = _table(data.get("compilerOptions"))
    projects.aliases.setdefault(folder, []).extend(_table(options.get("paths")))
    base = options.get("baseUrl")
    start = _at(folder, base) if isinstance(base, str) else folder
    for pattern, targets in _table(options.get("paths")).items():
        projects.targets += [(_at(folder, ""), pattern, _at(start, target)) for target in _leaves(targets)]
    if isinstance(base, str):
        projects.targets.append((_at(folder, ""), "*", _at(start, "*")))
        projects.base_folders.setdefault(folder, []).append(str(PurePosixPath(folder) / base))


def _entries(data: dict[str, object]) -> list[tuple[str, str]]:
    """(pattern, target) of a package that is imported by its name: its exports, else its main file."""
    name = str(data["name"])
    exports = data.get("exports")
    if exports is None:
        mains = [target for key in ("types", "module", "main") for target in _leaves(data.get(key))]
        return [*((name, target) for target in mains or ["index"]), (f"{name}/*", "*")]
    keyed = _table(exports)
    if not any(key.startswith(".") for key in keyed):
        keyed = {".": exports}
    return [(name + key[1:], target) for key, value in keyed.items() for target in _leaves(value)]


def _leaves(value: object) -> list[str]:
    """Every path in a target: conditions and lists hold several."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(cast("dict[str, object]", value).values())
    return [leaf for inner in cast("list[object]", value) for leaf in _leaves(inner)] if isinstance(value, list) else []


def _at(folder: str, path: str) -> str:
    """A path below a folder of the tree, without dots; the root is ""."""
    place = posixpath.normpath(posixpath.join(folder, path))
    return "" if place == "." else place


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _json(root: str, path: str) -> dict[str, object]:
    """A JSON file with comments and trailing commas; empty when it is no such thing."""
    text = (read_regular(root, path, 2_000_000) or b"").decode("utf-8-sig", "replace")
    plain = _TRAILING_COMMA.sub(r"\1", _COMMENT.sub(lambda match: match.group(1) or "", text))
    try:
        return _table(json.loads(plain))
    except (ValueError, RecursionError):
        return {}
