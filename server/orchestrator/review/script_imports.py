"""Whether the imports of a JavaScript or TypeScript file lead to a file or a package."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path, PurePosixPath

from orchestrator import native
from orchestrator.review.python_imports import Unresolved
from orchestrator.review.script_project import folders_above, read_projects

NODE_BUILTINS = frozenset({
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net",
    "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "sea", "sqlite", "stream",
    "string_decoder", "sys", "test", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi",
    "worker_threads", "zlib",
})  # fmt: skip
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SCRIPT_SUFFIX = re.compile(r"\.[cm]?[jt]sx?$")


class ScriptImports:
    """The packages and files of one tree, as imports see them. `outside` are further roots of node_modules."""

    def __init__(self, root: str, paths: list[str], outside: tuple[str, ...] = ()) -> None:
        """Read the manifests of the tree."""
        self._root = root
        self._projects = read_projects(root, paths)
        self._outside = outside
        self._listing = lru_cache(maxsize=10_000)(self._list)

    def unresolved(self, path: str, found: native.Import) -> list[Unresolved]:
        """What one import of one file asks for and does not get; nothing for guarded imports."""
        specifier = found.module.split("?")[0].rsplit("!", 1)[-1]
        if found.is_guarded or not specifier:
            return []
        folder = str(PurePosixPath(path).parent)
        if specifier.startswith((".", "/")):
            return self._file(folder, specifier)
        scheme = _SCHEME.match(specifier)
        if scheme:
            name = specifier.partition(":")[2].split("/")[0]
            is_wrong = scheme.group(1) == "node" and name not in NODE_BUILTINS
            return [Unresolved(f"package {specifier}", f"node has no module '{specifier}'")] if is_wrong else []
        if self._is_package(folder, specifier) or self._is_in_base_folder(folder, specifier):
            return []
        if specifier.startswith("#"):
            if not any(self._projects.hash_imports.get(above) for above in folders_above(folder)):
                return []  # Frameworks define such names without writing them down.
            return [Unresolved(f"package {specifier}", f"no 'imports' of a package.json defines '{specifier}'")]
        package = package_of(specifier)
        message = f"there is no package '{package}': it is not a dependency of this project and not installed"
        return [Unresolved(f"package {package}", message)]

    def _is_package(self, folder: str, specifier: str) -> bool:
        package = package_of(specifier)
        projects = self._projects
        if package in NODE_BUILTINS or package in projects.own_names or projects.is_known_at(folder, package):
            return True
        if {specifier, package} & projects.ambient or projects.is_alias_at(folder, specifier):
            return True
        holders = [Path(self._root, above) for above in folders_above(folder)]
        holders += [Path(outside) for outside in self._outside]
        return any((holder / "node_modules" / package).is_dir() for holder in holders)

    def _is_in_base_folder(self, folder: str, specifier: str) -> bool:
        for above in folders_above(folder):
            for base in self._projects.base_folders.get(above, []):
                if self._exists(os.path.normpath(f"{base}/{specifier}")):
                    return True
        return False

    def _file(self, folder: str, specifier: str) -> list[Unresolved]:
        target = os.path.normpath(specifier.lstrip("/") if specifier.startswith("/") else f"{folder}/{specifier}")
        if target.startswith(".."):
            return []  # Outside of the workspace: not ours to judge.
        if self._exists(target):
            return []
        if specifier.startswith("/") or "*" in specifier:
            return []  # What a leading slash means is the server's business.
        return [Unresolved(f"file {target}", f"there is no file for '{specifier}' ({target})")]

    def _exists(self, target: str) -> bool:
        """Whether a file stands there, with or without its extension, or a folder that can be imported."""
        pure = PurePosixPath(target)
        names = self._listing(str(pure.parent))
        stem = _SCRIPT_SUFFIX.sub("", pure.name)
        if pure.name in names:
            if not Path(self._root, target).is_dir():
                return True
            inside = self._listing(target)
            if "package.json" in inside or any(name.startswith("index.") for name in inside):
                return True
        wanted = (f"{pure.name}.", f"{stem}." if stem != pure.name else f"{pure.name}.")
        return target == "." or any(name.startswith(wanted) and _is_module_of(name, wanted) for name in names)

    def _list(self, folder: str) -> frozenset[str]:
        try:
            return frozenset(entry.name for entry in Path(self._root, folder).iterdir())
        except OSError:
            return frozenset()


def _is_module_of(name: str, starts: tuple[str, ...]) -> bool:
    """Whether a file name is one of the starts plus extensions, and not a test or a story beside the module."""
    rest = next(name[len(start) :] for start in starts if name.startswith(start))
    return rest.split(".")[0] not in {"test", "spec", "stories", "md", "map"}


def package_of(specifier: str) -> str:
    """The package that a bare specifier names: one segment, two when it has a scope."""
    parts = specifier.split("/")
    return "/".join(parts[:2]) if specifier.startswith("@") else parts[0]
