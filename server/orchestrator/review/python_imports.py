"""Whether the imports of a Python file lead to a module."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from orchestrator import native
from orchestrator.review.declared import declared_distributions, provides
from orchestrator.review.files import read_regular

# Modules of Python versions other than the one that runs this; a workspace may use any of them.
_OTHER_VERSIONS = frozenset(
    {"annotationlib", "compression", "asyncore", "asynchat", "distutils", "imp", "smtpd", "cgi"}
)
STANDARD = frozenset(sys.stdlib_module_names) | _OTHER_VERSIONS
_TYPING = frozenset({"_typeshed", "_structseq"})
_OLD = frozenset(
    {"StringIO", "cStringIO", "_winreg", "Queue", "ConfigParser", "cPickle", "httplib", "urllib2", "urlparse", "thread"}
    | {"__builtin__", "__pypy__", "HTMLParser", "Tkinter", "commands", "copy_reg", "cookielib", "md5", "sha", "sets"}
)
"""Modules of Python 2 and PyPy: in a branch or a function a program may still ask for them."""
_SUFFIXES = (".py", ".pyi")
_COMPILED = (".so", ".pyd", ".pyx", ".pyx.in", ".c", ".cc", ".cpp", ".f", ".f90", ".pyf")
"""Compiled modules, and what a build makes them of."""
_HOOKS = re.compile(rb"sys\.(meta_path|modules|path_hooks)|\b__path__\b")
_PLATFORM = re.compile(
    r"(?i)(windows|win32|pywintypes|servicemanager|darwin|macos|osx|bsd|sunos|aix|java|jython|pypy|android|^_?(win|nt|mac)(_|$)|_nt$|_win$)"
)
_ASKED = re.compile(
    rb"(?:sys\.modules(?:\.get\(|\[)|importorskip\(|find_spec\(|import_module\(|_?module_available\()\s*['\"]([A-Za-z_]\w*)"
    rb"|['\"]([A-Za-z_]\w*)(?:\.[\w.]+)?['\"] (?:not )?in sys\.modules"
)
_VENDORED = frozenset({"_vendor", "_vendored", "vendored", "third_party"})
"""Folders of other projects' code: what that needs is declared in manifests that are not here, so it never refuses."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An import that leads nowhere. `key` names what is missing, whatever file asks for it."""

    key: str
    message: str
    is_certain: bool = True
    """Whether it refuses a change: the program can't do without the module, and nobody else can bring it."""


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
        self._sources = [path for path in modules if path.endswith(".py")]
        self._hooks = lru_cache(maxsize=10_000)(self._read_hooks)
        self._is_optional = lru_cache(maxsize=1_000)(self._read_optional)

    def unresolved(self, path: str, found: native.Import, *, is_late: bool) -> list[Unresolved]:
        """What one import of one file asks for and does not get; nothing for guarded imports, nor in stubs.

        `is_late` says that the import stands in a function or a branch, so that the file loads without it: a module of
        others may be an extra there, which no manifest names. The same holds for folders of other projects' code.
        """
        if found.is_guarded or path.endswith(".pyi"):
            return []
        if found.level:
            return self._relative(path, found)
        top = found.module.split(".")[0]
        if top in STANDARD or top in _TYPING or (is_late and top in _OLD):
            return []
        for start in self._roots_for(path):
            if self._place(start, top) is None:
                continue
            if self._place(start, found.module.replace(".", "/")) is not None:
                return []
        if found.module in self._known or self._is_elsewhere(found.module) or self._is_made_up(path, found.module):
            return []
        is_extra = top not in self._known and (is_late or not _VENDORED.isdisjoint(PurePosixPath(path).parts))
        message = f"there is no module '{found.module}'{self._why(top)}"
        return [Unresolved(f"module {found.module}", message, is_certain=not is_extra)]

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
        if self._place("", target) is not None or self._is_made_up(path, target.replace("/", ".")):
            return []
        dots = "." * found.level
        return [Unresolved(f"file {target}", f"there is no module '{dots}{found.module}' ({target}.py)")]

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
        is_compiled = base.parent.is_dir() and any(
            beside.name.endswith(_COMPILED) for beside in base.parent.glob(f"{base.name}.*")
        )
        return f"{relative}.so" if is_compiled else None

    def _is_made_up(self, path: str, module: str) -> bool:
        """Whether the module may be made at run time, is of another platform, or can be done without."""
        if _PLATFORM.search(PurePosixPath(path).stem) or _PLATFORM.search(module.rsplit(".", 1)[-1]):
            return True
        return self._has_maker(module) or self._is_optional(module.split(".", maxsplit=1)[0])

    def _has_maker(self, module: str) -> bool:
        """Whether a package above the module hooks into the import system, or is compiled."""
        parts = module.split(".")
        for start in dict.fromkeys(["", *self._projects]):
            for end in range(len(parts) - 1, 0, -1):
                place = self._place(start, "/".join(parts[:end]))
                if place is None:
                    continue
                source = place if place.endswith(_SUFFIXES) else f"{place}/__init__.py"
                if place.endswith(".so") or self._hooks(source):
                    return True
        return False

    def _read_hooks(self, path: str) -> bool:
        return _HOOKS.search(read_regular(self._root, path) or b"") is not None

    def _read_optional(self, top: str) -> bool:
        """Whether some file provides for the lack of a module: a guarded import of it, a look into `sys.modules`."""
        word = re.compile(rb"\b" + re.escape(top.encode()) + rb"\b")
        for path in self._sources:
            content = read_regular(self._root, path) or b""
            if not word.search(content):
                continue
            if any(name.decode() == top for pair in _ASKED.findall(content) for name in pair):
                return True
            try:
                imports = native.imports(path, content) or []
            except native.CoreError:
                continue
            if any(entry.is_guarded and not entry.level and entry.module.split(".")[0] == top for entry in imports):
                return True
        return False


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
