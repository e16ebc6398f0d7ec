"""Whether the imports of a Python file lead to a module, and to a name where that is certain."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from orchestrator import native
from orchestrator.review.declared import declared_distributions, provides
from orchestrator.review.files import read_regular
from orchestrator.review.module_names import bound_names

# Modules of Python versions other than the one that runs this; a workspace may use any of them.
_OTHER_VERSIONS = frozenset(
    {"annotationlib", "compression", "asyncore", "asynchat", "distutils", "imp", "smtpd", "cgi"}
)
STANDARD = frozenset(sys.stdlib_module_names) | _OTHER_VERSIONS
_SUFFIXES = (".py", ".pyi")


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An import that leads nowhere. `key` names what is missing, whatever file asks for it."""

    key: str
    message: str


class PythonImports:
    """The modules of one tree. Built once for a tree; the paths are those of its files that are not ignored."""

    def __init__(self, root: str, paths: list[str], installed: frozenset[str]) -> None:
        """Index the tree's modules and read its manifests."""
        self._root = root
        self._installed = installed
        self._declared = declared_distributions(root, paths)
        modules = [path for path in paths if path.endswith((".py", ".pyi", ".so", ".pyd"))]
        self._known = _dotted_names(modules)
        self._projects = _project_roots(paths)
        self._names = lru_cache(maxsize=10_000)(self._read_names)

    def unresolved(self, path: str, found: native.Import) -> list[Unresolved]:
        """What one import of one file asks for and does not get; nothing for guarded imports."""
        if found.is_guarded:
            return []
        if found.level:
            return self._relative(path, found)
        top = found.module.split(".")[0]
        if top in STANDARD:
            return []
        for start in self._roots_for(path):
            if self._place(start, top) is None:
                continue
            place = self._place(start, found.module.replace(".", "/"))
            if place is not None:
                return [] if self._is_ambiguous(start, place, top) else self._missing_names(path, place, found)
        if found.module in self._known or self._is_elsewhere(found.module):
            return []
        return [Unresolved(f"module {found.module}", f"there is no module '{found.module}'{self._why(top)}")]

    def _is_ambiguous(self, start: str, place: str, top: str) -> bool:
        """Whether an installed module of the same name may win over the one at this place."""
        if top not in self._installed and not provides(self._declared, top):
            return False
        is_package = place.endswith(_SUFFIXES) or Path(self._root, place, "__init__.py").is_file()
        return not is_package or start not in self._projects

    def _is_elsewhere(self, module: str) -> bool:
        """Whether the module can come from outside the tree."""
        top = module.split(".", maxsplit=1)[0]
        is_ours = any((Path(self._root, start, top, "__init__.py")).is_file() for start in self._projects)
        if is_ours and self._projects:
            return False  # A package in the project's own root has the name to itself.
        return top in self._installed or provides(self._declared, module)

    def _why(self, top: str) -> str:
        if any(self._place(start, top) is not None for start in self._projects):
            return " in the workspace"
        return ": it is not in the workspace, not a declared dependency and not installed"

    def _relative(self, path: str, found: native.Import) -> list[Unresolved]:
        folder = PurePosixPath(path).parent
        for _ in range(found.level - 1):
            if folder == PurePosixPath("."):
                # Above the workspace: the workspace itself is (a part of) a package, which can't be seen from here.
                return []
            folder = folder.parent
        target = str(folder / found.module.replace(".", "/"))
        place = self._place("", target)
        if place is None:
            dots = "." * found.level
            return [Unresolved(f"file {target}", f"there is no module '{dots}{found.module}' ({target}.py)")]
        return self._missing_names(path, place, found)

    def _roots_for(self, path: str) -> list[str]:
        """Folders that may be on the import path for this file, the likeliest first."""
        own = PurePosixPath(path).parent
        package_root = own
        while str(package_root) != "." and Path(self._root, package_root, "__init__.py").is_file():
            package_root = package_root.parent
        return list(dict.fromkeys([*self._projects, str(package_root), str(own)]))

    def _place(self, start: str, target: str) -> str | None:
        """The path of a module's file, or of its folder, below a start folder; None when there is none."""
        relative = str(PurePosixPath(start) / target)
        base = Path(self._root, relative)
        for suffix in _SUFFIXES:
            if base.with_name(base.name + suffix).is_file() and base.name:
                return relative + suffix
        if base.is_dir():
            return relative
        if base.parent.is_dir() and next(base.parent.glob(f"{base.name}.*.so"), None) is not None:
            return f"{relative}.so"
        return None

    def _missing_names(self, path: str, place: str, found: native.Import) -> list[Unresolved]:
        wanted = [name for name in found.names if name != "*"]
        if not wanted or place.endswith(".so") or path.endswith(".pyi"):
            return []
        missing: list[Unresolved] = []
        known: frozenset[str] | None
        if place.endswith(_SUFFIXES):
            if Path(self._root, place.rsplit(".", 1)[0]).is_dir():
                return []  # A module and a folder of one name: which of them wins is not certain here.
            known = self._names(place)
        else:
            known = self._package_names(place)
        if known is None:
            return []
        for name in wanted:
            is_module = not place.endswith(_SUFFIXES) and self._place(place, name) is not None
            if name not in known and not is_module and f"{found.module}.{name}" not in self._known:
                key = f"name {name} of {place}"
                missing.append(Unresolved(key, f"the module '{place}' defines no name '{name}'"))
        return missing

    def _package_names(self, folder: str) -> frozenset[str] | None:
        for suffix in _SUFFIXES:
            init = f"{folder}/__init__{suffix}"
            if Path(self._root, init).is_file():
                return self._names(init)
        return frozenset()

    def _read_names(self, path: str) -> frozenset[str] | None:
        if path.endswith(".pyi"):
            return None
        content = read_regular(self._root, path)
        return None if content is None else bound_names(content)


def _dotted_names(modules: list[str]) -> frozenset[str]:
    """Every dotted name under which a module, package or folder with modules could be imported from some folder."""
    places: set[tuple[str, ...]] = set()
    for path in modules:
        pure = PurePosixPath(path)
        parts = (*pure.parts[:-1], pure.name.split(".")[0])
        if parts[-1] == "__init__":
            parts = parts[:-1]
        places.update(parts[:end] for end in range(1, len(parts) + 1))
    return frozenset(".".join(parts[start:]) for parts in places for start in range(len(parts)))


def _project_roots(paths: list[str]) -> list[str]:
    """The root of the tree and of each project in it, with their `src` and `lib` folders."""
    manifests = {"pyproject.toml", "setup.py", "setup.cfg"}
    starts = ["."] + [str(PurePosixPath(path).parent) for path in paths if PurePosixPath(path).name in manifests]
    return list(dict.fromkeys(str(PurePosixPath(start) / sub) for start in starts for sub in ("", "src", "lib")))
